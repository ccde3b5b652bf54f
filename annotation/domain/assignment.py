"""Who gets which item next: claims, leases, returns."""

from __future__ import annotations

import random

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils.translation import gettext

from annotation.domain.errors import AssignmentOver
from annotation.domain.joining import may_work
from annotation.domain.screening.submitting import after_submit
from annotation.domain.seats import end_assignment, free_seat_for, lock_item, lock_rater, seat_is_free, take_seat
from annotation.domain.seeding import page_order
from annotation.enums import AssignmentState, CampaignState, ItemRole, ReturnReason
from annotation.models import Assignment, Campaign, DraftRemarks, Item, Rater, Seat
from pipeline.enums import Side
from studies.clock import from_now

RING = 1_000_000  # sort keys run from 0 to below this


@transaction.atomic
def claim_assignment(*, rater: Rater, besides: str = "") -> Assignment | None:
    """The rater's next piece of work: what is held already, what expired but is still free, else a new seat.

    ``besides`` is the token of an item that the rater's page has fetched ahead already: the claim gives another one.
    Never more than two are held.

    None where the campaign is not collecting, the rater may not work, or nothing is open to this rater now; the last
    claim of a finished campaign marks it complete. Never the same item twice, never more than K seats taken.
    """
    rater = Rater.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=rater.pk)
    if not may_work(rater):
        return None
    held = list(_loaded().filter(rater=rater, state=AssignmentState.HELD).order_by("claimed_at", "pk"))
    for assignment in held:
        if assignment.token != besides:
            _extend(assignment)
            return assignment
    assignment = _revive_expired(rater)
    if assignment is not None:
        return assignment
    expire_leases(campaign=rater.campaign, limit=20)
    item = _lock_open_item(rater)
    if item is None:
        complete_if_done(campaign=rater.campaign)
        return None
    return _seat(rater, item)


def open_items_for(rater: Rater) -> QuerySet[Item]:
    """Items with an open seat that the rater has never had.

    Whether the rater had it is a look-up for each item: as NOT EXISTS, PostgreSQL may plan a join with all of them.
    """
    had = Assignment.objects.filter(item=OuterRef("pk"), rater=rater).values("pk")
    open_items = Item.objects.filter(campaign_id=rater.campaign_id, open_seats__gt=0)
    return open_items.alias(had=Subquery(had)).filter(had__isnull=True)


def ring_place() -> int:
    """Where in the ring a claim begins to look: by lot, so that claims at the same moment meet seldom, and so that the
    items that a rater has had do not stand in a row before the next."""
    return random.randrange(RING)  # noqa: S311 - order, not secrets


def _lock_open_item(rater: Rater) -> Item | None:
    """Highest priority first; within it, the ring of items from a place drawn by lot, wrapping round once.

    Items that another claim holds at this moment are passed over, and taken only when nothing else is left.
    """
    top = open_items_for(rater).order_by("-priority").values_list("priority", flat=True).first()
    if top is None:
        return None
    ring = open_items_for(rater).order_by("-priority", "sort_key")
    free = ring.select_for_update(skip_locked=True, of=("self",))
    ahead = free.filter(priority=top, sort_key__gte=ring_place()).first()
    return ahead or free.first() or ring.select_for_update(of=("self",)).first()


def _revive_expired(rater: Rater) -> Assignment | None:
    """A rater who comes back finds the item, drafts and all, unless somebody else has taken the seat since."""
    expired = _loaded().filter(rater=rater, state=AssignmentState.EXPIRED).order_by("-ended_at")
    for assignment in expired:
        if assignment.seat_id is None or not seat_is_free(assignment.seat_id):
            continue
        item = lock_item(assignment.item_id)
        if not seat_is_free(assignment.seat_id):
            continue
        take_seat(item)
        Assignment.objects.filter(pk=assignment.pk).update(
            state=AssignmentState.HELD, ended_at=None, lease_until=from_now(assignment.campaign.lease_seconds)
        )
        return _loaded().get(pk=assignment.pk)
    return None


