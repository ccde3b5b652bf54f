"""Which item a rater gets next: the ORM and PostgreSQL's function against the rule in plain Python."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection, transaction

from annotation.domain.assignment import claim_assignment
from annotation.domain.choosing import NEAR, RING, ring_place
from annotation.domain.handing_in import by_orm, hand_in
from annotation.domain.judging import Answer, Submission
from annotation.enums import AssignmentState
from annotation.models import Assignment, Campaign, Item, Rater, Seat
from pipeline.enums import InstrumentName, Side
from studies.clock import from_now
from studies.models import Study
from studies.permissions import RATES
from tests import factories

TRIALS = 16
SHARES_HAD = (0.0, 0.5, 0.95)  # the last one leaves groups that show nothing near the rater's place


@pytest.fixture(params=["orm", "function"])
def by(request: pytest.FixtureRequest) -> Callable[..., Any]:
    if request.param == "orm":
        return by_orm
    if connection.vendor != "postgresql":
        pytest.skip("the function is PostgreSQL's")
    return hand_in


def test_next_item_is_the_one_that_the_rule_names(by: Callable[..., Any], study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=46, n_questions=1, k=3, instrument=InstrumentName.PREFERENCE)
    rater, *others = (factories.make_rater(campaign) for _ in range(4))
    held = factories.claim(rater)
    at_once = 0
    for trial in range(TRIALS):
        with transaction.atomic():
            _stir(random.Random(trial), campaign, held, others)
            before = Rater.objects.get(pk=rater.pk)
            expected = _chosen(campaign, before)
            submission = Submission("key", {0: Answer("4")})
            handed = by(user=rater.participant.user, roles=RATES, token=held.token, submission=submission)
            given = claim_assignment(rater=rater)
            assert given is not None
            assert (given.item_id, given.side) == expected, f"trial {trial}"
            at_once += handed.following is not None and handed.following.token == given.token
            transaction.set_rollback(True)
    assert at_once >= TRIALS // 2


def _stir(lot: random.Random, campaign: Campaign, held: Assignment, others: Sequence[Rater]) -> None:
    """Other places in the ring, priorities, seats taken, items had, and sides given."""
    items = list(campaign.items.exclude(pk=held.item_id).order_by("pk"))
    share = lot.choice(SHARES_HAD)
    tenures = []
    for item in items:
        seats = list(item.seats.all())
        taken = lot.sample(seats, lot.choice((0, 0, 0, 0, 1, 2, 3)))
        tenures += [
            _tenure(item, other, seat, AssignmentState.HELD) for other, seat in zip(others, taken, strict=False)
        ]
        if lot.random() < share:
            tenures.append(_tenure(item, held.rater, None, AssignmentState.RETURNED))
        item.sort_key, item.priority = lot.randrange(RING), int(lot.random() < 0.1)
        item.open_seats = len(seats) - len(taken)
    Assignment.objects.bulk_create(tenures)
    Item.objects.bulk_update(items, ["sort_key", "priority", "open_seats"])
    left, given = lot.randrange(3), lot.randrange(1000)
    Rater.objects.filter(pk=held.rater_id).update(n_left=left, n_right=lot.randrange(3), n_given=given)


def _tenure(item: Item, rater: Rater, seat: Seat | None, state: AssignmentState) -> Assignment:
    lease = from_now(3600)
    return Assignment(
        campaign_id=item.campaign_id,
        item=item,
        rater=rater,
        seat=seat,
        side=seat.side if seat else "",
        state=state,
        lease_until=lease,
    )


def _chosen(campaign: Campaign, rater: Rater) -> tuple[int, str]:
    place = ring_place(rater)
    wanted = {0: "", 1: Side.RIGHT, -1: Side.LEFT}[(rater.n_left > rater.n_right) - (rater.n_left < rater.n_right)]
    open_items = sorted(campaign.items.filter(open_seats__gt=0), key=lambda item: item.sort_key)
    had = set(Assignment.objects.filter(rater=rater).values_list("item", flat=True))
    for priority in sorted({item.priority for item in open_items}, reverse=True):
        of_class = [item for item in open_items if item.priority == priority]
        for seats in sorted({item.open_seats for item in of_class}):
            group = [item for item in of_class if item.open_seats == seats]
            after = [item for item in group if item.sort_key >= place][:NEAR]
            before = [item for item in group if item.sort_key < place][:NEAR]
            near = [(item, _side(item, rater)) for item in after + before if item.pk not in had]
            on_side = [(item, side) for item, side in near if side == wanted]
            if near:
                item, side = (on_side or near)[0]
                return item.pk, side
        left = [item for item in of_class if item.pk not in had]
        if left:
            item = min(left, key=lambda item: (item.open_seats, item.sort_key))
            return item.pk, _side(item, rater)
    raise AssertionError("nothing was open: the trial tries nothing")


def _side(item: Item, rater: Rater) -> str:
    """Of the free seat on the side that evens out the item, then the rater."""
    occupied = set(item.assignments.filter(state__in=AssignmentState.occupying()).values_list("seat", flat=True))
    seats = list(item.seats.all())
    taken = [seat.side for seat in seats if seat.pk in occupied]
    had = {Side.LEFT: rater.n_left, Side.RIGHT: rater.n_right}
    free = [seat for seat in seats if seat.pk not in occupied]
    return min(free, key=lambda seat: (taken.count(seat.side), had[Side(seat.side)], seat.number)).side
