"""Which rows and columns the numbers of one campaign rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import polars as pl
from django.db.models import Exists, OuterRef, Q, QuerySet

from annotation.models import Campaign, Item, Judgment, Question
from annotation.releases.expressions import because_expr, score_expr
from annotation.releases.tables.reading import Columns
from pipeline.models import (
    Attribute,
    AttributeOrigin,
    Finding,
    Label,
    Person,
    Response,
    ResponsePair,
    Run,
    Vote,
)

RAW = "pk"
_TEXT, _WHOLE, _NUMBER = pl.String, pl.Int64, pl.Float64
_TIME = pl.Datetime("us", "UTC")
_UNIT: Columns = {
    "unit": ("unit_key", _TEXT),
    "instrument": ("instrument", _TEXT),
    "attribute": ("attribute__public_id", _TEXT),
    "prompt": ("prompt__public_id", _TEXT),
    "pair": ("pair__public_id", _TEXT),
}


@dataclass(frozen=True)
class Wanted:
    """``rows`` of a table, its ``columns`` by path, those that are ``computed`` from them, and its lists."""

    rows: QuerySet[Any]
    columns: Columns
    computed: Mapping[str, pl.Expr] = field(default_factory=dict)
    parts: tuple[Parts, ...] = ()


class Parts(NamedTuple):
    """The list ``name`` of a table: rows of their own, found by ``RAW``, each made into ``each``."""

    name: str
    wanted: Wanted
    each: pl.Expr


def wanted_of(campaign: Campaign) -> dict[str, Wanted]:
    """By table. Material is that of the people, prompts and pairs that the campaign's questions are about."""
    asked = Question.objects.filter(campaign=campaign)
    return {
        **_asked(campaign, asked),
        **_material(campaign, asked),
        **_answers_of_models(campaign, asked),
    }


def _asked(campaign: Campaign, asked: QuerySet[Question]) -> dict[str, Wanted]:
    of_campaign = Campaign.objects.filter(pk=campaign.pk)
    named = {name: (name, _TEXT) for name in ("slug", "title", "instrument", "origin", "state", "seed")}
    questions: Columns = {
        RAW: ("item", _WHOLE),
        "position": ("position", _WHOLE),
        "unit": ("unit_key", _TEXT),
        "attribute": ("attribute__public_id", _TEXT),
        "text": ("text", _TEXT),
    }
    items: Columns = {
        RAW: ("pk", _WHOLE),
        "item": ("public_id", _TEXT),
        "campaign": ("campaign__public_id", _TEXT),
        "role": ("role", _TEXT),
        "position": ("position", _WHOLE),
        "prompt": ("prompt__public_id", _TEXT),
        "pair": ("pair__public_id", _TEXT),
    }
    each = pl.struct("position", "unit", "attribute", "text")
    lists = (Parts("questions", Wanted(asked.order_by("item", "position"), questions), each),)
    campaigns = {"campaign": ("public_id", _TEXT), **named, "k": ("k", _WHOLE), "created_at": ("created_at", _TIME)}
    return {
        "campaigns": Wanted(of_campaign, campaigns),
        "items": Wanted(Item.objects.filter(campaign=campaign).order_by("position"), items, parts=lists),
        "judgments": _judgments(campaign),
    }


def _judgments(campaign: Campaign) -> Wanted:
    of = "assignment__"
    columns: Columns = {
        **{name: (f"question__{path}", dtype) for name, (path, dtype) in _UNIT.items()},
        "campaign": (f"{of}campaign__public_id", _TEXT),
        "item": (f"{of}item__public_id", _TEXT),
        "assignment": (f"{of}public_id", _TEXT),
        "rater": ("rater__participant__pseudonym", _TEXT),
        "rater_kind": ("rater__kind", _TEXT),
        "value": ("value", _TEXT),
        "reason": ("reason", _TEXT),
        "side": (f"{of}side", _TEXT),
        "role": (f"{of}item__role", _TEXT),
        "assignment_state": (f"{of}state", _TEXT),
        "submitted_at": (f"{of}submitted_at", _TIME),
        "seconds": (f"{of}seconds", _NUMBER),
    }
    because = because_expr()
    computed = {"score": score_expr(), "counted": because == "", "not_counted_because": because}
    return Wanted(Judgment.objects.filter(assignment__campaign=campaign), columns, computed)


