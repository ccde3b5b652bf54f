"""Why there is no item for a rater now: what the page at the end of the work says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from annotation.domain.assignment import revivable_of
from annotation.domain.choosing import open_items_for
from annotation.domain.cohorts import in_cohort
from annotation.domain.quotas import reached_days_quota, reached_quota, today_in
from annotation.enums import AssignmentState, CampaignState, NothingBecause, RaterGate, RaterState
from annotation.models import Assignment, Campaign, Rater


@dataclass(frozen=True)
class Nothing:
    """``because`` NONE: there is something, a claim will tell. ``until`` with DAY: when the next day begins."""

    because: NothingBecause
    until: datetime | None = None


STATES = {
    CampaignState.DRAFT: NothingBecause.CLOSED,
    CampaignState.CLOSED: NothingBecause.CLOSED,
    CampaignState.PAUSED: NothingBecause.PAUSED,
    CampaignState.COMPLETE: NothingBecause.COMPLETE,
}


def why_nothing(rater: Rater) -> Nothing:
    """Why a claim gives the rater nothing now. Reads only; nothing that others do is named."""
    rater = Rater.objects.select_related("campaign", "participant").get(pk=rater.pk)
    campaign = rater.campaign
    if rater.state != RaterState.ACTIVE:
        return Nothing(NothingBecause.LEFT)
    if rater.gate == RaterGate.PLACE:
        return Nothing(NothingBecause.PLACE)
    if rater.gate == RaterGate.ENDED:
        return Nothing(NothingBecause.ENDED)
    if campaign.state in STATES:
        return Nothing(STATES[CampaignState(campaign.state)])
    if rater.gate != RaterGate.OPEN or Assignment.objects.filter(rater=rater, state=AssignmentState.HELD).exists():
        return Nothing(NothingBecause.NONE)
    if not in_cohort(campaign, rater.participant):
        return Nothing(NothingBecause.COHORT)
    if reached_quota(rater):
        return Nothing(NothingBecause.QUOTA)
    if reached_days_quota(rater):
        return Nothing(NothingBecause.DAY, next_day_in(campaign))
    return Nothing(_among_items(rater))


def _among_items(rater: Rater) -> NothingBecause:
    """Open to the rater; else in others' hands, whose leases may end; else done as far as this rater goes."""
    if open_items_for(rater).exists() or revivable_of(rater).exists():
        return NothingBecause.NONE
    had = Assignment.objects.filter(rater=rater).values("item")
    held = Assignment.objects.filter(campaign=rater.campaign, state=AssignmentState.HELD, seat__isnull=False)
    return NothingBecause.OTHERS if held.exclude(item__in=had).exists() else NothingBecause.DONE


def next_day_in(campaign: Campaign) -> datetime:
    """When the campaign's next day begins: midnight there, or the first moment after it where clocks skip midnight."""
    return day_begins(today_in(campaign) + timedelta(days=1), ZoneInfo(campaign.time_zone))


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
