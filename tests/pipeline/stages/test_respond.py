from __future__ import annotations

import pytest

from pipeline.backends.base import ModelAnswer, Outcome
from pipeline.models import Label, ResponsePair, Run
from pipeline.requests import ModelRequest
from pipeline.units import unit_key
from studies.models import Study
from tests import factories
from tests.pipeline.backing import SmallStudy, run_stage, says_yes_of, small_study


@pytest.fixture
def small(study: Study) -> SmallStudy:
    return small_study(study)


@pytest.fixture
def selected(small: SmallStudy) -> Run:
    return run_stage(small.study, "select", [small.merge], says_yes_of("Keeps", "Never"))[0]


def write(request: ModelRequest) -> str:
    return f"Answer to {len(request.messages[0].content)} characters"


def test_respond_writes_one_generic_and_one_per_person_with_something_relevant(
    small: SmallStudy, selected: Run
) -> None:
    run, backend = run_stage(small.study, "respond", [selected], write)
    assert run.state == "complete"
    pair = ResponsePair.objects.get(personalized__run=run)
    assert (pair.person, pair.prompt, pair.generator) == (small.ann, small.prompt, "model-a")
    assert pair.generic.person is None
    assert [given.attribute.text for given in pair.personalized.given_rows.all()] == [
        "Keeps bees.",
        "Never eats honey.",
    ]
    assert run.responses.count() == 2  # bea has nothing relevant
    generic, personalized = (request.messages[0].content for request in backend.sent)
    assert generic == "Honey for breakfast?"
    assert "- Keeps bees.\n- Never eats honey." in personalized


def test_respond_by_labels_takes_peoples_word(small: SmallStudy) -> None:
    labels = factories.make_run(small.study, "label")
    for attribute, value in zip(small.attributes, ("no", None, "yes"), strict=True):
        Label.objects.create(
            run=labels,
            instrument="relevance",
            attribute=attribute,
            prompt=small.prompt,
            unit_key=unit_key("relevance", attribute, prompt=small.prompt),
            campaign="",
            method="majority",
            value=value,
            n=3,
            share=0.5,
        )
    run, _ = run_stage(small.study, "respond", [labels], write)
    assert [pair.person for pair in ResponsePair.objects.filter(personalized__run=run)] == [small.bea]


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (ModelAnswer("Honey is", "length"), "ended by length after 8 characters"),
        (ModelAnswer("", "content_filter"), "ended by content_filter"),
        (ModelAnswer(" \n"), "is empty"),
    ],
)
def test_respond_shows_nobody_a_response_that_is_no_whole_one(
    small: SmallStudy, selected: Run, outcome: Outcome, reason: str
) -> None:
    run, _ = run_stage(small.study, "respond", [selected], lambda _: outcome)
    assert run.state == "incomplete"
    assert reason in run.work_units.first().reason
    assert not run.responses.exists()


def test_respond_pairs_once_however_often_it_ends(small: SmallStudy, selected: Run) -> None:
    from pipeline.stages.respond import Respond

    run, _ = run_stage(small.study, "respond", [selected], write)
    Respond().finish(run)
    assert ResponsePair.objects.filter(personalized__run=run).count() == 1
