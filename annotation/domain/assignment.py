"""Who gets which item next: claims, leases, returns."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext

from annotation.domain import screening
from annotation.domain.choosing import lock_open_item
from annotation.domain.cohorts import in_cohort
from annotation.domain.errors import AssignmentOver
from annotation.domain.joining import may_work
from annotation.domain.leases import lease_from_now
from annotation.domain.quotas import reached_days_quota, reached_quota, saved_by
from annotation.domain.screening.states import active_checks
from annotation.domain.screening.submitting import after_submit
from annotation.domain.seats import end_assignment, free_seat_for, lock_item, lock_rater, seat_is_free, take_seat
from annotation.domain.seeding import page_order
from annotation.enums import AssignmentState, CampaignState, ItemRole, RaterGate, ReturnReason
from annotation.models import Assignment, Campaign, DraftRemarks, Item, Rater, Seat
from pipeline.enums import Side
from studies.clock import from_now


@transaction.atomic
def claim_assignment(*, rater: Rater, besides: str = "") -> Assignment | None:
    """The rater's next item: what is held already; before the work, the next of training or qualification; then what
    expired but is still free, a check that is due, an open seat (choosing.py).

    ``besides`` is the token of an item that the rater's page has fetched ahead already: the claim gives another one.
    Never more than two are held.

    None where the campaign is not collecting, the rater may not work, has reached a quota, or nothing is open to them
    now (waiting.py says which); the last claim of a finished campaign marks it complete. Never the same item twice,
    never more than K seats taken.
    """
    related = Rater.objects.select_related("campaign", "participant")
    rater = related.select_for_update(of=("self",)).get(pk=rater.pk)
    if not may_work(rater):
        return None
    held = list(_loaded().filter(rater=rater, state=AssignmentState.HELD).order_by("claimed_at", "pk"))
    for assignment in held:
        if assignment.token != besides:
            _extend(assignment)
            return assignment
    if not in_cohort(rater.campaign, rater.participant):
        return None
    if rater.gate != RaterGate.OPEN:
        return screening.claim_before_work(rater)
    found: Assignment | None = None
    if not reached_quota(rater, len(held)) and not reached_days_quota(rater, len(held)):
        found = _revive_expired(rater) or _due_check(rater, len(held)) or _open_seat(rater)
    if found is None and not rater.campaign.items.filter(open_seats__gt=0).exists():
        complete_if_done(campaign=rater.campaign)
    return found


def _revive_expired(rater: Rater) -> Assignment | None:
    """A rater who comes back finds the item, drafts and all, unless somebody else has taken the seat since."""
    for assignment in _loaded().filter(pk__in=revivable_of(rater)).order_by("-ended_at"):
        if assignment.seat_id is not None:
            item = lock_item(assignment.item_id)
            if not seat_is_free(assignment.seat_id):
                continue
            take_seat(item)
        Assignment.objects.filter(pk=assignment.pk).update(
            state=AssignmentState.HELD, ended_at=None, lease_until=lease_from_now(assignment)
        )
        return _loaded().get(pk=assignment.pk)
    return None


def revivable_of(rater: Rater) -> QuerySet[Assignment]:
    """What the rater held and nobody has taken since its lease ended: work, and the checks among it, which nobody else
    could take."""
    taken = Assignment.objects.filter(seat=OuterRef("seat"), state__in=AssignmentState.occupying())
    expired = Assignment.objects.filter(rater=rater, state=AssignmentState.EXPIRED)
    checks = active_checks(rater.campaign, *ItemRole.mixed_in())
    return expired.filter(Q(seat__isnull=False) | Q(item__in=checks)).exclude(Exists(taken))


def _due_check(rater: Rater, n_held: int) -> Assignment | None:
    """A gold or attention item, where the next item to give is to be one."""
    due = rater.next_check is not None and rater.next_check <= saved_by(rater) + n_held
    return screening.claim_check(rater, n_held) if due else None


def _open_seat(rater: Rater) -> Assignment | None:
    expire_leases(campaign=rater.campaign, limit=20)
    item = lock_open_item(rater)
    return None if item is None else _seat(rater, item)


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
        lease_until=from_now(max(rater.campaign.lease_seconds, item.lease_seconds)),
    )
    take_seat(item)
    _note_given(rater, seat)
    return _loaded().get(pk=assignment.pk)


def _note_given(rater: Rater, seat: Seat) -> None:
    Rater.objects.filter(pk=rater.pk).update(
        n_given=F("n_given") + 1,
        n_left=F("n_left") + int(seat.side == Side.LEFT),
        n_right=F("n_right") + int(seat.side == Side.RIGHT),
    )


def _loaded() -> QuerySet[Assignment]:
    return Assignment.objects.select_related("campaign", "item", "rater", "seat")


def _extend(assignment: Assignment) -> int:
    """The lease starts anew; 0 where the assignment is no longer held."""
    held = Assignment.objects.filter(pk=assignment.pk, state=AssignmentState.HELD)
    return held.update(lease_until=lease_from_now(assignment))


@transaction.atomic
def renew_lease(*, assignment: Assignment) -> Assignment:
    """The page is in use: the lease starts anew, and that of an item which the page has fetched ahead with it.

    Raises AssignmentOver where the item is no longer held.
    """
    if not _extend(assignment):
        raise AssignmentOver(gettext("This item went back to the others after a long pause. Reload the page to go on."))
    held = _loaded().filter(rater=assignment.rater_id, state=AssignmentState.HELD).order_by("pk")
    for other in held.exclude(pk=assignment.pk):
        _extend(other)
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
