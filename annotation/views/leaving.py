"""Leaving a campaign: what it means, the act, and its receipt. As near as the way in, at any time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.domain.withdrawing import comings_and_goings, keeps_words, withdraw_rater
from annotation.enums import RaterState
from annotation.models import Demographic, Judgment, Rater
from annotation.views.finishing import own_rater
from studies.http import SeeOther, actor_of
from studies.models import AuditEvent


@dataclass(frozen=True)
class Receipt:
    number: int
    when: datetime
    items: int
    erased: str  # in words


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, public_id: str) -> HttpResponse:
    """A rater's own place in a campaign, whatever the campaign's state; for everybody else it does not exist."""
    rater = own_rater(request, public_id)
    if request.method == "POST":
        withdraw_rater(rater=rater, erase=request.POST.get("erase") == "1", actor=actor_of(request))
        return SeeOther(reverse("annotation:leave", args=[public_id]))
    left = rater.state == RaterState.WITHDRAWN
    answers = Judgment.objects.filter(rater=rater)
    n_kept = answers.filter(erased_at__isnull=True).count()
    context = {
        "campaign": rater.campaign,
        "left": left,
        "receipts": _receipts(rater) if left else [],
        "n_answers": answers.count(),
        "n_kept": n_kept,
        "keeps_words": bool(n_kept) or keeps_words(rater),
        "n_details": Demographic.objects.filter(participant=rater.participant_id).count(),
    }
    return render(request, "annotation/leave.html", context)


def _receipts(rater: Rater) -> list[Receipt]:
    """Of leaving, and of every erasure after it; the newest first."""
    return [
        Receipt(event.pk, event.made_at, _number(event, "assignments"), _erased(event))
        for event in comings_and_goings(rater)
        if event.verb == "withdraw_rater"
    ]


def _number(event: AuditEvent, name: str) -> int:
    return int(event.detail.get(name) or 0)


def _erased(event: AuditEvent) -> str:
    if not event.detail.get("erase"):
        return gettext("nothing")
    answers, remarks = _number(event, "erased_judgments"), _number(event, "erased_remarks")
    quiz, closings = _number(event, "erased_quiz_attempts"), _number(event, "erased_closings")
    told = [
        ngettext("%(n)s answer", "%(n)s answers", answers) % {"n": answers},
        ngettext("%(n)s remark", "%(n)s remarks", remarks) % {"n": remarks},
    ]
    if quiz:
        told.append(ngettext("the answers of %(n)s quiz", "the answers of %(n)s quizzes", quiz) % {"n": quiz})
    if closings:
        told.append(gettext("the answer to the last question"))
    if details := _number(event, "erased_demographics"):
        told.append(ngettext("%(n)s detail about you", "%(n)s details about you", details) % {"n": details})
    return ", ".join(told)
