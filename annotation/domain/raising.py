"""More answers to every question than were asked for at first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from django.db import transaction
from django.db.models import F

from annotation.domain.errors import AnnotationError, WrongState
from annotation.enums import AssignmentState, CampaignState, ItemRole, Origin, RaterState
from annotation.models import Assignment, Campaign, Item, Seat
from pipeline.enums import Side
from studies.domain.audit import record_event
from studies.models import User

BATCH = 500  # items
MOST_K = 1000
OTHER_SIDE = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT, Side.NONE: Side.NONE}


@transaction.atomic
def raise_k(*, campaign: Campaign, k: int, actor: User) -> Campaign:
    """Every question of the campaign gets ``k`` counted judgments: each work item more seats, their sides in turn.

    A surplus answer given on the side of a new seat takes it before anybody is asked, the oldest first. A complete
    campaign that has open seats now collects again. Raising to the present K changes nothing. Raises AnnotationError
    for a lower K, WrongState for a campaign that is imported or closed.
    """
    # Items before the campaign, as all who lock both (domain/seats.py).
    items = Item.objects.filter(campaign=campaign, role=ItemRole.WORK).order_by("pk")
    keys = list(items.select_for_update().values_list("pk", flat=True))
    locked = Campaign.objects.select_for_update(of=("self",)).select_related("study").get(pk=campaign.pk)
    _check(locked, k)
    if k == locked.k:
        return locked
    before, locked.k = locked.k, k
    rest = iter(keys)
    while chunk := list(islice(rest, BATCH)):
        _add_seats(chunk, before, k)
    if locked.state == CampaignState.COMPLETE and items.filter(open_seats__gt=0).exists():
        locked.state = CampaignState.COLLECTING
    locked.save(update_fields=["k", "state"])
    record_event(
        study=locked.study,
        actor=actor,
        verb="raise_k",
        subject=f"campaign:{locked.slug}",
        detail={"before": before, "after": k},
    )
    return locked


def _check(campaign: Campaign, k: int) -> None:
    if campaign.origin == Origin.IMPORTED or campaign.state == CampaignState.CLOSED:
        raise WrongState(f"“{campaign.title}” is over for good, so nobody can be asked for more.")
    if k < campaign.k:
        raise AnnotationError(
            f"K is {campaign.k} and cannot become {k}: answers that were given would have to be left out. "
            "Close the campaign to stop asking."
        )
    if k > MOST_K:
        raise AnnotationError(f"K={k}: choose {MOST_K} or less.")


def _add_seats(items: Sequence[int], before: int, k: int) -> None:
    last = dict(Seat.objects.filter(item__in=items, number=before - 1).values_list("item_id", "side"))
    made = []
    for item in items:
        side = Side(last[item])
        for number in range(before, k):
            side = OTHER_SIDE[side]
            made.append(Seat(item_id=item, number=number, side=side))
    Seat.objects.bulk_create(made)
    Item.objects.filter(pk__in=items).update(open_seats=F("open_seats") + k - before)
    _seat_surplus(items, before)


def _seat_surplus(items: Sequence[int], before: int) -> None:
    """New seats to answers that had none, within each item the oldest first."""
    waiting = Assignment.objects.select_for_update(of=("self",)).filter(
        item__in=items, state=AssignmentState.SURPLUS, rater__state=RaterState.ACTIVE
    )
    rows = list(waiting.order_by("item_id", "submitted_at", "pk"))
    free: dict[tuple[int, str], list[Seat]] = {}
    for seat in Seat.objects.filter(item__in={row.item_id for row in rows}, number__gte=before).order_by("-number"):
        free.setdefault((seat.item_id, seat.side), []).append(seat)
    for row in rows:
        if seats := free.get((row.item_id, row.side)):
            Assignment.objects.filter(pk=row.pk).update(state=AssignmentState.SUBMITTED, seat=seats.pop())
            Item.objects.filter(pk=row.item_id).update(open_seats=F("open_seats") - 1)
