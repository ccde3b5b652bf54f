"""A campaign's rules on one page: what raters may do, how many answers are asked for, who may take part."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotation.domain.errors import AnnotationError
from annotation.domain.progress import progress_of
from annotation.domain.raising import raise_k
from annotation.domain.rules import RulesInvalid, set_rules
from annotation.enums import AssignmentState, CampaignState, Origin, RaterState
from annotation.models import Campaign
from annotation.permissions import campaign_for
from annotation.views.access import logged_in
from annotation.views.cohort_form import CohortForm
from annotation.views.rules_form import RulesForm
from studies.http import SeeOther, actor_of
from studies.permissions import LEADS


@dataclass(frozen=True)
class Raising:
    """What raising K to ``k`` would do. ``surplus`` answers may take some of the seats before anybody is asked."""

    k: int
    seats: int
    judgments: int
    wanted: int
    surplus: int


@logged_in
@require_safe
def rules(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LEADS)
    wanted = request.GET.get("k", "")
    preview = raising_to(found, int(wanted)) if wanted.isdecimal() and found.k < int(wanted) <= 1000 else None
    problem = f"{wanted!r} is no number above {found.k} and up to 1000." if wanted and preview is None else ""
    return rules_page(request, found, raising=preview, k_problem=problem)


def rules_page(request: HttpRequest, campaign: Campaign, status: int = 200, **more: object) -> HttpResponse:
    context = {
        "study": campaign.study,
        "campaign": campaign,
        "over": campaign.state == CampaignState.CLOSED or campaign.origin == Origin.IMPORTED,
        "form": RulesForm(campaign),
        "cohort_form": CohortForm(campaign),
        "cohort": list(campaign.cohort.select_related("participant").order_by("participant__pseudonym")),
        "one_more": raising_to(campaign, campaign.k + 1),
    }
    return render(request, "annotation/rules.html", context | more, status=status)


def raising_to(campaign: Campaign, k: int) -> Raising:
    progress, more = progress_of(campaign), k - campaign.k
    surplus = campaign.assignments.filter(state=AssignmentState.SURPLUS, rater__state=RaterState.ACTIVE).count()
    return Raising(k, progress.items * more, progress.questions * more, progress.questions * k, surplus)


@logged_in
@require_POST
def change_rules(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LEADS)
    form = RulesForm(found, request.POST)
    if not form.is_valid():
        return rules_page(request, found, status=400, form=form)
    try:
        set_rules(campaign=found, actor=actor_of(request), rules=form.rules())
    except RulesInvalid as error:
        form.add_problems(error.problems)
        return rules_page(request, found, status=400, form=form)
    except AnnotationError as error:
        messages.error(request, error.message)
        return _back(found)
    messages.success(request, "These rules hold from now on.")
    return _back(found)


@logged_in
@require_POST
def raise_seats(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LEADS)
    wanted = request.POST.get("k", "")
    if not wanted.isdecimal() or len(wanted) > 6:
        messages.error(request, f"{wanted[:20]!r} is no number of raters; K stays {found.k}.")
        return _back(found)
    try:
        raised = raise_k(campaign=found, k=int(wanted), actor=actor_of(request))
        messages.success(request, f"Every question now gets {raised.k} judgments.")
    except AnnotationError as error:
        messages.error(request, error.message)
    return _back(found)


def _back(campaign: Campaign) -> HttpResponse:
    return SeeOther(reverse("annotation:rules", args=[campaign.study.slug, campaign.slug]))