def _seat(rater: Rater, item: Item) -> Assignment:
    seat = free_seat_for(item, rater)
    assignment = Assignment.objects.create(
        campaign_id=rater.campaign_id,
        item=item,
        seat=seat,
        rater=rater,
        state=AssignmentState.HELD,
        side=seat.side,
        order=page_order(rater.campaign.seed, item.pk, rater.pk, item.questions.count()),
        claimed_at=Now(),
        lease_until=from_now(rater.campaign.lease_seconds),
    )
    take_seat(item)
    _note_side(rater, seat)
    return _loaded().get(pk=assignment.pk)


def _note_side(rater: Rater, seat: Seat) -> None:
    if seat.side == Side.LEFT:
        Rater.objects.filter(pk=rater.pk).update(n_left=F("n_left") + 1)
    elif seat.side == Side.RIGHT:
        Rater.objects.filter(pk=rater.pk).update(n_right=F("n_right") + 1)


def _loaded() -> QuerySet[Assignment]:
    return Assignment.objects.select_related("campaign", "item", "rater", "seat")


def _extend(assignment: Assignment) -> None:
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=from_now(assignment.campaign.lease_seconds))


@transaction.atomic
def renew_lease(*, assignment: Assignment) -> Assignment:
    """The page is in use: the lease starts anew. Raises AssignmentOver where it is no longer held."""
    renewed = Assignment.objects.filter(pk=assignment.pk, state=AssignmentState.HELD).update(
        lease_until=from_now(assignment.campaign.lease_seconds)
    )
    if not renewed:
        raise AssignmentOver(gettext("This item went back to the others after a long pause. Reload the page to go on."))
    return _loaded().get(pk=assignment.pk)


@transaction.atomic
def return_assignment(*, assignment: Assignment, reason: str = ReturnReason.NONE) -> Assignment:
    """The rater gives the item back; its drafts go, its seat opens. Returning twice is returning once: the first reason
    stands.

    Raises AssignmentOver where answers were submitted already.
    """
    if assignment.item.role != ItemRole.WORK:
        lock_rater(assignment.rater_id)  # who skips the last item of a gate goes on
    item = lock_item(assignment.item_id)
    assignment = _loaded().select_for_update(of=("self",)).get(pk=assignment.pk)
    if assignment.state in AssignmentState.answered():
        raise AssignmentOver(gettext("This item is submitted already; open it again to change an answer."))
    assignment.item = item
    assignment.drafts.all().delete()
    DraftRemarks.objects.filter(assignment=assignment).delete()
    if assignment.state != AssignmentState.RETURNED:
        end_assignment(assignment, AssignmentState.RETURNED)
        Assignment.objects.filter(pk=assignment.pk).update(returned_because=ReturnReason(reason))
        if item.role != ItemRole.WORK:
            after_submit(assignment=assignment)
    return _loaded().get(pk=assignment.pk)


@transaction.atomic
def expire_leases(*, campaign: Campaign | None = None, limit: int = 500) -> int:
    """End held assignments whose lease is over, at most ``limit``; their seats open or take the oldest surplus.

    Drafts stay: a rater who returns before the seat is taken goes on where they were. Rows that others hold locked are
    left for the next time.
    """
    due = Assignment.objects.filter(state=AssignmentState.HELD, lease_until__lt=Now())
    if campaign is not None:
        due = due.filter(campaign=campaign)
    free = due.select_related("item").select_for_update(skip_locked=True, of=("self", "item"))
    rows = list(free.order_by("lease_until")[:limit])
    for assignment in rows:
        end_assignment(assignment, AssignmentState.EXPIRED)
    return len(rows)


@transaction.atomic
def complete_if_done(*, campaign: Campaign) -> bool:
    """Mark a collecting campaign complete when every seat of every work item is filled by a submitted assignment.

    The campaign's row is locked first, as leaving does (withdrawing.py), so that the one sees what the other did.
    """
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    filled = Assignment.objects.filter(seat=OuterRef("pk"), state=AssignmentState.SUBMITTED)
    if Seat.objects.filter(item__campaign=campaign).exclude(Exists(filled)).exists():
        return False
    if not Item.objects.filter(campaign=campaign, role=ItemRole.WORK).exists():
        return False
    done = Campaign.objects.filter(pk=campaign.pk, state=CampaignState.COLLECTING).update(state=CampaignState.COMPLETE)
    return bool(done)
