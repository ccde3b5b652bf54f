"""What a campaign needs of its lead now, and who is at it: a handful of counts, whatever its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from annotation.domain.quotas import today_in
from annotation.domain.recruiting.payments import approvable
from annotation.domain.remarks import unread_by_kind
from annotation.domain.signals.haste import hasty_raters
from annotation.enums import (
    ActionState,
    AssignmentState,
    CampaignState,
    Origin,
    RaterGate,
    RaterState,
    RemarkKind,
    ReturnReason,
)
from annotation.models import Assignment, Campaign, Item, Payment, Rater, Recruitment
from studies.models import User


@dataclass(frozen=True)
class Needs:
    """Numbers of 0 need nothing. Shortages are counted while the campaign collects only.

    ``open_items`` still have a seat that nobody holds. ``stuck_items`` of these have been had by every rater who could
    still work, and wait for somebody new. ``available`` raters take part and may be given more, ``resting`` of them not
    before tomorrow; ``ended`` ones take part no more: by their quota, the cohort, or because nothing was left for them.
    ``hasty`` ones send most of their pages faster than these can be read.
    """

    unread: Mapping[RemarkKind, int]
    payments_due: int = 0
    payments_failed: int = 0
    open_items: int = 0
    stuck_items: int = 0
    available: int = 0
    resting: int = 0
    ended: int = 0
    hasty: int = 0

    @property
    def unread_flags(self) -> int:
        return self.unread[RemarkKind.FLAG]

    @property
    def unread_others(self) -> int:
        return sum(self.unread.values()) - self.unread_flags

    @property
    def nobody_left(self) -> bool:
        """There is work, and everybody who came has ended."""
        return bool(self.open_items and self.ended and not self.available)

    @property
    def all_rest(self) -> bool:
        """There is work, and nobody may be given any of it today."""
        return bool(self.open_items and self.available and self.resting == self.available)


def needs_of(campaign: Campaign, user: User) -> Needs:
    due, failed = _payments(campaign)
    unread = unread_by_kind(campaign, user)
    if campaign.state != CampaignState.COLLECTING or campaign.origin == Origin.IMPORTED:
        return Needs(unread, due, failed)
    available = available_raters(campaign)
    n_available = available.count()
    return Needs(
        unread=unread,
        payments_due=due,
        payments_failed=failed,
        open_items=campaign.items.filter(open_seats__gt=0).count(),
        stuck_items=stuck_items(campaign).count() if n_available else 0,
        available=n_available,
        resting=_resting(campaign, available),
        ended=campaign.raters.filter(state=RaterState.ACTIVE).exclude(gate=RaterGate.PLACE).count() - n_available,
        hasty=len(hasty_raters(campaign)),
    )


def available_raters(campaign: Campaign) -> QuerySet[Rater]:
    """Raters who may be given more: neither their part nor their quota is over, and they are of the cohort."""
    raters = campaign.raters.filter(state=RaterState.ACTIVE).exclude(gate__in=(RaterGate.ENDED, RaterGate.PLACE))
    if campaign.max_items:
        raters = raters.filter(n_submitted__lt=F("n_before") + campaign.max_items)
    if campaign.cohort_only:
        raters = raters.filter(participant__in=campaign.cohort.values("participant"))
    return raters


def _resting(campaign: Campaign, available: QuerySet[Rater]) -> int:
    """Who has done all that one rater may do in a day."""
    if not campaign.max_items_day:
        return 0
    most = campaign.max_items_day
    done = available.filter(day=today_in(campaign), n_day__gte=most)
    return done.filter(n_submitted__gte=F("n_before") + most).count()  # what came before the work is no part of it


def had_by(raters: QuerySet[Rater]) -> QuerySet[Assignment]:
    """Tenures after which the rater is not given the item again: all but those that ended with their lease, while
    nobody has the seat."""
    taken = Assignment.objects.filter(seat=OuterRef("seat"), state__in=AssignmentState.occupying())
    tenures = Assignment.objects.filter(rater__in=raters.values("pk"))
    return tenures.filter(~Q(state=AssignmentState.EXPIRED) | Exists(taken))


def stuck_items(campaign: Campaign) -> QuerySet[Item]:
    """Items with an open seat that every available rater has answered, handed back, or has in hand."""
    available = available_raters(campaign)
    number = available.count()
    open_items = campaign.items.filter(open_seats__gt=0)
    if number > campaign.k and not _any_item_has(number - campaign.k, campaign):
        return open_items.none()  # nowhere as many tenures as raters, whoever had them: the usual case
    had = had_by(available).filter(campaign=campaign, item__open_seats__gt=0)
    full = had.order_by().values("item").annotate(n=Count("pk")).filter(n__gte=number)
    return open_items.filter(pk__in=full.values("item")).order_by("position")


def _any_item_has(number: int, campaign: Campaign) -> bool:
    """So many tenures beside those that sit on its K seats."""
    over = campaign.assignments.exclude(state__in=AssignmentState.occupying()).order_by()
    return over.values("item").annotate(n=Count("*")).filter(n__gte=number).exists()


def _payments(campaign: Campaign) -> tuple[int, int]:
    """Visits that may be approved now, and requests that the recruiter refused."""
    recruitment = Recruitment.objects.filter(campaign=campaign).first()
    if recruitment is None:
        return 0, 0
    failed = Payment.objects.filter(visit__recruitment=recruitment, state=ActionState.FAILED)
    again = Payment.objects.filter(visit__recruitment=recruitment).exclude(state=ActionState.FAILED)
    settled = Q(visit__in=again.values("visit"))
    return approvable(recruitment).count(), failed.exclude(settled).values("visit").distinct().count()


@dataclass(frozen=True)
class Activity:
    """``at_work`` raters hold an item whose lease runs. ``skips`` counts items that were handed back, by reason;
    ``gates`` raters who stand before the work, by what they stand before."""

    at_work: int
    skips: Mapping[str, int]
    gates: Mapping[str, int]

    @property
    def distressed(self) -> int:
        return self.skips.get(ReturnReason.DISTRESS, 0)


def activity_of(campaign: Campaign) -> Activity:
    held = campaign.assignments.filter(state=AssignmentState.HELD, lease_until__gt=Now())
    skipped = campaign.assignments.filter(state=AssignmentState.RETURNED).order_by()
    skips = dict(skipped.values_list("returned_because").annotate(n=Count("pk")))
    waiting = campaign.raters.filter(state=RaterState.ACTIVE).exclude(gate__in=(RaterGate.OPEN, RaterGate.ENDED))
    gates = dict(waiting.order_by().values_list("gate").annotate(n=Count("pk")))
    return Activity(
        at_work=held.values("rater").distinct().count(),
        skips={reason: skips[reason] for reason in ReturnReason.values if reason in skips},
        gates={gate: gates[gate] for gate in RaterGate.values if gate in gates},
    )
