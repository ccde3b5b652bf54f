"""Promises 1 and 4: what was acknowledged is stored once, and nothing submitted is overwritten."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from annotation.domain.assignment import return_assignment
from annotation.domain.errors import AnnotationError, AssignmentOver, SubmissionConflict, SubmissionInvalid
from annotation.domain.judging import (
    Answer,
    Receipt,
    RemarkInput,
    Submission,
    revise_assignment,
    revisions_of,
    save_draft,
    submit_assignment,
)
from annotation.domain.withdrawing import withdraw_rater
from annotation.enums import AssignmentState, CampaignState, RemarkKind
from annotation.models import Assignment, Campaign, Draft, Judgment, Remark, Revision
from pipeline.enums import InstrumentName
from studies.models import Study
from tests import factories
from tests.annotation.domain.invariants import check_seats


@pytest.fixture
def assignment(study: Study) -> Assignment:
    return factories.claim(factories.make_rater(factories.make_campaign(study, n_items=1, n_questions=2)))


def page(*values: str, key: str = "key", **more: object) -> Submission:
    answers = {place: Answer(value) for place, value in enumerate(values)}
    return Submission(key=key, answers=answers, **more)  # type: ignore[arg-type]


def test_submit_stores_each_answer_at_the_question_shown_there(assignment: Assignment) -> None:
    receipt = submit_assignment(assignment=assignment, submission=page("yes", "no"))
    assert (receipt.counted, receipt.replayed) == (True, False)
    stored = dict(Judgment.objects.values_list("question__position", "value"))
    assert stored == {assignment.order[0]: "yes", assignment.order[1]: "no"}
    assert Revision.objects.filter(number=1).count() == 2
    check_seats(assignment.campaign)


def test_submit_of_the_same_request_twice_is_acknowledged_and_stored_once(assignment: Assignment) -> None:
    submit_assignment(assignment=assignment, submission=page("yes", "no"))
    receipt = submit_assignment(assignment=assignment, submission=page("yes", "no"))
    assert receipt.replayed
    assert Revision.objects.count() == Judgment.objects.count() == 2


def test_submit_from_a_second_tab_with_the_same_answers_is_acknowledged(assignment: Assignment) -> None:
    submit_assignment(assignment=assignment, submission=page("yes", "no", key="tab-1"))
    assert submit_assignment(assignment=assignment, submission=page("yes", "no", key="tab-2")).replayed


@pytest.mark.parametrize("key", ["key", "another tab"])
def test_submit_of_other_answers_is_refused_and_the_first_stand(assignment: Assignment, key: str) -> None:
    submit_assignment(assignment=assignment, submission=page("yes", "no"))
    with pytest.raises(SubmissionConflict):
        submit_assignment(assignment=assignment, submission=page("no", "no", key=key))
    assert sorted(Judgment.objects.values_list("value", flat=True)) == ["no", "yes"]


def test_a_delayed_double_of_the_first_request_does_not_undo_an_edit(assignment: Assignment) -> None:
    submit_assignment(assignment=assignment, submission=page("yes", "no"))
    revise_assignment(assignment=assignment, submission=page("yes", "yes", key="edit"))
    assert submit_assignment(assignment=assignment, submission=page("yes", "no")).replayed
    assert set(Judgment.objects.values_list("value", flat=True)) == {"yes"}


@pytest.mark.django_db(transaction=True)
def test_submits_at_the_same_moment_store_one() -> None:
    campaign = factories.make_campaign(factories.make_study(), n_items=1, n_questions=2)
    assignment = factories.claim(factories.make_rater(campaign))
    receipts: list[Receipt] = []

    def send() -> None:
        receipts.append(submit_assignment(assignment=assignment, submission=page("yes", "no")))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.replayed for receipt in receipts) == [False, True, True, True]
    assert Revision.objects.count() == Judgment.objects.count() == 2


@pytest.mark.parametrize(
    ("submission", "says"),
    [
        (page("yes"), "Question 2 has no answer yet."),
        (page("yes", "maybe"), "'maybe' is no answer; choose no, yes"),
        (page("yes", "no", "no"), "no question 3 on this page of 2"),
        (page("yes", "no", key=""), "submission key"),
        (page("yes", "no", key="k" * 65), "submission key"),
        (Submission("key", {0: Answer("yes", "other"), 1: Answer("no")}), "a reason goes with"),
        (page("yes", "no", remarks=(RemarkInput("poem", "la"),)), "'poem' is no kind of remark"),
        (page("yes", "no", remarks=(RemarkInput("note", "la", place=7),)), "no question 8"),
        (page("yes", "no", remarks=(RemarkInput("note", "x" * 4001),)), "4001 characters is too long"),
        (page("yes", "no", remarks=(RemarkInput("note", "a\x00b"),)), "NUL"),
        (page("yes", "no", remarks=(RemarkInput("missing_attribute", "Sings."),)), "attribute quality only"),
    ],
)
def test_submit_of_bad_input_says_what_and_changes_nothing(
    assignment: Assignment, submission: Submission, says: str
) -> None:
    with pytest.raises(SubmissionInvalid, match=says):
        submit_assignment(assignment=assignment, submission=submission)
    assert not Judgment.objects.exists()
    assignment.refresh_from_db()
    assert assignment.state == AssignmentState.HELD


def test_submit_keeps_remarks_apart_from_judgments(study: Study) -> None:
    campaign = factories.make_campaign(study, instrument=InstrumentName.ATTRIBUTE_QUALITY, n_items=1, n_questions=2)
    assignment = factories.claim(factories.make_rater(campaign))
    remarks = (
        RemarkInput(RemarkKind.MISSING_ATTRIBUTE, " Plays the cello. "),
        RemarkInput(RemarkKind.NOTE, "Hard to tell.", place=1),
        RemarkInput(RemarkKind.NOTE, "   "),
    )
    answers = {0: Answer("accepted"), 1: Answer("rejected", "no_evidence")}
    submit_assignment(assignment=assignment, submission=Submission("key", answers, remarks, seconds=41.5))
    assert sorted(Remark.objects.values_list("kind", "text")) == [
        ("missing_attribute", "Plays the cello."),
        ("note", "Hard to tell."),
    ]
    assert Judgment.objects.count() == 2
    assert Judgment.objects.get(value="rejected").reason == "no_evidence"
    assignment.refresh_from_db()
    assert assignment.seconds == 41.5


@pytest.mark.parametrize("seconds", [-1.0, 1e9, float("nan"), float("inf")])
def test_submit_records_an_impossible_time_as_unknown(assignment: Assignment, seconds: float) -> None:
    submit_assignment(assignment=assignment, submission=page("yes", "no", seconds=seconds))
    assignment.refresh_from_db()
    assert assignment.seconds is None


def test_submit_is_taken_while_the_campaign_is_paused(assignment: Assignment) -> None:
    Campaign.objects.update(state=CampaignState.PAUSED)
    assert submit_assignment(assignment=assignment, submission=page("yes", "no")).counted


def test_submit_after_leaving_stores_nothing(assignment: Assignment) -> None:
    withdraw_rater(rater=assignment.rater, erase=False)
    with pytest.raises(AssignmentOver):
        submit_assignment(assignment=assignment, submission=page("yes", "no"))
    assert not Judgment.objects.exists()


def test_draft_is_overwritten_and_gone_after_the_submit(assignment: Assignment) -> None:
    save_draft(assignment=assignment, place=0, answer=Answer("yes"))
    save_draft(assignment=assignment, place=0, answer=Answer("no"))
    assert Draft.objects.get().value == "no"
    assert not Judgment.objects.exists()
    submit_assignment(assignment=assignment, submission=page("yes", "no"))
    assert not Draft.objects.exists()
    assert save_draft(assignment=assignment, place=0, answer=Answer("no")) is None  # a late one changes nothing
    assert not Draft.objects.exists()


def test_draft_renews_the_lease(assignment: Assignment) -> None:
    before = assignment.lease_until
    Assignment.objects.update(lease_until=assignment.claimed_at)
    save_draft(assignment=assignment, place=0, answer=Answer("yes"))
    assignment.refresh_from_db()
    assert assignment.lease_until is not None
    assert before is not None
    assert assignment.lease_until >= before


def test_draft_of_what_is_no_answer_is_refused(assignment: Assignment) -> None:
    for place, value in ((0, "perhaps"), (2, "yes"), (-1, "yes")):
        with pytest.raises(SubmissionInvalid):
            save_draft(assignment=assignment, place=place, answer=Answer(value))
    return_assignment(assignment=assignment)
    with pytest.raises(AssignmentOver):
        save_draft(assignment=assignment, place=0, answer=Answer("yes"))
    assert not Draft.objects.exists()


def test_revise_adds_a_revision_and_keeps_every_value(assignment: Assignment) -> None:
    submit_assignment(assignment=assignment, submission=page("yes", "no"))
    revise_assignment(assignment=assignment, submission=page("no", "no", based_on=2))
    changed = Judgment.objects.get(question__position=assignment.order[0])
    assert (changed.value, changed.n_revisions) == ("no", 2)
    assert list(changed.revisions.values_list("number", "value")) == [(1, "yes"), (2, "no")]
    assert revisions_of(assignment) == 3
    check_seats(assignment.campaign)


def test_revise_to_what_stands_changes_nothing(assignment: Assignment) -> None:
    submit_assignment(assignment=assignment, submission=page("yes", "no"))
    assert revise_assignment(assignment=assignment, submission=page("yes", "no", based_on=2)).replayed
    assert Revision.objects.count() == 2


def test_revise_from_a_stale_page_is_refused(assignment: Assignment) -> None:
    submit_assignment(assignment=assignment, submission=page("yes", "no"))
    revise_assignment(assignment=assignment, submission=page("no", "no", based_on=2))
    with pytest.raises(SubmissionConflict):
        revise_assignment(assignment=assignment, submission=page("yes", "yes", based_on=2))
    assert set(Judgment.objects.values_list("value", flat=True)) == {"no"}


def test_revise_adds_only_remarks_that_are_new(assignment: Assignment) -> None:
    note = RemarkInput(RemarkKind.NOTE, "Odd prompt.")
    submit_assignment(assignment=assignment, submission=page("yes", "no", remarks=(note,)))
    more = (note, RemarkInput(RemarkKind.NOTE, "Still odd."), RemarkInput(RemarkKind.FLAG, "Crude."))
    revise_assignment(assignment=assignment, submission=page("yes", "no", remarks=more))
    assert sorted(Remark.objects.values_list("kind", "position")) == [("flag", 0), ("note", 0), ("note", 1)]


def test_submit_of_what_was_held_when_the_campaign_closed_is_still_taken(assignment: Assignment) -> None:
    Campaign.objects.update(state=CampaignState.CLOSED)
    assert submit_assignment(assignment=assignment, submission=page("yes", "no")).counted


@pytest.mark.parametrize("state", [CampaignState.CLOSED])
def test_revise_in_a_closed_campaign_is_refused(assignment: Assignment, state: str) -> None:
    submit_assignment(assignment=assignment, submission=page("yes", "no"))
    Campaign.objects.update(state=state)
    with pytest.raises(AssignmentOver):
        revise_assignment(assignment=assignment, submission=page("no", "no"))


def test_revise_before_the_submit_is_refused(assignment: Assignment) -> None:
    with pytest.raises(AnnotationError):
        revise_assignment(assignment=assignment, submission=page("no", "no"))


def test_database_refuses_a_second_judgment_and_a_value_of_another_instrument(assignment: Assignment) -> None:
    submit_assignment(assignment=assignment, submission=page("yes", "no"))
    judgment = Judgment.objects.first()
    assert judgment is not None
    fields = {
        "rater": judgment.rater,
        "assignment": assignment,
        "instrument": "relevance",
        "made_at": judgment.made_at,
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        Judgment.objects.create(question=judgment.question, value="yes", **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Judgment.objects.filter(pk=judgment.pk).update(value="accepted")
    with pytest.raises(IntegrityError), transaction.atomic():
        Judgment.objects.filter(pk=judgment.pk).update(value=None)
