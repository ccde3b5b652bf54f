"""The lead's page of a study. Researchers see the same without what acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from annotation.domain.campaigns import PAUSE, START, may_take
from annotation.domain.overview import runs_of
from annotation.domain.progress import Progress, progress_for
from annotation.enums import CampaignState
from annotation.models import Campaign, Participant, Release
from annotation.views.access import logged_in
from annotation.views.release_page import job_view
from annotation.views.wording import pace_in_words
from studies.domain.errors import StudyInvalid
from studies.domain.members import create_invite, remove_member, revoke_invite
from studies.enums import Role
from studies.forms import InviteForm
from studies.http import SeeOther, actor_of
from studies.models import Invite, Membership, Study
from studies.permissions import LEADS, LOOKS, may, study_for

RUNS_SHOWN = 12
RELEASES_SHOWN = 3
ORDER = [
    CampaignState.COLLECTING,
    CampaignState.PAUSED,
    CampaignState.DRAFT,
    CampaignState.COMPLETE,
    CampaignState.CLOSED,
]


@dataclass(frozen=True)
class CampaignRow:
    campaign: Campaign
    progress: Progress
    pace: str
    may_start: bool
    may_pause: bool

    @property
    def stalled(self) -> bool:
        """It had begun, and nothing comes any more: what a lead must not overlook."""
        at_work = self.campaign.state == CampaignState.COLLECTING and 0 < self.progress.counted < self.progress.wanted
        return at_work and not self.progress.recent


@logged_in
@require_safe
def study(request: HttpRequest, study: str) -> HttpResponse:
    found = study_for(request.user, study, *LOOKS)
    htmx = request.htmx  # type: ignore[attr-defined]  # set by django-htmx
    if htmx and not htmx.history_restore_request:
        return campaigns_part(request, found)
    return study_page(request, found)


def study_page(request: HttpRequest, study: Study, **more: Any) -> HttpResponse:
    runs = list(runs_of(study)[: RUNS_SHOWN + 1])
    context = campaigns_context(request, study) | {
        "runs": runs[:RUNS_SHOWN],
        "more_runs": len(runs) > RUNS_SHOWN,
        "releases": list(_releases(study)[:RELEASES_SHOWN]),
        "release_job": job_view(study),
        "members": _members_by_role(study),
        "n_recruited": _recruited(study).count(),
        "invites": _open_invites(study),
        "invite_form": InviteForm(),
    }
    status = more.pop("status", 200)
    return render(request, "annotation/study.html", context | more, status=status)


def campaigns_part(request: HttpRequest, study: Study) -> HttpResponse:
    """The part of the page that changes while people work; polled, and swapped in after a start or pause."""
    return render(request, "annotation/study.html#campaigns", campaigns_context(request, study))


def campaigns_context(request: HttpRequest, study: Study) -> dict[str, Any]:
    rows = campaign_rows(list(study.campaigns.order_by("created_at", "pk")))
    return {"study": study, "rows": rows, "may_lead": may(request.user, study, *LEADS), "now": timezone.now()}


def campaign_rows(campaigns: Sequence[Campaign]) -> list[CampaignRow]:
    """What collects now stands first."""
    progress = progress_for(campaigns)
    ordered = sorted(campaigns, key=lambda campaign: ORDER.index(CampaignState(campaign.state)))
    return [campaign_row(campaign, progress[campaign.pk]) for campaign in ordered]


def campaign_row(campaign: Campaign, progress: Progress) -> CampaignRow:
    return CampaignRow(
        campaign=campaign,
        progress=progress,
        pace=pace_in_words(campaign, progress),
        may_start=may_take(START, campaign) and progress.items > 0 and not progress.complete,
        may_pause=may_take(PAUSE, campaign),
    )


def _releases(study: Study) -> QuerySet[Release]:
    return study.releases.select_related("created_by").order_by("-pk")


def _recruited(study: Study) -> QuerySet[Membership]:
    """Who came by a recruiter: counted, never listed."""
    came = Participant.objects.filter(study=study, user__isnull=False).exclude(recruiter="")
    return study.memberships.filter(role=Role.RATER, user__in=came.values("user"))


def _members_by_role(study: Study) -> list[tuple[str, list[Membership]]]:
    memberships = study.memberships.exclude(pk__in=_recruited(study).values("pk"))
    memberships = memberships.select_related("user").order_by("role", "user__username")
    found = {role: list(rows) for role, rows in groupby(memberships, key=lambda row: row.role)}
    return [(Role(role).label, found.get(role, [])) for role in Role]


def _open_invites(study: Study) -> QuerySet[Invite]:
    current = study.invites.filter(revoked_at__isnull=True, expires_at__gt=timezone.now())
    return current.select_related("created_by").order_by("-created_at")


@logged_in
@require_POST
def invites(request: HttpRequest, study: str) -> HttpResponse:
    """Makes an invitation. Its link is in this answer and nowhere else, so the answer is a page and no redirect."""
    found = study_for(request.user, study, *LEADS)
    assert request.user.is_authenticated
    form = InviteForm(request.POST)
    if not form.is_valid():
        return study_page(request, found, invite_form=form, status=400)
    try:
        invite, secret = create_invite(study=found, created_by=request.user, **form.cleaned_data)
    except StudyInvalid as error:
        form.add_error(error.field, error.message)
        return study_page(request, found, invite_form=form, status=400)
    link = request.build_absolute_uri(reverse("studies:invite", args=[secret]))
    return study_page(request, found, new_invite=invite, new_link=link)


@logged_in
@require_POST
def revoke(request: HttpRequest, study: str, invite: int) -> HttpResponse:
    found = study_for(request.user, study, *LEADS)
    assert request.user.is_authenticated
    revoke_invite(invite=get_object_or_404(found.invites, pk=invite), actor=request.user)
    messages.success(request, "The invitation is withdrawn. Whoever came in by it stays.")
    return SeeOther(reverse("annotation:study", args=[found.slug]))


@logged_in
@require_POST
def remove(request: HttpRequest, study: str, member: int) -> HttpResponse:
    found = study_for(request.user, study, *LEADS)
    actor = actor_of(request)
    membership = get_object_or_404(found.memberships.select_related("user"), pk=member)
    try:
        remove_member(study=found, user=membership.user, actor=actor)
        messages.success(request, f"{membership.user.username} is no member any more. What they answered stays.")
    except StudyInvalid as error:
        messages.error(request, error.message)
    mine = membership.user_id == actor.pk and not may(actor, found, *LOOKS)
    return SeeOther(reverse("annotation:home") if mine else reverse("annotation:study", args=[found.slug]))
