from __future__ import annotations

import pytest

from pipeline.models import Evidence, Run
from pipeline.prompts import guideline_text
from pipeline.stages.verify import Verify
from pipeline.units import unit_key
from studies.models import Study
from tests import factories
from tests.pipeline.backing import SmallStudy, run_stage, small_study
from tests.pipeline.stages.driving import materials
from tests.pipeline.stages.flagged import verdicts, verified


@pytest.fixture
def small(study: Study) -> SmallStudy:
    return small_study(study)


def votes_of(run: Run) -> dict[str, str | None]:
    return {vote.attribute.text or "": vote.value for vote in run.votes.select_related("attribute")}


def test_verify_votes_on_each_attribute_with_the_raters_own_instruction(small: SmallStudy) -> None:
    say = verdicts(Keeps="ACCEPTED", Never="Uncertain.", Sails="**REJECTED**")
    run, backend = run_stage(small.study, "verify", [small.merge], say)
    assert votes_of(run) == {
        "Keeps bees.": "accepted",
        "Never eats honey.": "uncertain",
        "Sails alone.": "rejected",
    }
    vote = run.votes.get(attribute=small.attributes[0])
    assert (vote.unit_key, vote.reason) == (unit_key("attribute_quality", small.attributes[0]), "So it is.")
    assert all(guideline_text("attribute_quality").strip() in request.messages[0].content for request in backend.sent)
    assert run.parameters["guideline_sha256"]


def test_verify_shows_the_conversations_that_hold_evidence(small: SmallStudy) -> None:
    turns = [{"role": "user", "content": "Honey?"}, {"role": "user", "content": "My hives are full."}]
    chat = factories.make_conversation(small.ann, factories.make_run(small.study, "import"), turns)
    Evidence.objects.create(attribute=small.attributes[0], conversation=chat, turn=1)
    _, backend = run_stage(small.study, "verify", [small.merge], lambda _: "ACCEPTED")
    first, second, _ = (request.messages[0].content for request in backend.sent)
    assert "My hives are full." in first
    assert "prune a fig tree" not in first
    assert "Turns named as evidence: conversation 0, turn 1" in first
    assert "My hives are full." in second  # no evidence: the whole history
    assert "prune a fig tree" in second
    assert "Turns named as evidence: none" in second


def test_verify_records_what_cannot_be_parsed_and_does_not_ask_again(small: SmallStudy) -> None:
    run, backend = run_stage(small.study, "verify", [small.merge], lambda _: "It depends \ud800 on the bees.")
    vote = run.votes.first()
    assert (vote.status, vote.value) == ("unparseable", None)
    assert vote.reason.startswith("expected ACCEPTED, UNCERTAIN or REJECTED first, got 'It depends")
    assert (run.state, len(backend.sent)) == ("complete", 3)


def test_verify_asks_only_what_a_sample_drew(small: SmallStudy) -> None:
    sample = factories.make_sample(small.study, "attribute_quality", [(small.attributes[1], None, None)])
    run, _ = run_stage(small.study, "verify", [small.merge, sample], lambda _: "ACCEPTED")
    assert list(votes_of(run)) == ["Never eats honey."]


def test_verify_says_what_it_left_out_of_a_history_that_is_too_long(small: SmallStudy) -> None:
    long = [{"role": "user", "content": "Honey. " * 100}]
    factories.make_conversation(small.ann, factories.make_run(small.study, "import"), long)
    run, backend = run_stage(small.study, "verify", [small.merge], lambda _: "ACCEPTED", max_characters=300)
    assert run.outcome == {"units_shown_a_part": 2, "conversations_left_out": 2}
    left = [unit.subject.get("left_out") for unit in run.work_units.order_by("position")]
    assert [len(pks or []) for pks in left] == [1, 1, 0]
    assert all("Honey. Honey." not in request.messages[0].content for request in backend.sent)


def test_verify_of_what_fits_nowhere_is_a_failure_by_kind(small: SmallStudy) -> None:
    run, backend = run_stage(small.study, "verify", [small.merge], lambda _: "ACCEPTED", max_characters=10)
    assert set(run.work_units.values_list("state", "failure")) == {("failed", "too_long")}
    assert not backend.sent


def test_verify_loads_in_a_number_of_queries_that_does_not_grow(
    small: SmallStudy, django_assert_num_queries: object
) -> None:
    run = verified(small, Keeps="ACCEPTED", Never="ACCEPTED", Sails="ACCEPTED")
    units = list(run.work_units.order_by("position"))
    for some in (units[:1], units):
        with django_assert_num_queries(4):  # type: ignore[operator]
            Verify().load(run, some)
    assert len(materials(Verify(), run)) == 3
