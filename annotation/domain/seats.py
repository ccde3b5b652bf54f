"""Seats under the item's lock: taking, vacating, and who comes next.

Locks are taken in one order everywhere: rater, item, assignment. Whoever holds an item's lock may change what sits on
its seats and its ``open_seats``; a plain submit of a held assignment changes neither and locks only its own row.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    return _chosen(list(item.seats.all()), _occupied([item]), rater)


def sides_offered(items: Sequence[Item], rater: Rater) -> dict[int, str]:
    """By item the side of the seat that the rater would get there now, in two queries for all of them."""
    seats: dict[int, list[Seat]] = {}
    for seat in Seat.objects.filter(item__in=items).order_by("number"):
        seats.setdefault(seat.item_id, []).append(seat)
    occupied = _occupied(items)
    free = {pk: of_item for pk, of_item in seats.items() if any(seat.pk not in occupied for seat in of_item)}
    return {pk: _chosen(of_item, occupied, rater).side for pk, of_item in free.items()}


def lesser_side(rater: Rater) -> Side:
    """The side that the rater has been given less often; NONE where both are even."""
    if rater.n_left == rater.n_right:
        return Side.NONE
    return Side.LEFT if rater.n_left < rater.n_right else Side.RIGHT


def _occupied(items: Sequence[Item]) -> set[int | None]:
    rows = Assignment.objects.filter(item__in=items, state__in=AssignmentState.occupying())
    return set(rows.values_list("seat_id", flat=True))


def _chosen(seats: Sequence[Seat], occupied: set[int | None], rater: Rater) -> Seat:
    taken = dict.fromkeys((Side.LEFT, Side.RIGHT), 0)
    for seat in seats:
        if seat.pk in occupied and seat.side:
            taken[Side(seat.side)] += 1
    had = {Side.LEFT: rater.n_left, Side.RIGHT: rater.n_right, Side.NONE: 0}
    free = [seat for seat in seats if seat.pk not in occupied]
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


def hand_on_held(rater_id: int) -> int:
    """What the rater holds goes to others, as after a lease that ended. The rater's row must be locked."""
    held = Assignment.objects.filter(rater_id=rater_id, state=AssignmentState.HELD).order_by("item_id")
    rows = list(held.values_list("pk", "item_id"))
    for assignment_id, item_id in rows:
        item = lock_item(item_id)
        assignment = Assignment.objects.select_for_update(of=("self",)).get(pk=assignment_id)
        if assignment.state == AssignmentState.HELD:
            assignment.item = item
            end_assignment(assignment, AssignmentState.EXPIRED)
    return len(rows)
