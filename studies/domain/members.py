"""Who belongs to a study, and the links that let them in."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from studies.domain.audit import Detail, record_event
from studies.domain.errors import InviteUnusable, StudyInvalid
from studies.domain.users import create_user
from studies.enums import Role
from studies.models import Invite, Membership, Study, User
from studies.permissions import INCLUDES
from studies.tokens import new_token

LARGEST_QUOTA = 1000
LONGEST_DAYS = 365


def add_member(*, study: Study, user: User, role: str, actor: User | None = None) -> Membership:
    """Makes the user a member with the role; a member of another role gets this one. Repeating it changes nothing."""
    with transaction.atomic():
        membership, made = Membership.objects.select_for_update().get_or_create(
            study=study, user=user, defaults={"role": Role(role)}
        )
        if not made and membership.role == role:
            return membership
        before = "" if made else membership.role
        membership.role = Role(role)
        membership.save(update_fields=["role"])
        record_event(
            study=study,
            actor=actor,
            verb="add_member",
            subject=f"user:{user.username}",
            detail={"role": role, "before": before},
        )
    return membership


def remove_member(*, study: Study, user: User, actor: User) -> None:
    """The user is no member any more: every page of the study is closed to them, and what they answered stays.

    Removing who is no member changes nothing. Raises StudyInvalid for the last lead.
    """
    with transaction.atomic():
        leads = list(Membership.objects.select_for_update().filter(study=study, role=Role.LEAD).order_by("pk"))
        membership = Membership.objects.select_for_update().filter(study=study, user=user).first()
        if membership is None:
            return
        if [lead.user_id for lead in leads] == [user.pk]:
            raise StudyInvalid(
                "user",
                f"{user.username} is the study's last lead and cannot be removed: make somebody else lead first.",
            )
        role = membership.role
        membership.delete()
        record_event(
            study=study, actor=actor, verb="remove_member", subject=f"user:{user.username}", detail={"role": role}
        )


def create_invite(*, study: Study, role: str, created_by: User, quota: int = 1, days: int = 14) -> tuple[Invite, str]:
    """An invite and its secret of 130 bits. The secret is returned once and stored nowhere: only its sha256 is."""
    if role not in Role.values:
        raise StudyInvalid("role", f"There is no role {role!r}. Choose one of {', '.join(Role.values)}.")
    if not 1 <= quota <= LARGEST_QUOTA:
        raise StudyInvalid("quota", f"An invitation is for 1 to {LARGEST_QUOTA} people, not {quota}.")
    if not 1 <= days <= LONGEST_DAYS:
        raise StudyInvalid("days", f"An invitation lasts 1 to {LONGEST_DAYS} days, not {days}.")
    secret = new_token()
    with transaction.atomic():
        invite = Invite.objects.create(
            study=study,
            role=role,
            secret_sha256=_hash(secret),
            quota=quota,
            expires_at=timezone.now() + timedelta(days=days),
            created_by=created_by,
        )
        _record(invite, created_by, "create_invite", quota=quota, days=days)
    return invite, secret


def invite_for(secret: str) -> Invite:
    """The usable invite with this secret; InviteUnusable otherwise, for whatever reason."""
    invite = Invite.objects.select_related("study").filter(secret_sha256=_hash(secret)).first()
    if invite is None or not is_usable(invite):
        raise InviteUnusable
    return invite


def is_usable(invite: Invite) -> bool:
    return invite.revoked_at is None and invite.expires_at > timezone.now() and invite.uses < invite.quota


def accept_invite(*, secret: str, user: User) -> Membership:
    """Makes the user a member with the invite's role and counts one use, under the invite's row lock.

    Whoever is in the study already, with this role or one that includes it, stays as they are and uses nothing up, even
    when the invite is over since: opening one's own link again is no error. Raises InviteUnusable otherwise.
    """
    with transaction.atomic():
        invite = Invite.objects.select_for_update().filter(secret_sha256=_hash(secret)).first()
        if invite is None:
            raise InviteUnusable
        membership = Membership.objects.filter(study_id=invite.study_id, user=user).first()
        if membership is not None and not _widens(membership.role, invite.role):
            return membership
        if not is_usable(invite):
            raise InviteUnusable
        invite.uses += 1
        invite.save(update_fields=["uses"])
        _record(invite, user, "accept_invite", use=invite.uses)
        return add_member(study=invite.study, user=user, role=invite.role, actor=user)


def join_by_invite(*, secret: str, username: str, password: str) -> Membership:
    """A new login and its membership, both or neither. Raises InviteUnusable, or StudyInvalid naming the field."""
    with transaction.atomic():
        invite_for(secret)
        return accept_invite(secret=secret, user=create_user(username=username, password=password))


def revoke_invite(*, invite: Invite, actor: User) -> Invite:
    """Nobody can use the invite from now on; who came in by it stays. Revoking twice changes nothing."""
    with transaction.atomic():
        locked = Invite.objects.select_for_update().select_related("study").get(pk=invite.pk)
        if locked.revoked_at is None:
            locked.revoked_at = timezone.now()
            locked.save(update_fields=["revoked_at"])
            _record(locked, actor, "revoke_invite", uses=locked.uses)
    return locked


def _widens(held: str, offered: str) -> bool:
    """A rater who is made a researcher or lead by name, or a researcher made lead; nobody is moved down by a link."""
    order = [Role.RATER, Role.RESEARCHER, Role.LEAD]
    return Role(offered) not in INCLUDES[Role(held)] and order.index(Role(offered)) > order.index(Role(held))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _record(invite: Invite, actor: User, verb: str, **numbers: int) -> None:
    detail: Detail = {"role": invite.role, **numbers}
    record_event(study=invite.study, actor=actor, verb=verb, subject=f"invite:{invite.pk}", detail=detail)
