"""One campaign as leads and researchers see it, and its start, pause and close."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotation.domain.campaigns import CLOSE, close_campaign, may_take, pause_campaign, start_campaign
from annotation.domain.errors import WrongState
from annotation.domain.needs import Needs, activity_of, needs_of
from annotation.domain.overview import busiest_raters, items_by_seats, items_of, with_numbers
from annotation.domain.progress import progress_of
from annotation.domain.rendering import rendered_html
from annotation.domain.sides import sides_of
from annotation.models import Campaign
from annotation.permissions import campaign_for
from annotation.views.access import logged_in
from annotation.views.signal_words import skip_in_words
from annotation.views.studies import campaign_row, campaigns_part
from annotation.views.wording import number_of
from pipeline.enums import InstrumentName
from studies.http import SeeOther, actor_of, next_url
from studies.permissions import LEADS, LOOKS, may

ITEMS_PER_PAGE = 50
RATERS_SHOWN = 200


@logged_in
@require_safe
def campaign(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LOOKS)
    text = found.guideline.text
    actor = actor_of(request)
    activity = activity_of(found)
    raters = busiest_raters(found, RATERS_SHOWN + 1)
    progress = progress_of(found)
    items = Paginator(items_of(found), ITEMS_PER_PAGE).get_page(request.GET.get("items"))
    context = {
        "campaign": found,
        "study": found.study,
        "row": campaign_row(found, progress),
        "guideline": rendered_html([text])[text],
        "steps": items_by_seats(found, progress),
        "items": items,
        "item_rows": with_numbers(items),
        "raters": raters[:RATERS_SHOWN],
        "more_raters": len(raters) > RATERS_SHOWN,
        "sides": sides_of(found) if found.instrument == InstrumentName.PREFERENCE else None,
        "to_do": to_do(found, needs_of(found, actor)),
        "activity": activity,
        "skips": [skip_in_words(reason, n) for reason, n in activity.skips.items()],
        "may_lead": may(actor, found.study, *LEADS),
        "may_close": may_take(CLOSE, found),
    }
    return render(request, "annotation/campaign.html", context)


def to_do(campaign: Campaign, needs: Needs) -> list[tuple[str, str]]:
    """What waits for the lead, each with where it is done, "" for nowhere here."""
    remarks = reverse("annotation:remarks", args=[campaign.study.slug, campaign.slug])
    recruitment = reverse("annotation:recruitment", args=[campaign.study.slug, campaign.slug])
    signals = reverse("annotation:signals", args=[campaign.study.slug, campaign.slug])
    missing = reverse("annotation:missing", args=[campaign.study.slug, campaign.slug])
    found = [
        (needs.unread_flags, f"Read {number_of(needs.unread_flags, 'new flag')}", f"{remarks}?kind=flag"),
        (needs.unread_others, f"Read {number_of(needs.unread_others, 'new note')}", remarks),
        (needs.payments_due, f"Approve {number_of(needs.payments_due, 'submission')} at the recruiter", recruitment),
        (needs.payments_failed, f"Look after {number_of(needs.payments_failed, 'payment')} that failed", recruitment),
        (
            needs.hasty,
            f"Look at {number_of(needs.hasty, 'rater')} who sent most of their pages faster than these can be read",
            signals,
        ),
        (
            needs.stuck_items,
            f"Find more raters: {number_of(needs.stuck_items, 'item')} can be finished by none of the "
            f"{number_of(needs.available, 'rater')} still here",
            missing,
        ),
        (
            needs.nobody_left,
            f"Find more raters, or raise their quota: {number_of(needs.open_items, 'item')} still open, and the part "
            "of everybody who came has ended",
            missing,
        ),
        (
            needs.all_rest,
            f"Wait for tomorrow, or raise the day's quota: everybody here has done the {campaign.max_items_day:,} "
            f"items of a day, and {number_of(needs.open_items, 'item')} still open",
            missing,
        ),
    ]
    return [(sentence, link) for number, sentence, link in found if number]


@logged_in
@require_POST
def start(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    return _take(request, study, campaign, start_campaign, "collects from now on")


@logged_in
@require_POST
def pause(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    return _take(request, study, campaign, pause_campaign, "is paused. Items that are held may still be submitted")


@logged_in
@require_POST
def close(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    return _take(request, study, campaign, close_campaign, "is closed")


def _take(request: HttpRequest, study: str, slug: str, step: Callable[..., Campaign], outcome: str) -> HttpResponse:
    found = campaign_for(request.user, study, slug, *LEADS)
    try:
        step(campaign=found, actor=request.user)
        messages.success(request, f"“{found.title}” {outcome}.")
    except WrongState as error:
        messages.error(request, error.message)
    if request.htmx:  # type: ignore[attr-defined]  # set by django-htmx
        return campaigns_part(request, found.study)
    return SeeOther(next_url(request, reverse("annotation:study", args=[found.study.slug])))
