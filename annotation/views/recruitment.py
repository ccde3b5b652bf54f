"""A campaign's recruitment as its lead sees it: how people came, what they are owed, how it is set up."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.domain.errors import AnnotationError
from annotation.domain.recruiting import forget_recruiter_ids
from annotation.domain.recruiting.payments import PaymentInvalid
from annotation.domain.recruiting.setup import RecruitmentInvalid, set_up_recruitment, subscribe_hooks
from annotation.domain.recruiting.visits import refresh_visits
from annotation.enums import RecruiterAction
from annotation.models import Recruitment
from annotation.permissions import campaign_for
from annotation.recruiters.base import RecruiterError
from annotation.tasks import ask_recruiter, ask_recruiter_to_approve
from annotation.views.access import logged_in
from annotation.views.recruitment_form import RecruitmentForm
from annotation.views.recruitment_page import approvals_page, recruitment_page
from studies.http import SeeOther, actor_of
from studies.models import User
from studies.permissions import LEADS, LOOKS


@logged_in
@require_safe
def recruitment(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    return recruitment_page(request, campaign_for(request.user, study, campaign, *LOOKS))


@logged_in
@sensitive_post_parameters("api_token")
@require_POST
def save(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LEADS)
    form = RecruitmentForm(request.POST)
    if form.is_valid():
        try:
            set_up_recruitment(campaign=found, settings=form.settings, codes=form.codes, actor=actor_of(request))
        except RecruitmentInvalid as error:
            form.add_error(form.name_of(error.field), error.message)
        else:
            messages.success(request, "The settings are stored.")
            return _back(study, campaign)
    return recruitment_page(request, found, form=form, status=400)


@logged_in
@require_POST
def ask(request: HttpRequest, study: str, campaign: str, visit: int) -> HttpResponse:
    """One thing asked of the recruiter for one visit."""

    def act(found: Recruitment, user: User) -> str:
        one = get_object_or_404(found.visits, pk=visit)
        action = _action(request.POST.get("action", ""))
        ask_recruiter(
            visit=one,
            action=action,
            actor=user,
            amount=_amount(request.POST.get("amount", "")),
            reason=request.POST.get("reason", ""),
        )
        return f"“{action.label}” is on its way to Prolific. What came of it stands at the visit."

    return _act(request, study, campaign, act)


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def approve(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    """Who would be approved and who not, and why; then those are who were on that page."""
    if request.method != "POST":
        return approvals_page(request, campaign_for(request.user, study, campaign, *LEADS))
    shown = [int(key) for key in request.POST.getlist("visit") if key.isdecimal() and len(key) < 19]

    def act(found: Recruitment, user: User) -> str:
        asked = len(ask_recruiter_to_approve(recruitment=found, actor=user, visits=shown))
        if not asked:
            return "There was nobody to approve who was not asked for already."
        return f"{asked} approval{'s are' if asked > 1 else ' is'} on the way to Prolific."

    return _act(request, study, campaign, act)


@logged_in
@require_POST
def refresh(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    def act(found: Recruitment, user: User) -> str:
        changed = refresh_visits(recruitment=found, actor=user)
        return f"Prolific was asked: {changed or 'no'} submission{'' if changed == 1 else 's'} had changed."

    return _act(request, study, campaign, act)


@logged_in
@require_POST
def subscribe(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    def act(found: Recruitment, user: User) -> str:
        address = request.build_absolute_uri(reverse("annotation:hook", args=[found.public_id]))
        if not request.is_secure():
            raise AnnotationError("Prolific sends messages to https addresses only, and this one is not.")
        subscribe_hooks(recruitment=found, address=address, actor=user)
        return "Prolific tells us of every change from now on."

    return _act(request, study, campaign, act)


@logged_in
@require_POST
def forget(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    def act(found: Recruitment, user: User) -> str:
        forgotten = forget_recruiter_ids(recruitment=found, actor=user)
        return (
            f"The ids of {forgotten} submission{'' if forgotten == 1 else 's'} are erased, and the API token with them."
        )

    return _act(request, study, campaign, act)


def _act(request: HttpRequest, study: str, slug: str, act: Callable[[Recruitment, User], str]) -> HttpResponse:
    found = campaign_for(request.user, study, slug, *LEADS)
    row = get_object_or_404(Recruitment.objects.select_related("campaign__study"), campaign=found)
    try:
        messages.success(request, act(row, actor_of(request)))
    except (AnnotationError, RecruiterError) as error:
        messages.error(request, error.message)
    return _back(study, slug)


def _back(study: str, campaign: str) -> HttpResponse:
    return SeeOther(reverse("annotation:recruitment", args=[study, campaign]))


def _action(name: str) -> RecruiterAction:
    if name not in RecruiterAction.values:
        raise PaymentInvalid("Choose what to ask of Prolific.")
    return RecruiterAction(name)


def _amount(text: str) -> Decimal | None:
    text = text.strip().replace(",", ".")
    try:
        return Decimal(text) if text else None
    except InvalidOperation as error:
        raise PaymentInvalid(f"“{text}” is no amount: write 1.50 for instance.") from error
