"""Before the first item: information and consent, a screen wide enough, the instructions."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from annotation.domain.consenting import answer_consent
from annotation.domain.errors import NotAllowed, WrongState
from annotation.domain.finishing import (
    OVER,
    give_up_device,
    is_recruited,
    may_begin_after_all,
    settle_rater,
    take_back_end,
)
from annotation.domain.gates import open_gates
from annotation.domain.joining import join_campaign
from annotation.domain.rendering import rendered_html
from annotation.enums import CampaignState, Origin, RaterGate, RaterOutcome, RaterState
from annotation.models import Campaign, Consent, Rater
from annotation.permissions import campaign_by_id
from annotation.views.access import logged_in
from annotation.views.errors import errors_as_pages
from annotation.views.finishing import not_open, own_rater
from annotation.views.rating_page import mark_of
from annotation.views.steps import Step, steps_of
from studies.http import SeeOther, actor_of
from studies.language import speak
from studies.permissions import RATES

CLOSED = (CampaignState.DRAFT, CampaignState.CLOSED)
FURTHER = {RaterGate.QUIZ: "quiz"}  # every other gate is where work is
RaterView = Callable[[HttpRequest, Rater], HttpResponse]


def for_own_rater(view: RaterView) -> Callable[[HttpRequest, str], HttpResponseBase]:
    """Loads the user's rater, who joins if they may; a campaign that is not open says so."""

    @logged_in
    @errors_as_pages
    @wraps(view)
    def wrapped(request: HttpRequest, public_id: str) -> HttpResponse:
        campaign = campaign_by_id(request.user, public_id, *RATES)
        speak(campaign.language)
        if campaign.state in CLOSED or campaign.origin == Origin.IMPORTED:
            return not_open(request, campaign)
        join_campaign(user=actor_of(request), campaign=campaign)
        return view(request, own_rater(request, public_id))

    return wrapped


@require_safe
@for_own_rater
def begin(request: HttpRequest, rater: Rater) -> HttpResponse:
    """The information, while it waits for an answer or the answer can still be changed; else on to where they are."""
    if rater.campaign.state in OVER:
        settle_rater(rater=rater)
        rater = own_rater(request, rater.campaign.public_id)
    waits = rater.state == RaterState.ACTIVE and (rater.gate == RaterGate.CONSENT or may_begin_after_all(rater))
    return _information(request, rater) if waits else redirect(_further(rater))


def _further(rater: Rater) -> str:
    name = FURTHER.get(RaterGate(rater.gate), "rate")
    return reverse(f"annotation:{name}", args=[rater.campaign.public_id])


def _information(request: HttpRequest, rater: Rater, problem: str = "", status: int = 200) -> HttpResponse:
    campaign = rater.campaign
    form = campaign.consent_form
    html = rendered_html([form.information, form.statement, form.warning] if form else [])
    context = {
        "campaign": campaign,
        "mark": mark_of(campaign),
        "steps": steps_of(campaign, Step.CONSENT),
        "form": form,
        "information": html.get(form.information) if form else "",
        "statement": html.get(form.statement) if form else "",
        "warning": html.get(form.warning) if form and form.warning else "",
        "asked_again": form and Consent.objects.filter(rater=rater, agreed=True).exclude(form=form).exists(),
        "declined": form and Consent.objects.filter(rater=rater, form=form, agreed=False).exists(),
        "no_device": rater.outcome == RaterOutcome.INCOMPATIBLE_DEVICE,
        "recruited": is_recruited(rater),
        "may_give_up": is_recruited(rater) and rater.gate != RaterGate.ENDED,
        "address": request.build_absolute_uri(reverse("annotation:begin", args=[campaign.public_id])),
        "problem": problem,
    }
    return render(request, "annotation/begin.html", context, status=status)


@require_POST
@for_own_rater
def consent(request: HttpRequest, rater: Rater) -> HttpResponse:
    form = rater.campaign.consent_form
    agreed = {"1": True, "0": False}.get(request.POST.get("agreed", ""))
    if form is None:
        return SeeOther(_further(rater))
    if agreed is None:
        return _information(request, rater, gettext("Please choose one of the two answers below."), 400)
    if request.POST.get("version") != str(form.version):
        changed = gettext("The study information has changed meanwhile. Please read it before you answer.")
        return _information(request, rater, changed, WrongState.status)
    answer_consent(rater=rater, form=form, agreed=agreed)
    rater.refresh_from_db(fields=["gate"])
    name = "rate" if rater.gate == RaterGate.ENDED else "instructions"
    return SeeOther(reverse(f"annotation:{name}", args=[rater.campaign.public_id]))


@require_POST
@for_own_rater
def device(request: HttpRequest, rater: Rater) -> HttpResponse:
    """``wide=0``: there is no screen as wide as needed; ``wide=1``: there is one after all."""
    if request.POST.get("wide") == "1":
        take_back_end(rater=rater)
        rater = open_gates(rater=rater)
        return SeeOther(reverse("annotation:begin", args=[rater.campaign.public_id]))
    give_up_device(rater=rater)
    return SeeOther(reverse("annotation:rate", args=[rater.campaign.public_id]))


@require_safe
@for_own_rater
def instructions(request: HttpRequest, rater: Rater) -> HttpResponse:
    """The guideline, on a page of its own before the first question; it stays one key away on every later one."""
    if rater.state != RaterState.ACTIVE:
        raise NotAllowed(gettext("You no longer take part in this campaign."))
    if rater.gate in (RaterGate.CONSENT, RaterGate.ENDED, RaterGate.PLACE):
        return redirect("annotation:begin", rater.campaign.public_id)
    campaign: Campaign = rater.campaign
    guideline = campaign.guideline.text
    context = {
        "campaign": campaign,
        "mark": mark_of(campaign),
        "steps": steps_of(campaign, Step.INSTRUCTIONS),
        "guideline": rendered_html([guideline])[guideline],
        "gate": rater.gate,
        "further": _further(rater),
    }
    return render(request, "annotation/instructions.html", context)
