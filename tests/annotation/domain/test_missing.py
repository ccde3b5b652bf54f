"""What a campaign waits for, and handing on what somebody holds."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotation.domain.assignment import claim_assignment, return_assignment
from annotation.domain.handing_on import hand_on
from annotation.domain.missing import MissingItem, described, missing_items
from annotation.domain.needs import Needs, needs_of
from annotation.enums import AssignmentState, ReturnReason
from annotation.models import Assignment, Campaign, CohortMember, Draft, Rater
from studies.models import AuditEvent, Study, User
from tests import factories


@pytest.fixture
def campaign(study: Study) -> Campaign:
    """Two items of two seats."""
    return factories.make_campaign(study, n_items=2, n_questions=1, k=2)


def missing_of(campaign: Campaign) -> list[MissingItem]:
    return described(campaign, missing_items(campaign))


def needs(campaign: Campaign, lead: User) -> Needs:
    return needs_of(Campaign.objects.get(pk=campaign.pk), lead)


def test_missing_items_say_who_has_them_who_gave_them_back_and_who_could_take_them(campaign: Campaign) -> None:
    one, two, three = (factories.make_rater(campaign) for _ in range(3))
    first = factories.submit(factories.claim(one)).item
    held = next(each for each in iter(lambda: factories.claim(two), None) if each.item == first)
    skipped = factories.claim(one)
    return_assignment(assignment=skipped, reason=ReturnReason.BROKEN)
    rows = {row.position: row for row in missing_of(campaign)}
    at_first, at_second = rows[first.position], rows[skipped.item.position]
    assert (at_first.answered, at_first.open_seats, at_first.skips, at_first.is_stuck) == (1, 0, {}, False)
    assert [holder.pseudonym for holder in at_first.holders] == [two.participant.pseudonym]
    assert (at_second.answered, at_second.open_seats, at_second.skips) == (0, 2, {"broken": 1})
    assert (at_second.takers, at_second.is_stuck, at_second.holders) == (2, False, ())
    factories.submit(held)
    assert first.position not in {row.position for row in missing_of(campaign)}
    Rater.objects.filter(pk=three.pk).update(state="excluded")
    assert missing_of(campaign)[0].is_stuck, "one rater is left for two seats"


def test_lease_that_ended_leaves_a_taker_only_while_its_seat_is_free(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=1, k=2)
    late, other = factories.make_rater(campaign), factories.make_rater(campaign)
    hand_on(rater=factories.claim(late).rater, actor=factories.make_member(study))
    assert missing_of(campaign)[0].takers == 2
    factories.submit(factories.claim(other))
    [row] = missing_of(campaign)
    seats = set(Assignment.objects.values_list("seat", flat=True))
    assert row.takers == (1 if len(seats) == 2 else 0)
    assert (claim_assignment(rater=late) is not None) == (row.takers == 1)


def test_what_a_rater_holds_is_handed_on_with_its_drafts_kept(campaign: Campaign, lead: User) -> None:
    idle, other = factories.make_rater(campaign), factories.make_rater(campaign)
    held = factories.claim(idle)
    Draft.objects.create(assignment=held, question=held.item.questions.get(), value="yes", saved_at=timezone.now())
    assert hand_on(rater=idle, actor=lead) == 1
    held.refresh_from_db()
    held.item.refresh_from_db()
    assert (held.state, held.item.open_seats) == (AssignmentState.EXPIRED, 2)
    assert Draft.objects.exists()
    assert AuditEvent.objects.get(verb="hand_on").detail == {"items": 1}
    assert hand_on(rater=idle, actor=lead) == 0
    assert AuditEvent.objects.filter(verb="hand_on").count() == 1
    factories.submit(factories.claim(other))
    assert factories.submit(held).state in (AssignmentState.SUBMITTED, AssignmentState.SURPLUS), (
        "a late answer is taken"
    )


def test_needs_count_only_who_may_be_given_more(campaign: Campaign, lead: User) -> None:
    one, two = factories.make_rater(campaign), factories.make_rater(campaign)
    factories.submit(factories.claim(one))
    assert (needs(campaign, lead).available, needs(campaign, lead).ended) == (2, 0)
    Campaign.objects.update(max_items=1)
    assert (needs(campaign, lead).available, needs(campaign, lead).ended) == (1, 1)
    factories.submit(factories.claim(two))
    assert needs(campaign, lead).nobody_left, "both did all that they may, though no page of theirs said so yet"
    Campaign.objects.update(max_items=0, cohort_only=True)
    CohortMember.objects.create(campaign=campaign, participant=two.participant)
    assert needs(campaign, lead).available == 1


def test_needs_say_when_everybody_has_done_the_days_items(campaign: Campaign, lead: User) -> None:
    Campaign.objects.update(max_items_day=1)
    one, two = factories.make_rater(campaign), factories.make_rater(campaign)
    factories.submit(factories.claim(one))
    assert (needs(campaign, lead).resting, needs(campaign, lead).all_rest) == (1, False)
    factories.submit(factories.claim(two))
    assert needs(campaign, lead).all_rest
    Rater.objects.update(n_before=1)
    assert needs(campaign, lead).resting == 0, "what came before the work is no part of it"


def test_item_that_the_last_rater_has_in_hand_is_stuck_for_its_other_seat(campaign: Campaign, lead: User) -> None:
    rater = factories.make_rater(campaign)
    factories.claim(rater)
    assert needs(campaign, lead).stuck_items == 1
