"""Attributes with a verifier's votes or people's labels on them."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.models import Attribute, Label, Run
from pipeline.requests import ModelRequest
from pipeline.units import unit_key
from tests import factories
from tests.pipeline.backing import Say, SmallStudy, run_stage


def statement(request: ModelRequest) -> str:
    """What a verify, refine, why or mention request is about."""
    return request.messages[0].content.split("Statement about the person:\n\n")[-1].split("\n")[0]


def verdicts(**by_first_word: str) -> Say:
    """A verifier whose verdict depends on the statement's first word."""
    return lambda request: f"{by_first_word[statement(request).split()[0]]}\nSo it is."


def verified(small: SmallStudy, **by_first_word: str) -> Run:
    return run_stage(small.study, "verify", [small.merge], verdicts(**by_first_word))[0]


def label_quality(small: SmallStudy, values: Sequence[str | None]) -> Run:
    run = factories.make_run(small.study, "label")
    for attribute, value in zip(small.attributes, values, strict=True):
        make_label(run, attribute, value)
    return run


def make_label(run: Run, attribute: Attribute, value: str | None) -> Label:
    return Label.objects.create(
        run=run,
        instrument="attribute_quality",
        attribute=attribute,
        unit_key=unit_key("attribute_quality", attribute),
        campaign="",
        method="majority",
        value=value,
        n=3,
        share=1.0,
    )
