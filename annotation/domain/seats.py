"""Seats under the item's lock: taking, vacating, and who comes next.

Locks are taken in one order everywhere: rater, item, assignment. Whoever holds an item's lock may change what sits on
its seats and its ``open_seats``; a plain submit of a held assignment changes neither and locks only its own row.
"""

from __future__ import annotations

from django.db.models import F
from django.db.models.functions import Now

from annotation.enums import AssignmentState, RaterState
from annotation.models import Assignment, Item, Rater, Seat
from pipeline.enums import Side


def lock_rater(rater_id: int) -> Rater:
    return Rater.objects.select_for_update().get(pk=rater_id)


def lock_item(item_id: int) -> Item:
    return Item.objects.select_for_update().get(pk=item_id)


def seat_is_free(seat_id: int) -> bool:
    return not Assignment.objects.filter(seat_id=seat_id, state__in=AssignmentState.occupying()).exists()


def free_seat_for(item: Item, rater: Rater) -> Seat:
    """The free seat that keeps the item's two sides within one of each other and, where both would, the side that the
    rater has had less of. The item must be locked and have an open seat.
    """
    taken = dict.fromkeys((Side.LEFT, Side.RIGHT), 0)
    free = []
    occupied = set(
        Assignment.objects.filter(item=item, state__in=AssignmentState.occupying()).values_list("seat_id", flat=True)
    )
    for seat in item.seats.all():
        if seat.pk not in occupied:
            free.append(seat)
        elif seat.side:
            taken[Side(seat.side)] += 1
    had = {Side.LEFT: rater.n_left, Side.RIGHT: rater.n_right, Side.NONE: 0}
    return min(free, key=lambda seat: (taken.get(Side(seat.side), 0), had[Side(seat.side)], seat.number))


def take_seat(item: Item) -> None:
    """One seat fewer is open. The item must be locked."""
    Item.objects.filter(pk=item.pk).update(open_seats=F("open_seats") - 1)


def vacate_seat(item: Item, seat_id: int | None) -> None:
    """A seat lost its assignment: the oldest surplus answer for it moves in, else it is open to others.

    The item must be locked, and the assignment that left must already be out of its occupying state.
    """
    if seat_id is None:
        return
    surplus = (
        Assignment.objects.select_for_update(of=("self",))
        .filter(seat_id=seat_id, state=AssignmentState.SURPLUS, rater__state=RaterState.ACTIVE)
        .order_by("submitted_at", "pk")
        .first()
    )
    if surplus is None:
        Item.objects.filter(pk=item.pk).update(open_seats=F("open_seats") + 1)
    else:
        Assignment.objects.filter(pk=surplus.pk).update(state=AssignmentState.SUBMITTED)


def end_assignment(assignment: Assignment, state: AssignmentState) -> None:
    """Out of a held or submitted state, and the seat with it. Item and assignment must be locked."""
    occupied = assignment.state in AssignmentState.occupying()
    Assignment.objects.filter(pk=assignment.pk).update(state=state, ended_at=Now(), lease_until=None)
    if occupied:
        vacate_seat(assignment.item, assignment.seat_id)
