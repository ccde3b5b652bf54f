"""Campaigns and runs by whoever may see them; the rules on roles stand in studies.permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from annotation.models import Campaign, CohortMember, Participant, Rater
from pipeline.models import Run
from studies.enums import Role
from studies.models import Membership
from studies.permissions import RATES, studies_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from studies.models import User


def campaigns_of(user: User | AnonymousUser, *roles: Role) -> QuerySet[Campaign]:
    """Campaigns of the studies that the user is a member of with one of the roles (any, when none is named).

    Of those, raters see the ones that they take part in and, unless a recruiter sent them for one alone, the ones that
    they may join: not a campaign for a cohort without them.
    """
    campaigns = Campaign.objects.filter(study__in=studies_of(user, *roles)).select_related("study")
    if not user.is_authenticated:
        return campaigns
    rates = Membership.objects.filter(study=OuterRef("study"), user=user, role__in=RATES)
    takes_part = Rater.objects.filter(campaign=OuterRef("pk"), participant__user=user)
    recruited = Participant.objects.filter(study=OuterRef("study"), user=user).exclude(recruiter="")
    chosen = CohortMember.objects.filter(campaign=OuterRef("pk"), participant__user=user)
    may_join = ~Exists(recruited) & (Q(cohort_only=False) | Exists(chosen))
    return campaigns.filter(~Exists(rates) | Exists(takes_part) | may_join)


def campaign_for(user: User | AnonymousUser, study: str, slug: str, *roles: Role) -> Campaign:
    """The campaign by its study's slug and its own, as in /s/<study>/c/<slug>/; Http404 to whoever may not see it."""
    return _one(campaigns_of(user, *roles).filter(study__slug=study, slug=slug))


def campaign_by_id(user: User | AnonymousUser, public_id: str, *roles: Role) -> Campaign:
    """The campaign by its public id, as in /c/<public_id>/rate/; Http404 to whoever may not see it."""
    return _one(campaigns_of(user, *roles).filter(public_id=public_id))


def run_for(user: User | AnonymousUser, study: str, public_id: str, *roles: Role) -> Run:
    """The run by its study's slug and its public id, as in /s/<study>/runs/<run>/; Http404 as above."""
    runs = Run.objects.filter(study__in=studies_of(user, *roles), study__slug=study, public_id=public_id)
    run = runs.select_related("study", "created_by").first()
    if run is None:
        raise Http404("There is no such run.")
    return run


def _one(campaigns: QuerySet[Campaign]) -> Campaign:
    campaign = campaigns.select_related("guideline").first()
    if campaign is None:
        raise Http404("There is no such campaign.")
    return campaign
