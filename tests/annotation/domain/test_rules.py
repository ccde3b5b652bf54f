"""What a lead may set: checked, audited, and obeyed by claims on the long way and the short one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import DateTimeField, Value
from django.utils import timezone

from annotation.domain.assignment import claim_assignment, expire_leases, renew_lease
from annotation.domain.choosing import open_items_for, ring_place
from annotation.domain.cohorts import in_cohort, passed_in, set_cohort
from annotation.domain.errors import AnnotationError, NotAllowed, WrongState
from annotation.domain.handing_in import hand_in, standing
from annotation.domain.joining import join_campaign
from annotation.domain.judging import Answer, Submission
from annotation.domain.leases import LONGEST_LEASE, lease_for
from annotation.domain.quotas import local_day
from annotation.domain.raising import raise_k
from annotation.domain.rules import RulesInvalid, rules_of, set_rules
from annotation.domain.waiting import day_begins, why_nothing
from annotation.domain.withdrawing import withdraw_rater
from annotation.enums import AssignmentState, CampaignState, NothingBecause
from annotation.models import Assignment, Campaign, Item, ItemPerson, Participant, Rater
from annotation.permissions import campaigns_of
from pipeline.enums import InstrumentName
from studies.clock import from_now
from studies.models import AuditEvent, Study, User
from studies.permissions import RATES
from tests import factories
from tests.annotation.domain.invariants import check_seats

SetRules = Callable[..., Campaign]


@pytest.fixture
def campaign(study: Study) -> Campaign:
    return factories.make_campaign(study, n_items=4, n_questions=1, k=2)


@pytest.fixture
def ruled(campaign: Campaign, lead: User) -> SetRules:
    def change(**fields: Any) -> Campaign:
        return set_rules(campaign=campaign, actor=lead, rules=replace(rules_of(campaign), **fields))

    return change


def send(assignment: Assignment, besides: str = "") -> Any:
    submission = Submission("key", {0: Answer("yes")})
    user = assignment.rater.participant.user
    assert user
    return hand_in(user=user, roles=RATES, token=assignment.token, submission=submission, besides=besides)


def test_rules_that_are_set_stand_with_their_change_in_the_audit_trail(campaign: Campaign, ruled: SetRules) -> None:
    ruled(max_items=7, time_zone="Europe/Berlin")
    ruled(max_items=7, time_zone="Europe/Berlin")
    campaign.refresh_from_db()
    assert (campaign.max_items, campaign.time_zone) == (7, "Europe/Berlin")
    [event] = AuditEvent.objects.filter(verb="set_rules")
    assert (event.detail["max_items before"], event.detail["max_items after"]) == (0, 7)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_items", -1),
        ("check_every", 1),
        ("quiz_attempts", 0),
        ("pass_mark", 1.2),
        ("lease_seconds", 59),
        ("time_zone", "Europe/Atlantis"),
        ("language", "tlh"),
        ("consent_form", 999_999),
    ],
)
def test_rules_that_make_no_sense_change_nothing(
    campaign: Campaign, ruled: SetRules, field: str, value: object
) -> None:
    before = rules_of(campaign)
    with pytest.raises(RulesInvalid) as refused:
        ruled(**{field: value, "min_width": 900})
    assert [name for name, _ in refused.value.problems] == [field]
    campaign.refresh_from_db()
    assert rules_of(campaign) == before


def test_rules_of_a_closed_campaign_stand(campaign: Campaign, ruled: SetRules) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.CLOSED)
    with pytest.raises(WrongState):
        ruled(max_items=1)


@pytest.mark.parametrize("quota", ["max_items", "max_items_day"])
def test_quota_ends_a_raters_claims_on_either_way(campaign: Campaign, ruled: SetRules, quota: str) -> None:
    ruled(**{quota: 2})
    rater = factories.make_rater(campaign)
    first = factories.claim(rater)
    ahead = claim_assignment(rater=rater, besides=first.token)
    assert ahead
    assert claim_assignment(rater=rater, besides=ahead.token) == first  # never three
    assert send(first, besides=ahead.token).following is None
    assert claim_assignment(rater=rater, besides=ahead.token) is None
    assert send(ahead).following is None
    assert claim_assignment(rater=rater) is None
    nothing = why_nothing(rater)
    assert nothing.because == (NothingBecause.QUOTA if quota == "max_items" else NothingBecause.DAY)
    assert standing(rater) == (2, 2 if quota == "max_items" else 4)
    assert (nothing.until is not None) == (quota == "max_items_day")


def test_days_quota_is_free_again_the_next_day(campaign: Campaign, ruled: SetRules) -> None:
    ruled(max_items_day=1)
    rater = factories.make_rater(campaign)
    assert send(factories.claim(rater)).following is None
    Rater.objects.filter(pk=rater.pk).update(day=timezone.now().date() - timedelta(days=1))
    assert send(factories.claim(rater)).following is None
    rater.refresh_from_db()
    assert (rater.n_submitted, rater.n_day) == (2, 1)


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Europe/Berlin", "2026-03-29T21:59:59+00:00", 29),  # a day of 23 hours
        ("Europe/Berlin", "2026-03-29T22:00:00+00:00", 30),
        ("Europe/Berlin", "2026-10-24T22:00:00+00:00", 25),  # a day of 25 hours
        ("Europe/Berlin", "2026-10-25T22:59:59+00:00", 25),
        ("Europe/Berlin", "2026-10-25T23:00:00+00:00", 26),
        ("America/Santiago", "2026-09-06T03:59:59+00:00", 5),  # midnight is skipped
        ("America/Santiago", "2026-09-06T04:00:00+00:00", 6),
    ],
)
def test_day_is_the_campaigns_also_where_clocks_change(campaign: Campaign, zone: str, moment: str, day: int) -> None:
    campaign.time_zone = zone
    at = Value(datetime.fromisoformat(moment), output_field=DateTimeField())
    found = Campaign.objects.filter(pk=campaign.pk).values_list(local_day(campaign, at), flat=True).get()
    assert found.day == day
    zoned = datetime.fromisoformat(moment).astimezone(__import__("zoneinfo").ZoneInfo(zone))
    begins = day_begins(found, zoned.tzinfo)  # type: ignore[arg-type]
    assert begins <= zoned < begins + timedelta(hours=25)
    assert begins.tzinfo is UTC


def test_cohort_lets_in_whom_it_names(study: Study, campaign: Campaign, ruled: SetRules, lead: User) -> None:
    pilot = factories.make_campaign(study, n_items=1, n_questions=1)
    passed, other = (factories.make_rater(pilot) for _ in range(2))
    factories.submit(factories.claim(passed))
    set_cohort(campaign=campaign, participants=passed_in(pilot), actor=lead)
    ruled(cohort_only=True)
    campaign.refresh_from_db()
    users = [user for rater in (passed, other) if (user := rater.participant.user)]
    assert [campaigns_of(user).filter(pk=campaign.pk).exists() for user in users] == [True, False]
    assert in_cohort(campaign, passed.participant)
    with pytest.raises(NotAllowed):
        join_campaign(user=users[1], campaign=campaign)
    rater = join_campaign(user=users[0], campaign=campaign)
    held = factories.claim(rater)
    set_cohort(campaign=campaign, participants=[], actor=lead)
    assert factories.submit(held).state == AssignmentState.SUBMITTED, "late, and taken"
    assert claim_assignment(rater=rater) is None
    assert why_nothing(rater).because == NothingBecause.COHORT
    with pytest.raises(AnnotationError):
        set_cohort(campaign=campaign, participants=[_stranger()], actor=lead)


def _stranger() -> Participant:
    return factories.make_rater(factories.make_campaign(factories.make_study())).participant


def test_recruited_rater_sees_and_joins_their_own_campaign_only(study: Study, campaign: Campaign) -> None:
    rater = factories.make_rater(campaign)
    Participant.objects.filter(pk=rater.participant_id).update(recruiter="prolific", recruiter_id_hash="h")
    other = factories.make_campaign(study)
    user = rater.participant.user
    assert user
    assert list(campaigns_of(user, *RATES)) == [campaign]
    with pytest.raises(NotAllowed):
        join_campaign(user=user, campaign=other)


def test_people_kept_apart_come_to_a_rater_in_one_campaign(
    study: Study, campaign: Campaign, ruled: SetRules, rater_a: User
) -> None:
    pilot = factories.make_campaign(study, n_items=1, n_questions=1)
    met = factories.claim(factories.make_rater(pilot, rater_a))
    twin = campaign.items.get(position=2)
    ItemPerson.objects.filter(item=twin).update(person=ItemPerson.objects.get(item=met.item).person)
    ruled(people_apart=True)
    rater = factories.make_rater(campaign, rater_a)
    assert {item.position for item in open_items_for(Rater.objects.get(pk=rater.pk))} == {0, 1, 3}
    given = [factories.submit(factories.claim(rater)).item.position for _ in range(3)]
    assert sorted(given) == [0, 1, 3]
    assert claim_assignment(rater=rater) is None


def test_claims_finish_what_others_began_first(campaign: Campaign) -> None:
    began = factories.claim(factories.make_rater(campaign)).item
    for seed in ("a", "b", "c"):
        Campaign.objects.filter(pk=campaign.pk).update(seed=seed)
        second = factories.claim(factories.make_rater(campaign))
        assert second.item == began
        Item.objects.filter(pk=began.pk).update(open_seats=1)
        Assignment.objects.filter(pk=second.pk).delete()


def test_place_in_the_ring_is_drawn_by_seed_rater_and_items_given(campaign: Campaign) -> None:
    rater = factories.make_rater(campaign)
    first = ring_place(rater)
    assert first == ring_place(Rater.objects.get(pk=rater.pk))
    rater.n_given += 1
    assert ring_place(rater) != first


def test_lease_grows_with_the_page_and_ends_somewhere() -> None:
    assert lease_for(400, 24) == 32 * 60  # 3 * (160 + 480) s
    assert lease_for(10**6, 24) == LONGEST_LEASE


def test_renewing_keeps_the_item_ahead_too(campaign: Campaign) -> None:
    rater = factories.make_rater(campaign)
    first = factories.claim(rater)
    ahead = claim_assignment(rater=rater, besides=first.token)
    Assignment.objects.filter(rater=rater).update(lease_until=from_now(-1))
    renew_lease(assignment=first)
    assert expire_leases() == 0
    assert ahead


def test_raising_k_adds_seats_in_balance_and_collects_again(study: Study, lead: User) -> None:
    campaign = factories.make_campaign(study, n_items=2, n_questions=1, k=1, instrument=InstrumentName.PREFERENCE)
    rater = factories.make_rater(campaign)
    while (assignment := claim_assignment(rater=rater)) is not None:
        factories.submit(assignment)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.COMPLETE
    raised = raise_k(campaign=campaign, k=3, actor=lead)
    assert (raised.k, raised.state) == (3, CampaignState.COLLECTING)
    for item in campaign.items.all():
        assert [seat.side for seat in item.seats.all()] == ["left", "right", "left"]
    check_seats(raised)
    with pytest.raises(AnnotationError, match="cannot become 2"):
        raise_k(campaign=campaign, k=2, actor=lead)


def test_why_nothing_says_what_is_the_matter(study: Study, lead: User) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=1, k=1)
    rater, other = (factories.make_rater(campaign) for _ in range(2))
    assert why_nothing(rater).because == NothingBecause.NONE
    held = factories.claim(other)
    assert claim_assignment(rater=rater) is None
    assert why_nothing(rater).because == NothingBecause.OTHERS
    factories.submit(held)
    assert claim_assignment(rater=rater) is None
    assert why_nothing(rater).because == NothingBecause.COMPLETE
    withdraw_rater(rater=rater, erase=False)
    assert why_nothing(rater).because == NothingBecause.LEFT
