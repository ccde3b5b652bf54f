"""Leaving a campaign: what it means, the act, and its receipt. As near as the way in, at any time."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.domain.withdrawing import comings_and_goings, keeps_words, withdraw_rater
from annotation.enums import RaterState
from annotation.models import Judgment
from annotation.views.finishing import own_rater
from studies.http import SeeOther
from studies.models import User


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, public_id: str) -> HttpResponse:
    """A rater's own place in a campaign, whatever the campaign's state; for everybody else it does not exist."""
    rater = own_rater(request, public_id)
    if request.method == "POST":
        assert isinstance(request.user, User)
        withdraw_rater(rater=rater, erase=request.POST.get("erase") == "1", actor=request.user)
        return SeeOther(reverse("annotation:leave", args=[public_id]))
    left = rater.state == RaterState.WITHDRAWN
    answers = Judgment.objects.filter(rater=rater)
    n_kept = answers.filter(erased_at__isnull=True).count()
    context = {
        "campaign": rater.campaign,
        "left": left,
        "receipts": [event for event in comings_and_goings(rater) if event.verb == "withdraw_rater"] if left else [],
        "n_answers": answers.count(),
        "n_kept": n_kept,
        "keeps_words": bool(n_kept) or keeps_words(rater),
    }
    return render(request, "annotation/leave.html", context)
