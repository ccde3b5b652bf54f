"""What a rater is shown after a verb: a page or its partial, the next item, or words on why there is none."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django_htmx.http import push_url

from annotation.domain.assignment import claim_assignment
from annotation.domain.handing_in import NextItem, hand_in
from annotation.enums import CampaignState, RaterState
from annotation.models import Assignment, Rater
from annotation.views.mould import cast_page
from annotation.views.rating_form import entered_in, submission_of
from annotation.views.rating_page import RatingPage, mark_of, standing_of, work_page
from studies.http import SeeOther
from studies.permissions import RATES


def show(request: HttpRequest, page: RatingPage, status: int = 200) -> HttpResponse:
    part = "#item" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"annotation/rate_item.html{part}", {"page": page}, status=status)


def onward(request: HttpRequest, rater: Rater) -> HttpResponse:
    """The next item, by the same reply for HTMX and by 303 without it."""
    assignment = claim_assignment(rater=rater)
    rate_url = reverse("annotation:rate", args=[rater.campaign.public_id])
    url = reverse("annotation:item", args=[assignment.token]) if assignment else rate_url
    if not request.htmx:  # type: ignore[attr-defined]
        return SeeOther(url)
    if assignment is None:
        return push_url(no_work(request, rater), url)
    return push_url(show(request, work_page(assignment)), url)


def no_work(request: HttpRequest, rater: Rater) -> HttpResponse:
    campaign = rater.campaign
    campaign.refresh_from_db(fields=["state"])
    standing = standing_of(rater)
    part = "#item" if request.htmx else ""  # type: ignore[attr-defined]
    context = {
        "reason": _why_no_work(rater, any_saved=standing.saved > 0),
        "title": campaign.title,
        "mark": mark_of(campaign),
        "saved": standing.saved,
    }
    return render(request, f"annotation/no_work.html{part}", context)


def _why_no_work(rater: Rater, *, any_saved: bool) -> str:
    if rater.state != RaterState.ACTIVE:
        return "left"
    if rater.campaign.state != CampaignState.COLLECTING:
        return rater.campaign.state
    return "done" if any_saved else "nothing"


def hand_in_plainly(request: HttpRequest, token: str) -> HttpResponse | None:
    """The reply to a submit with nothing to be said about it; None, and nothing done, for every other."""
    if request.method != "POST" or not request.user.is_authenticated:
        return None
    submission = submission_of(entered_in(request.POST), request.POST)
    handed = hand_in(user=request.user, roles=RATES, token=token, submission=submission)
    if handed is None:
        return None
    if handed.following is None:
        reply = onward(request, Rater.objects.select_related("campaign").get(pk=handed.rater_id))
    else:
        reply = _next_item(request, handed.following, after=token)
    add_never_cache_headers(reply)
    return reply


def _next_item(request: HttpRequest, following: NextItem, after: str) -> HttpResponse:
    url = reverse("annotation:item", args=[following.token])
    if not request.htmx:  # type: ignore[attr-defined]
        return SeeOther(url)
    html = cast_page(following, after, get_token(request))
    if html is not None:
        return push_url(HttpResponse(html), url)
    assignment = Assignment.objects.select_related("campaign__guideline", "item", "rater").get(token=following.token)
    return push_url(show(request, work_page(assignment)), url)
