"""How much a rater has done, and how much more their campaign lets them do, in all and today."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Case, DateField, F, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Now, TruncDate

from annotation.models import Campaign, Rater


def local_day(campaign: Campaign, at: Combinable | None = None) -> TruncDate:
    """The campaign's day at a moment, by the database's clock: from midnight to midnight in its time zone, so that the
    days on which clocks are changed have 23 or 25 hours. hand_in.sql reckons the same."""
    return TruncDate(at or Now(), tzinfo=ZoneInfo(campaign.time_zone), output_field=DateField())


def today_in(campaign: Campaign) -> date:
    day: date = Campaign.objects.filter(pk=campaign.pk).values_list(local_day(campaign), flat=True).get()
    return day


def note_submitted(*, rater: Rater) -> None:
    """One item more is submitted, today. The rater's row must be locked, and its campaign loaded."""
    today = local_day(rater.campaign)
    Rater.objects.filter(pk=rater.pk).update(
        n_submitted=F("n_submitted") + 1, n_day=Case(When(day=today, then=F("n_day") + 1), default=Value(1)), day=today
    )


def saved_by(rater: Rater) -> int:
    """Items submitted after training and qualification: work, and what is mixed into it."""
    return max(0, rater.n_submitted - rater.n_before)


def reached_quota(rater: Rater, n_held: int = 0) -> bool:
    """Whether the rater has done, with what they hold, all that one rater may do here."""
    return 0 < rater.campaign.max_items <= saved_by(rater) + n_held


def reached_days_quota(rater: Rater, n_held: int = 0) -> bool:
    """The same for today. What came before the work is no part of it, and lies before all of it."""
    most = rater.campaign.max_items_day
    if not most:
        return False
    today = rater.n_day if rater.day == today_in(rater.campaign) else 0
    return most <= min(today, saved_by(rater)) + n_held
