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
from annotation.models import Assignment, Rater
from annotation.views.finishing import no_work
from annotation.views.mould import cast_page
from annotation.views.rating_form import entered_in, fetched_ahead, submission_of
from annotation.views.rating_page import RatingPage, page_ahead, work_page
from studies.http import SeeOther
from studies.language import speak
from studies.permissions import RATES


def show(request: HttpRequest, page: RatingPage, status: int = 200) -> HttpResponse:
    part = "#item" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"annotation/rate_item.html{part}", {"page": page}, status=status)


def onward(request: HttpRequest, rater: Rater) -> HttpResponse:
    """The next item, by the same reply for HTMX and by 303 without it.

    A page that has fetched an item ahead gets the one after that, and 204 where there is none.
    """
    speak(rater.campaign.language)
    ahead = fetched_ahead(request.POST) if request.htmx else ""  # type: ignore[attr-defined]
    assignment = claim_assignment(rater=rater, besides=ahead)
    if ahead:
        return show_ahead(request, assignment, before=ahead)
    rate_url = reverse("annotation:rate", args=[rater.campaign.public_id])
    url = reverse("annotation:item", args=[assignment.token]) if assignment else rate_url
    if not request.htmx:  # type: ignore[attr-defined]
        return SeeOther(url)
    if assignment is None:
        return push_url(no_work(request, rater), url)
    return push_url(show(request, work_page(assignment)), url)


def show_ahead(request: HttpRequest, assignment: Assignment | None, before: str) -> HttpResponse:
    """The item that comes after the one of the token ``before``; 204 for none."""
    if assignment is None:
        return HttpResponse(status=204)
    return show(request, page_ahead(assignment, before=before))


def hand_in_plainly(request: HttpRequest, token: str) -> HttpResponse | None:
    """The reply to a submit with nothing to be said about it; None, and nothing done, for every other."""
    if request.method != "POST" or not request.user.is_authenticated:
        return None
    submission = submission_of(entered_in(request.POST), request.POST)
    ahead = fetched_ahead(request.POST) if request.htmx else ""  # type: ignore[attr-defined]
    handed = hand_in(user=request.user, roles=RATES, token=token, submission=submission, besides=ahead)
    if handed is None:
        return None
    if handed.following is None:
        reply = onward(request, Rater.objects.select_related("campaign").get(pk=handed.rater_id))
    else:
        reply = _next_item(request, handed.following, after=token, ahead=ahead)
    add_never_cache_headers(reply)
    return reply


def _next_item(request: HttpRequest, following: NextItem, after: str, ahead: str) -> HttpResponse:
    url = reverse("annotation:item", args=[following.token])
    if not request.htmx:  # type: ignore[attr-defined]
        return SeeOther(url)
    reply = HttpResponse(cast_page(following, [after, ahead] if ahead else [after], get_token(request)))
    return reply if ahead else push_url(reply, url)
