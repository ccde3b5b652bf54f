"""Which check comes when: before the work in order, among it at a rate, sides even, nothing twice."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.db import transaction

from annotation.domain import screening
from annotation.domain.assignment import claim_assignment, return_assignment
from annotation.domain.gates import open_gates
from annotation.domain.screening.making import make_check_item, retire_check
from annotation.domain.screening.scheduling import gap, schedule_checks
from annotation.enums import AssignmentState, ItemRole, RaterGate, ReturnReason
from annotation.models import Assignment, Campaign, Item, Rater
from pipeline.enums import InstrumentName, Side
from studies.models import Study, User
from tests import factories
from tests.annotation.domain.screening.conftest import answer

MIXED = ItemRole.mixed_in()


def rated(campaign: Campaign, every: int) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(check_every=every)
    campaign.refresh_from_db()


def work_through(rater: Rater, most: int = 100) -> list[str]:
    """The roles of the items that the rater is given, each submitted, until nothing is left."""
    roles: list[str] = []
    while len(roles) < most and (assignment := claim_assignment(rater=rater)) is not None:
        roles.append(assignment.item.role)
        factories.submit(assignment, "yes")
    return roles


def test_training_comes_before_work_in_order(check, campaign: Campaign) -> None:
    items = [check(ItemRole.TRAINING), check(ItemRole.TRAINING)]
    rater = factories.make_rater(campaign)
    assert rater.gate == RaterGate.TRAINING
    first = factories.claim(rater)
    assert (first.item, first.seat, first.state) == (items[0], None, AssignmentState.HELD)
    assert factories.claim(rater) == first
    assert screening.claim_before_work(rater) is None, "the feedback of the first stands before the second"
    answer(first)
    assert factories.claim(rater).item == items[1]
    rater = answer(factories.claim(rater))
    assert (rater.gate, rater.n_before) == (RaterGate.OPEN, 2)
    assert factories.claim(rater).item.role == ItemRole.WORK


def test_training_item_that_expired_comes_back_with_its_drafts(check, campaign: Campaign) -> None:
    check(ItemRole.TRAINING)
    rater = factories.make_rater(campaign)
    held = factories.claim(rater)
    Assignment.objects.filter(pk=held.pk).update(state=AssignmentState.EXPIRED, lease_until=None)
    again = factories.claim(rater)
    assert (again.pk, again.state, again.token) == (held.pk, AssignmentState.HELD, held.token)


def test_training_that_is_skipped_is_over(check, campaign: Campaign) -> None:
    check(ItemRole.TRAINING)
    rater = factories.make_rater(campaign)
    return_assignment(assignment=factories.claim(rater), reason=ReturnReason.DISTRESS)
    assert factories.claim(rater).item.role == ItemRole.WORK


def test_training_added_later_leaves_those_at_work_alone(check, campaign: Campaign, rater: Rater) -> None:
    check(ItemRole.TRAINING)
    assert factories.claim(rater).item.role == ItemRole.WORK


def test_retiring_the_last_training_item_lets_those_go_on_who_waited_for_it(
    check, campaign: Campaign, lead: User
) -> None:
    item = check(ItemRole.TRAINING)
    rater = factories.make_rater(campaign)
    retire_check(item=item, actor=lead)
    assert factories.claim(rater).item.role == ItemRole.WORK


@pytest.mark.parametrize("every", [2, 3, 5])
def test_checks_are_mixed_in_at_a_rate_and_never_two_in_a_row(check, campaign: Campaign, every: int) -> None:
    rated(campaign, every)
    for role in (ItemRole.GOLD, ItemRole.ATTENTION, ItemRole.GOLD, ItemRole.ATTENTION):
        check(role)
    rater = factories.make_rater(campaign)
    roles = work_through(rater, most=2 + 4 * every + every)
    places = [place for place, role in enumerate(roles) if role in MIXED]
    assert len(places) == 4, "each comes once, as long as there are any"
    assert places[0] >= 2
    assert all(later - earlier >= 2 for earlier, later in pairwise(places))
    kinds = [roles[place] for place in places]
    assert kinds in ([*MIXED, *MIXED], [*MIXED[::-1], *MIXED[::-1]]), "gold and attention take turns"


def test_gaps_are_check_every_on_average(campaign: Campaign, rater: Rater) -> None:
    for every in (2, 3, 10):
        rater.campaign.check_every = every
        gaps = [gap(rater, saved) for saved in range(2000)]
        assert min(gaps) >= 2
        assert max(gaps) <= every + every // 2
        assert sum(gaps) / len(gaps) == pytest.approx(every, rel=0.05)
        assert every == 2 or len(set(gaps)) > 2, "nobody can foretell the next"


def test_raters_meet_checks_at_places_and_in_orders_of_their_own(check, campaign: Campaign) -> None:
    rated(campaign, 8)
    for _ in range(4):
        check(ItemRole.GOLD)
    raters = [factories.make_rater(campaign) for _ in range(12)]
    assert len({rater.next_check for rater in raters}) > 2
    firsts = set()
    for rater in raters:
        Rater.objects.filter(pk=rater.pk).update(next_check=2)
        work_through(rater, most=3)
        firsts.add(rater.assignments.get(item__role=ItemRole.GOLD).item_id)
    assert len(firsts) > 1


def test_next_check_is_null_when_none_is_left(check, campaign: Campaign) -> None:
    rated(campaign, 2)
    check()
    rater = factories.make_rater(campaign)
    assert work_through(rater, most=8).count(ItemRole.GOLD) == 1
    rater.refresh_from_db()
    assert rater.next_check is None


def test_check_made_later_comes_to_those_at_work(check, campaign: Campaign, rater: Rater) -> None:
    rated(campaign, 3)
    assert rater.next_check is None
    work_through(rater, most=4)
    check()
    rater.refresh_from_db()
    assert rater.next_check is not None
    assert ItemRole.GOLD in work_through(rater, most=6)


def test_schedule_takes_checks_away_with_their_rate(check, campaign: Campaign) -> None:
    rated(campaign, 5)
    check()
    rater = factories.make_rater(campaign)
    assert rater.next_check is not None
    rated(campaign, 0)
    assert schedule_checks(campaign=campaign) == 0
    rater.refresh_from_db()
    assert rater.next_check is None


def test_rater_is_given_no_copy_of_a_page_that_they_had(campaign: Campaign) -> None:
    rated(campaign, 2)
    rater, other = factories.make_rater(campaign), factories.make_rater(campaign)
    for each, n in ((rater, 5), (other, 2)):
        work_through(each, most=n)
    known = rater.assignments.exclude(item__assignments__rater=other)[0].item
    make_check_item(source=known, role=ItemRole.GOLD, expected={0: ["yes"]})
    Rater.objects.update(next_check=2)
    assert factories.claim(rater).item.role == ItemRole.WORK
    assert factories.claim(other).item.role == ItemRole.GOLD


def test_retired_check_is_given_to_nobody(check, campaign: Campaign, lead: User) -> None:
    rated(campaign, 2)
    item, rater = check(), factories.make_rater(campaign)
    factories.make_given(item, factories.make_rater(campaign))
    retire_check(item=item, actor=lead)
    assert set(work_through(rater, most=6)) == {ItemRole.WORK}


def test_sides_of_checks_keep_the_raters_balance(study: Study) -> None:
    pilot = factories.make_campaign(study, n_items=6, instrument=InstrumentName.PREFERENCE)
    campaign = factories.make_campaign(study, n_items=12, instrument=InstrumentName.PREFERENCE, check_every=2)
    for source in pilot.items.all():
        make_check_item(source=source, role=ItemRole.GOLD, expected={0: ["5"]}, campaign=campaign)
    first, *others = (factories.make_rater(campaign) for _ in range(5))
    for _ in range(6):
        factories.submit(factories.claim(first), "4")
        first.refresh_from_db()
        assert abs(first.n_left - first.n_right) <= 1
    for rater in others:  # whose sides follow those that the items had before
        for _ in range(6):
            factories.submit(factories.claim(rater), "4")
    checks = campaign.assignments.filter(item__role=ItemRole.GOLD)
    assert checks.count() >= 10
    assert set(checks.values_list("side", flat=True)) == {Side.LEFT, Side.RIGHT}  # each drawn: alike once in 10,000


def test_check_that_is_skipped_does_not_come_back(check, campaign: Campaign) -> None:
    rated(campaign, 2)
    item = check()
    rater = factories.make_rater(campaign)
    for _ in range(8):
        assignment = factories.claim(rater)
        if assignment.item_id == item.pk:
            return_assignment(assignment=assignment)
        else:
            answer(assignment)
    assert Assignment.objects.get(item=item).state == AssignmentState.RETURNED


def test_claim_check_costs_the_same_for_many_checks(
    check, campaign: Campaign, pilot: Campaign, django_assert_num_queries
) -> None:
    rated(campaign, 2)
    check()
    for n, rater in ((1, factories.make_rater(campaign)), (5, factories.make_rater(campaign))):
        for source in pilot.items.filter(position__gte=2)[: n - 1]:
            make_check_item(source=source, role=ItemRole.GOLD, expected={0: ["yes"]}, campaign=campaign)
        work_through(rater, most=2)
        row = Rater.objects.select_related("campaign").get(pk=rater.pk)
        with transaction.atomic(), django_assert_num_queries(12, exact=False):
            assert screening.claim_check(row)  # one to four of them: the two ways round the ring, for either role


def test_open_gates_twice_moves_no_check(check, campaign: Campaign) -> None:
    rated(campaign, 5)
    check()
    rater = factories.make_rater(campaign)
    again = open_gates(rater=rater)
    assert again.next_check == rater.next_check
    assert Item.objects.filter(role=ItemRole.GOLD).count() == 1
