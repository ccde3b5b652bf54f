"""Leaving reopens seats, keeps the counts honest, and erases only when asked."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from annotation.domain.assignment import claim_assignment, complete_if_done, expire_leases
from annotation.domain.counting import counted_judgments
from annotation.domain.errors import AnnotationError
from annotation.domain.judging import Answer, RemarkInput, Submission, revise_assignment, submit_assignment
from annotation.domain.withdrawing import exclude_rater, readmit_rater, withdraw_rater
from annotation.enums import AssignmentState, CampaignState, RaterState, RemarkKind
from annotation.models import Assignment, Campaign, Judgment, Rater, Remark, Revision
from studies.clock import from_now
from studies.models import AuditEvent, Study, User
from tests import factories
from tests.annotation.domain.invariants import check_seats


@pytest.fixture
def campaign(study: Study) -> Campaign:
    return factories.make_campaign(study, n_items=2, n_questions=2, k=1)


def finish(campaign: Campaign) -> Rater:
    rater = factories.make_rater(campaign)
    while (assignment := claim_assignment(rater=rater)) is not None:
        answers = {0: Answer("yes"), 1: Answer("no")}
        note = RemarkInput(RemarkKind.NOTE, "I live in Ulm.")
        submit_assignment(assignment=assignment, submission=Submission("key", answers, (note,)))
    return rater


def test_withdraw_reopens_a_complete_campaign_and_keeps_answers_uncounted(campaign: Campaign) -> None:
    rater = finish(campaign)
    withdraw_rater(rater=rater, erase=False)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.COLLECTING
    assert counted_judgments(Judgment.objects.all()).count() == 0
    assert Judgment.objects.filter(value__isnull=False).count() == 4
    check_seats(campaign)
    assert claim_assignment(rater=rater) is None
    finish(campaign)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.COMPLETE
    assert counted_judgments(Judgment.objects.all()).count() == 4


def test_withdraw_with_erasure_removes_values_and_text_and_leaves_tombstones(campaign: Campaign) -> None:
    rater = finish(campaign)
    revise_assignment(
        assignment=Assignment.objects.filter(rater=rater)[0],
        submission=Submission("edit", {0: Answer("no"), 1: Answer("no")}),
    )
    withdrawal = withdraw_rater(rater=rater, erase=True)
    assert (withdrawal.assignments, withdrawal.erased_judgments, withdrawal.erased_remarks) == (2, 4, 2)
    assert Judgment.objects.filter(value__isnull=True, erased_at__isnull=False).count() == 4
    assert not Revision.objects.filter(value__isnull=False).exists()
    assert not Remark.objects.filter(text__isnull=False).exists()
    check_seats(campaign)


def test_withdraw_twice_changes_nothing_more(campaign: Campaign) -> None:
    rater = finish(campaign)
    withdraw_rater(rater=rater, erase=True)
    again = withdraw_rater(rater=rater, erase=True)
    assert (again.assignments, again.erased_judgments, again.erased_remarks) == (0, 0, 0)
    check_seats(campaign)


def test_withdraw_of_one_rater_touches_no_other(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, k=2)
    leaving, staying = (factories.submit(factories.claim(factories.make_rater(campaign))) for _ in range(2))
    withdraw_rater(rater=leaving.rater, erase=True)
    staying.refresh_from_db()
    assert staying.state == AssignmentState.SUBMITTED
    assert staying.judgments.filter(value__isnull=False).count() == 2


def test_withdrawal_lets_the_oldest_surplus_move_in(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, k=1)
    late = []
    for _ in range(2):
        late.append(factories.claim(factories.make_rater(campaign)))
        Assignment.objects.filter(pk=late[-1].pk).update(lease_until=from_now(-1))
        expire_leases()
    seated = factories.submit(factories.claim(factories.make_rater(campaign)))
    factories.submit(late[1])
    factories.submit(late[0])
    withdraw_rater(rater=seated.rater, erase=False)
    states = [Assignment.objects.get(pk=assignment.pk).state for assignment in late]
    assert states == [AssignmentState.SURPLUS, AssignmentState.SUBMITTED]
    check_seats(campaign)


def test_exclusion_needs_a_reason_and_stands_in_the_audit_trail(campaign: Campaign, lead: User) -> None:
    rater = finish(campaign)
    with pytest.raises(AnnotationError, match="Say why"):
        exclude_rater(rater=rater, reason="  ", actor=lead)
    exclude_rater(rater=rater, reason="Answers in two seconds a page.", actor=lead)
    rater.refresh_from_db()
    assert rater.state == RaterState.EXCLUDED
    event = AuditEvent.objects.get(verb="exclude_rater")
    assert event.actor == lead
    assert event.detail["reason"] == "Answers in two seconds a page."
    check_seats(campaign)


def test_readmitted_rater_counts_again_as_if_nothing_had_been(campaign: Campaign, lead: User) -> None:
    rater = finish(campaign)
    exclude_rater(rater=rater, reason="A mistake.", actor=lead)
    readmission = readmit_rater(rater=rater, reason="It was somebody else.", actor=lead)
    assert (readmission.seated, readmission.surplus) == (2, 0)
    assert counted_judgments(Judgment.objects.all()).count() == 4
    assert complete_if_done(campaign=campaign)
    check_seats(campaign)


def test_readmitted_rater_whose_seat_is_filled_is_surplus(campaign: Campaign, lead: User) -> None:
    excluded = finish(campaign)
    exclude_rater(rater=excluded, reason="Too quick.", actor=lead)
    other = factories.submit(factories.claim(factories.make_rater(campaign)))
    readmission = readmit_rater(rater=excluded, reason="Not too quick.", actor=lead)
    assert (readmission.seated, readmission.surplus) == (1, 1)
    states = dict(Assignment.objects.filter(item=other.item).values_list("rater", "state"))
    assert states == {excluded.pk: AssignmentState.SURPLUS, other.rater_id: AssignmentState.SUBMITTED}
    check_seats(campaign)


def test_readmitted_rater_goes_on_with_what_was_held(campaign: Campaign, lead: User) -> None:
    held = factories.claim(factories.make_rater(campaign))
    exclude_rater(rater=held.rater, reason="A mistake.", actor=lead)
    readmit_rater(rater=held.rater, reason="Corrected.", actor=lead)
    assert claim_assignment(rater=held.rater) == held
    check_seats(campaign)


def test_readmission_is_of_the_excluded_and_with_a_reason(campaign: Campaign, lead: User) -> None:
    rater = finish(campaign)
    with pytest.raises(AnnotationError, match="active, not excluded"):
        readmit_rater(rater=rater, reason="Why not.", actor=lead)
    withdraw_rater(rater=rater, erase=False)
    with pytest.raises(AnnotationError, match="withdrawn, not excluded"):
        readmit_rater(rater=rater, reason="Come back.", actor=lead)
    with pytest.raises(AnnotationError, match="has left"):
        exclude_rater(rater=rater, reason="Too quick.", actor=lead)  # which could be undone


@pytest.mark.django_db(transaction=True)
def test_campaign_is_not_called_complete_while_somebody_leaves_it() -> None:
    campaign = factories.make_campaign(factories.make_study(), n_items=1, k=1)
    rater = factories.submit(factories.claim(factories.make_rater(campaign))).rater

    def ask() -> None:
        complete_if_done(campaign=campaign)
        connection.close()

    asking = threading.Thread(target=ask)
    with transaction.atomic():
        withdraw_rater(rater=rater, erase=False)
        asking.start()
        asking.join(timeout=1)  # without the campaign's lock it is through by now, and has seen every seat filled
    asking.join()
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.COLLECTING
    check_seats(campaign)