def _material(campaign: Campaign, asked: QuerySet[Question]) -> dict[str, Wanted]:
    """Attributes are all of the people asked about: those that others were made from are among them."""
    people = Person.objects.filter(pk__in=asked.values("attribute__person"))
    attributes = Attribute.objects.filter(person__in=people.values("pk"))
    made_from = AttributeOrigin.objects.filter(attribute__person__in=people.values("pk"))
    pairs = ResponsePair.objects.filter(pk__in=asked.filter(pair__isnull=False).values("pair"))
    compared = Q(pk__in=pairs.values("generic")) | Q(pk__in=pairs.values("personalized"))
    sources: Columns = {RAW: ("attribute", _WHOLE), "source": ("source__public_id", _TEXT)}
    ordered = made_from.order_by("attribute", "position", "pk")
    return {
        "people": Wanted(people, _columns("person", corpus="corpus__slug", corpus_kind="corpus__kind")),
        "attributes": Wanted(
            attributes,
            {
                RAW: ("pk", _WHOLE),
                **_columns("attribute", person="person__public_id", run="run__public_id", text="text"),
                "confidence": ("confidence", _NUMBER),
            },
            parts=(Parts("made_from", Wanted(ordered, sources), pl.col("source")),),
        ),
        "responses": Wanted(
            Response.objects.filter(compared),
            _columns(
                "response",
                run="run__public_id",
                prompt="prompt__public_id",
                person="person__public_id",
                generator="generator",
                condition="condition",
                text="text",
            ),
        ),
        "response_pairs": Wanted(
            pairs,
            _columns(
                "pair",
                person="person__public_id",
                prompt="prompt__public_id",
                generator="generator",
                generic="generic__public_id",
                personalized="personalized__public_id",
            ),
        ),
        "runs": Wanted(
            Run.objects.filter(study=campaign.study_id),
            {
                **_columns("run", stage="stage", backend="backend", model="model_name", state="state"),
                "created_at": ("created_at", _TIME),
            },
        ),
    }


def _answers_of_models(campaign: Campaign, asked: QuerySet[Question]) -> dict[str, Wanted]:
    """On units that the campaign asks; of labels those that rest on it, or on no campaign."""
    unit = Exists(asked.filter(unit_key=OuterRef("unit_key")))
    of_study = {"run__study": campaign.study_id}
    by: Columns = {**_UNIT, "run": ("run__public_id", _TEXT), "rater": ("run__model_name", _TEXT)}
    said: Columns = {name: (name, _TEXT) for name in ("status", "value", "reason")}
    votes: Columns = {**by, **said, "raw_score": ("raw_score", _NUMBER), "side": ("side", _TEXT)}
    labels: Columns = {
        **{name: place for name, place in by.items() if name != "rater"},
        **{name: (name, _TEXT) for name in ("campaign", "method", "value")},
        "score": ("score", _NUMBER),
        "n": ("n", _WHOLE),
        "share": ("share", _NUMBER),
    }
    resting = Label.objects.filter(unit, **of_study, campaign__in=(campaign.public_id, ""))
    return {
        "model_votes": Wanted(Vote.objects.filter(unit, **of_study), votes, {"score": score_expr()}),
        "findings": Wanted(Finding.objects.filter(unit, **of_study), {**by, **said, "kind": ("kind", _TEXT)}),
        "labels": Wanted(resting, labels),
    }


def _columns(key: str, **paths: str) -> Columns:
    """Texts by their paths; the key is the public id."""
    return {key: ("public_id", _TEXT), **{name: (path, _TEXT) for name, path in paths.items()}}
