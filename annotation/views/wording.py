"""Numbers and moments as a person would say them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.timesince import timeuntil
from django.utils.translation import gettext

from annotation.domain.progress import Progress
from annotation.enums import CampaignState, Origin
from annotation.models import Campaign


def pace_in_words(campaign: Campaign, progress: Progress) -> str:
    """One sentence on whether the campaign is on its way; what a lead reads first."""
    if campaign.origin == Origin.IMPORTED:
        return f"Historic answers, imported: {number_of(progress.kept, 'answer')}, never counted as collected here."
    if campaign.state == CampaignState.DRAFT:
        return f"Not started. {number_of(progress.wanted, 'judgment')} wanted."
    if campaign.state == CampaignState.PAUSED:
        return "Paused: nobody gets a new item."
    if campaign.state == CampaignState.CLOSED:
        return "Closed."
    if progress.complete:
        return "All judgments are in."
    if campaign.state == CampaignState.COMPLETE:
        return "Was complete; answers were withdrawn since. Start it again to fill their places."
    return _collecting(progress)


def _collecting(progress: Progress) -> str:
    if not progress.counted:
        return "Open; nothing is submitted yet." if progress.raters else "Open; nobody has begun yet."
    if not progress.recent:
        return "Nothing came in during the last 24 hours."
    came = f"{number_of(progress.recent, 'judgment')} in the last 24 hours"
    return f"{came}; at this pace {_days(progress.days_left or 0)} to go."


def _days(days: float) -> str:
    if days < 1:
        return "less than a day"
    return "about a day" if days < 1.5 else f"about {round(days):,} days"


def number_of(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def moment_in(moment: datetime, time_zone: str) -> str:
    """A moment to come by the clocks of that zone, with how long it is until then: the reader may live in another."""
    there = moment.astimezone(ZoneInfo(time_zone))
    return gettext("%(weekday)s, %(day)s, %(time)s (%(zone)s, in %(left)s)") % {
        "weekday": date_format(there, "l"),
        "day": date_format(there, "MONTH_DAY_FORMAT"),
        "time": date_format(there, "H:i"),
        "zone": time_zone.replace("_", " "),
        "left": timeuntil(moment, depth=1),
    }
