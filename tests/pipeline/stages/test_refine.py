from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.domain.planning import plan_run
from pipeline.models import Evidence, Run
from pipeline.requests import ModelRequest
from pipeline.stages.base import Answer
from pipeline.stages.refine import NO_REASON, SCHEMA, Rewritten, parse_wording
from studies.models import Study
from tests.pipeline.backing import SmallStudy, run_stage, small_study
from tests.pipeline.stages.flagged import label_quality, statement, verified


@pytest.fixture
def small(study: Study) -> SmallStudy:
    return small_study(study)


def wording(**changes: Any) -> str:
    usual = {"withdraw": False, "attribute": "Keeps two hives.", "reason": "They count them.", "confidence": 0.7}
    return json.dumps(usual | changes)


WITHDRAWN = wording(withdraw=True, attribute="", confidence=0)


def texts(run: Run) -> list[str | None]:
    return list(run.attributes.order_by("position").values_list("text", flat=True))


def test_refine_rewrites_what_was_rejected_and_carries_the_rest_over(small: SmallStudy) -> None:
    verify = verified(small, Keeps="REJECTED", Never="UNCERTAIN", Sails="ACCEPTED")
    run, backend = run_stage(small.study, "refine", [verify], lambda _: wording())
    assert texts(run) == ["Keeps two hives.", "Never eats honey.", "Sails alone."]
    assert len(backend.sent) == 1
    assert "The objection:\n\nSo it is." in backend.sent[0].messages[0].content
    assert backend.sent[0].response_schema == SCHEMA
    assert run.outcome | {"kept": 2, "rewritten": 1, "withdrawn": 0} == run.outcome
    first = run.attributes.get(position=0)
    assert (first.person, first.reason, first.confidence) == (small.ann, "They count them.", 0.7)
    assert [list(new.made_from.all()) for new in run.attributes.order_by("position")] == [
        [old] for old in small.attributes
    ]
    assert set(texts(small.merge)) == {"Keeps bees.", "Never eats honey.", "Sails alone."}


def test_refine_withdraws_and_counts_uncertain_as_flagged_where_asked(small: SmallStudy) -> None:
    verify = verified(small, Keeps="REJECTED", Never="UNCERTAIN", Sails="ACCEPTED")

    def say(request: ModelRequest) -> str:
        return WITHDRAWN if statement(request).startswith("Keeps") else wording(attribute="Eats no honey.")

    run, backend = run_stage(small.study, "refine", [verify], say, also_uncertain=True)
    assert texts(run) == ["Eats no honey.", "Sails alone."]
    assert not small.attributes[0].made_into.exists()
    assert (run.state, len(backend.sent)) == ("complete", 2)
    assert run.outcome | {"kept": 1, "rewritten": 1, "withdrawn": 1} == run.outcome


def test_refine_carries_evidence_over_with_its_spans(small: SmallStudy) -> None:
    verify = verified(small, Keeps="REJECTED", Never="ACCEPTED", Sails="ACCEPTED")
    chat = small.ann.conversations.get()
    for old, start, end in ((small.attributes[0], 4, 6), (small.attributes[1], None, None)):
        Evidence.objects.create(attribute=old, conversation=chat, turn=0, start=start, end=end)
    run, _ = run_stage(small.study, "refine", [verify], lambda _: wording())
    places = Evidence.objects.filter(attribute__run=run).order_by("attribute__position")
    assert list(places.values_list("conversation", "turn", "start", "end")) == [
        (chat.pk, 0, 4, 6),
        (chat.pk, 0, None, None),
    ]


def test_refine_reads_people_s_labels_too(small: SmallStudy) -> None:
    labels = label_quality(small, ["accepted", "rejected", None])
    run, backend = run_stage(small.study, "refine", [labels], lambda _: wording())
    assert texts(run) == ["Keeps bees.", "Keeps two hives.", "Sails alone."]
    assert NO_REASON in backend.sent[0].messages[0].content


def test_refine_asks_once_more_and_then_fails_leaving_the_rest(small: SmallStudy) -> None:
    verify = verified(small, Keeps="REJECTED", Never="ACCEPTED", Sails="ACCEPTED")
    run, backend = run_stage(small.study, "refine", [verify], lambda _: wording(attribute="  "))
    assert (run.state, run.n_done, run.n_failed) == ("incomplete", 2, 1)
    assert run.work_units.get(state="failed").failure == "unparseable"
    assert "give the new wording, or withdraw the statement" in backend.sent[1].messages[2].content
    assert texts(run) == ["Never eats honey.", "Sails alone."]
    assert run.outcome | {"kept": 2, "rewritten": 0, "withdrawn": 0} == run.outcome


def test_refine_after_a_vote_that_came_late_is_another_run(small: SmallStudy) -> None:
    """A verify run may end incomplete, be read, and be completed by a later try."""
    verify = verified(small, Keeps="ACCEPTED", Never="ACCEPTED", Sails="ACCEPTED")
    late: dict[str, Any] = {
        "study": small.study,
        "stage": "refine",
        "backend": "recorded",
        "model": "m",
        "inputs": [verify],
    }
    before = plan_run(**late)
    assert plan_run(**late) == before
    verify.votes.filter(attribute=small.attributes[0]).update(value="rejected")
    assert plan_run(**late) != before


@pytest.mark.parametrize("later", ["merge", "evidence", "verify", "select"])
def test_what_was_refined_goes_on(small: SmallStudy, later: str) -> None:
    verify = verified(small, Keeps="REJECTED", Never="ACCEPTED", Sails="ACCEPTED")
    run, _ = run_stage(small.study, "refine", [verify], lambda _: wording())
    assert plan_run(study=small.study, stage=later, backend="recorded", model="m", inputs=[run]).n_units


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (wording(attribute=""), "attribute: it is empty"),
        (wording(attribute="x" * 1001), "attribute"),
        (wording(withdraw="perhaps"), "withdraw"),
        (wording(confidence=1.5), "confidence"),
        (wording(confidence=None), "confidence"),
        (wording(evidence=[]), "evidence"),
        ('{"attribute": "Keeps bees."}', "withdraw"),
        ("[]", "valid dictionary"),
        ("Keeps two hives.", "no JSON"),
        ('{"withdraw": false, "attribute": "x", "reason": "", "confidence": NaN}', "NaN"),
        ("", "no JSON"),
    ],
)
def test_parse_wording_names_the_field(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_wording(Answer(text))


def test_parse_wording_takes_out_what_no_database_stores() -> None:
    found = parse_wording(Answer('{"withdraw": false, "attribute": "Bees\\u0000 \\ud83d.", "confidence": 1}'))
    assert found is not None
    assert found.text == "Bees\ufffd \ufffd."


def test_schema_asks_for_what_is_parsed() -> None:
    assert set(SCHEMA["properties"]) == set(SCHEMA["required"]) == set(Rewritten.model_fields)
