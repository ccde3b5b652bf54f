"""One rater of a campaign as a lead sees them: by pseudonym, what they did, and whether they take part."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotation.domain.errors import AnnotationError
from annotation.domain.handing_on import hand_on
from annotation.domain.overview import raters_of
from annotation.domain.remark_masks import shown_remarks
from annotation.domain.remarks import remarks_of
from annotation.domain.withdrawing import comings_and_goings, exclude_rater, readmit_rater
from annotation.enums import RaterState
from annotation.models import Rater
from annotation.permissions import campaign_for
from annotation.views.access import logged_in
from annotation.views.signal_words import facts_of, speed_in_words
from annotation.views.signals import rows_of
from annotation.views.strips import LARGE
from annotation.views.wording import number_of
from studies.http import SeeOther, actor_of
from studies.permissions import LEADS, LOOKS, may

REMARKS_SHOWN = 50


@logged_in
@require_safe
def rater(request: HttpRequest, study: str, campaign: str, pseudonym: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LOOKS)
    row = get_object_or_404(raters_of(found), participant__pseudonym=pseudonym)
    may_lead = may(request.user, found.study, *LEADS)
    (shown,), strips, made_at = rows_of(found, LARGE, of=row)
    remarks = remarks_of(found).filter(assignment__rater=row)
    context = {
        "study": found.study,
        "campaign": found,
        "rater": row,
        "strips": strips,
        "made_at": made_at,
        "width": LARGE,
        "shown": shown,
        "facts": facts_of(shown.signals),
        "speed": speed_in_words(shown.signals),
        "remarks": shown_remarks(remarks[:REMARKS_SHOWN]),
        "events": comings_and_goings(row),
        "may_hand_on": may_lead,
        "may_exclude": may_lead and row.state == RaterState.ACTIVE,
        "may_readmit": may_lead and row.state == RaterState.EXCLUDED,
    }
    return render(request, "annotation/rater.html", context)


@logged_in
@require_POST
def exclude(request: HttpRequest, study: str, campaign: str, pseudonym: str) -> HttpResponse:
    return _take(request, study, campaign, pseudonym, exclude_rater, "is excluded; the seats are open to others")


@logged_in
@require_POST
def readmit(request: HttpRequest, study: str, campaign: str, pseudonym: str) -> HttpResponse:
    return _take(request, study, campaign, pseudonym, readmit_rater, "takes part again")


@logged_in
@require_POST
def hand_on_held(request: HttpRequest, study: str, campaign: str, pseudonym: str) -> HttpResponse:
    found = _found(request, study, campaign, pseudonym)
    number = hand_on(rater=found, actor=actor_of(request))
    held = f"{number_of(number, 'item')} of rater {pseudonym} {'is' if number == 1 else 'are'} open to others now."
    messages.success(request, held if number else f"Rater {pseudonym} holds nothing.")
    return SeeOther(reverse("annotation:rater", args=[study, campaign, pseudonym]))


def _found(request: HttpRequest, study: str, slug: str, pseudonym: str) -> Rater:
    campaign = campaign_for(request.user, study, slug, *LEADS)
    raters = Rater.objects.select_related("campaign__study", "participant")
    return get_object_or_404(raters, campaign=campaign, participant__pseudonym=pseudonym)


def _take(
    request: HttpRequest, study: str, slug: str, pseudonym: str, step: Callable[..., object], outcome: str
) -> HttpResponse:
    found = _found(request, study, slug, pseudonym)
    try:
        step(rater=found, reason=request.POST.get("reason", ""), actor=actor_of(request))
        messages.success(request, f"Rater {pseudonym} {outcome}.")
    except AnnotationError as error:
        messages.error(request, error.message)
    return SeeOther(reverse("annotation:rater", args=[study, slug, pseudonym]))
