"""Who may what. Every page, API view and task asks here; nobody else compares roles.

=========  ========================================================================
RATES      answers questions. Not given to leads and researchers: they see sides, models and answers.
LOOKS      sees campaigns, runs, members and releases of the study
LEADS      starts, pauses and closes campaigns, invites, makes releases
=========  ========================================================================

Whoever is not allowed to see a thing is told that it does not exist: 404, the same for an outsider and for a thing that
was never there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.http import Http404

from studies.enums import Role
from studies.models import Study, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

RATES = (Role.RATER,)
LOOKS = (Role.RESEARCHER,)
LEADS = (Role.LEAD,)

# A lead may all that a researcher may.
INCLUDES: dict[Role, tuple[Role, ...]] = {
    Role.LEAD: (Role.LEAD, Role.RESEARCHER),
    Role.RESEARCHER: (Role.RESEARCHER,),
    Role.RATER: (Role.RATER,),
}


def roles_that_include(*roles: Role) -> tuple[Role, ...]:
    """The roles of members who may what one of ``roles`` may; every role when none is named."""
    return tuple(role for role in Role if not roles or set(INCLUDES[role]) & set(roles))


def studies_of(user: User | AnonymousUser, *roles: Role) -> QuerySet[Study]:
    """The studies that the user is a member of with one of the roles (any, when none is named)."""
    if not user.is_authenticated:
        return Study.objects.none()
    return Study.objects.filter(memberships__user=user, memberships__role__in=roles_that_include(*roles))


def study_for(user: User | AnonymousUser, slug: str, *roles: Role) -> Study:
    """The study, or Http404 for whoever is no member of it or has none of the roles."""
    study = studies_of(user, *roles).filter(slug=slug).first()
    if study is None:
        raise Http404("There is no such study.")
    return study


def may(user: User | AnonymousUser, study: Study, *roles: Role) -> bool:
    """Whether the user has one of the roles in the study: for what a page offers, never instead of study_for."""
    return studies_of(user, *roles).filter(pk=study.pk).exists()
