from __future__ import annotations

import pytest

from analysis import schema
from pipeline import prompts
from pipeline.domain.errors import RunError
from pipeline.units import unit_key
from studies.models import Study
from tests.pipeline.backing import SmallStudy, run_stage, small_study
from tests.pipeline.stages.flagged import label_quality, statement, verified


@pytest.fixture
def small(study: Study) -> SmallStudy:
    return small_study(study)


def test_why_finds_the_category_of_what_people_rejected(small: SmallStudy) -> None:
    labels = label_quality(small, ["rejected", "uncertain", "accepted"])
    run, backend = run_stage(small.study, "why", [labels], lambda _: "Task-mistaken\nIt is the task.")
    finding = run.findings.get()
    assert (finding.attribute, finding.kind, finding.value) == (small.attributes[0], "failure", "task_mistaken")
    assert finding.unit_key == unit_key("attribute_quality", small.attributes[0])
    assert (finding.instrument, finding.reason) == ("attribute_quality", "It is the task.")
    assert [statement(request) for request in backend.sent] == ["Keeps bees."]


def test_why_reads_a_verifier_s_votes_and_may_count_uncertain_ones(small: SmallStudy) -> None:
    verify = verified(small, Keeps="REJECTED", Never="UNCERTAIN", Sails="ACCEPTED")
    some, _ = run_stage(small.study, "why", [verify], lambda _: "no_evidence")
    more, _ = run_stage(small.study, "why", [verify], lambda _: "no_evidence", also_uncertain=True)
    assert [run.findings.count() for run in (some, more)] == [1, 2]


def test_why_records_what_is_no_category_and_does_not_ask_again(small: SmallStudy) -> None:
    labels = label_quality(small, ["rejected", None, None])
    run, backend = run_stage(small.study, "why", [labels], lambda _: "It is rude.")
    finding = run.findings.get()
    assert (finding.status, finding.value, len(backend.sent)) == ("unparseable", None, 1)
    assert finding.reason == f"expected one of {', '.join(schema.FAILURES)} first, got 'It is rude.'"
    assert run.state == "complete"


def test_why_has_nothing_to_do_where_all_was_accepted(small: SmallStudy) -> None:
    with pytest.raises(RunError, match="nothing to do"):
        run_stage(small.study, "why", [label_quality(small, ["accepted"] * 3)], lambda _: "other")


def test_why_explains_each_category_that_it_may_name() -> None:
    text = prompts.template("why")
    assert all(f"- {name}: " in text for name in schema.FAILURES)
    assert f"Write one of {', '.join(schema.FAILURES)} on the first" in text
