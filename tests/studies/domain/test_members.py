from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from studies.domain.errors import InviteUnusable, StudyInvalid
from studies.domain.members import (
    accept_invite,
    add_member,
    create_invite,
    invite_for,
    join_by_invite,
    remove_member,
    revoke_invite,
)
from studies.enums import Role
from studies.models import AuditEvent, Invite, Membership, User
from tests import factories


def test_add_member_is_recorded_once(study, lead):
    user = factories.make_user("new")
    add_member(study=study, user=user, role=Role.RATER, actor=lead)
    add_member(study=study, user=user, role=Role.RATER, actor=lead)
    assert Membership.objects.get(study=study, user=user).role == Role.RATER
    event = AuditEvent.objects.get(verb="add_member")
    assert (event.actor, event.subject, event.detail) == (lead, "user:new", {"role": "rater", "before": ""})


def test_add_member_with_another_role_changes_it_and_says_so(study, rater_a, lead):
    add_member(study=study, user=rater_a, role=Role.RESEARCHER, actor=lead)
    assert Membership.objects.get(study=study, user=rater_a).role == Role.RESEARCHER
    assert AuditEvent.objects.get(verb="add_member").detail == {"role": "researcher", "before": "rater"}


def test_add_member_refuses_an_unknown_role(study):
    with pytest.raises(ValueError, match="emperor"):
        add_member(study=study, user=factories.make_user(), role="emperor")
    assert not Membership.objects.exists()


def test_create_invite_keeps_no_secret(study, lead):
    invite, secret = create_invite(study=study, role=Role.RATER, created_by=lead)
    assert len(secret) == 26  # letters of 5 bits: 130 bits
    row = Invite.objects.values().get(pk=invite.pk)
    events = list(AuditEvent.objects.values())
    assert secret not in repr(row) + repr(events)


@pytest.mark.parametrize(
    ("field", "value"), [("quota", 0), ("quota", 1001), ("days", 0), ("days", 366), ("role", "emperor")]
)
def test_create_invite_refuses_nonsense_naming_it(study, lead, field, value):
    arguments = {"role": Role.RATER, "quota": 1, "days": 1} | {field: value}
    with pytest.raises(StudyInvalid, match=str(value)) as caught:
        create_invite(study=study, created_by=lead, **arguments)
    assert caught.value.field == field
    assert not Invite.objects.exists()


def test_accept_invite_makes_a_member_and_counts_a_use(study, lead):
    invite, secret = create_invite(study=study, role=Role.RESEARCHER, created_by=lead)
    user = factories.make_user()
    assert accept_invite(secret=secret, user=user).role == Role.RESEARCHER
    invite.refresh_from_db()
    assert invite.uses == 1
    assert AuditEvent.objects.filter(verb="accept_invite", actor=user).count() == 1


def test_accept_invite_twice_by_the_same_user_uses_one_place(study, lead):
    invite, secret = create_invite(study=study, role=Role.RATER, created_by=lead)
    user = factories.make_user()
    first = accept_invite(secret=secret, user=user)
    assert accept_invite(secret=secret, user=user) == first
    invite.refresh_from_db()
    assert invite.uses == 1


def test_accept_invite_never_goes_beyond_its_quota(study, lead):
    invite, secret = create_invite(study=study, role=Role.RATER, created_by=lead, quota=2)
    for _ in range(2):
        accept_invite(secret=secret, user=factories.make_user())
    late = factories.make_user()
    with pytest.raises(InviteUnusable):
        accept_invite(secret=secret, user=late)
    assert not Membership.objects.filter(user=late).exists()
    invite.refresh_from_db()
    assert invite.uses == 2


@pytest.mark.django_db(transaction=True)
def test_accept_invite_at_the_same_moment_keeps_the_quota(study, lead):
    invite, secret = create_invite(study=study, role=Role.RATER, created_by=lead, quota=2)
    users = [factories.make_user() for _ in range(6)]
    barrier = threading.Barrier(len(users))
    outcomes: list[str] = []

    def accept(user: User) -> None:
        barrier.wait()
        try:
            accept_invite(secret=secret, user=user)
            outcomes.append("in")
        except InviteUnusable:
            outcomes.append("over")
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in"] * 2 + ["over"] * 4
    invite.refresh_from_db()
    assert invite.uses == 2


def test_accept_invite_never_moves_a_member_down(study, lead):
    invite, secret = create_invite(study=study, role=Role.RATER, created_by=lead)
    assert accept_invite(secret=secret, user=lead).role == Role.LEAD
    invite.refresh_from_db()
    assert invite.uses == 0


def test_accept_invite_raises_a_rater_who_was_made_researcher(study, lead, rater_a):
    _, secret = create_invite(study=study, role=Role.RESEARCHER, created_by=lead)
    assert accept_invite(secret=secret, user=rater_a).role == Role.RESEARCHER


def test_invite_that_is_unknown_expired_revoked_or_used_up_says_the_same(study, lead):
    expired, expired_secret = create_invite(study=study, role=Role.RATER, created_by=lead)
    Invite.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    revoked, revoked_secret = create_invite(study=study, role=Role.RATER, created_by=lead)
    revoke_invite(invite=revoked, actor=lead)
    _, used_secret = create_invite(study=study, role=Role.RATER, created_by=lead)
    accept_invite(secret=used_secret, user=factories.make_user())
    messages = set()
    for secret in ("never-made", expired_secret, revoked_secret, used_secret):
        with pytest.raises(InviteUnusable) as looked:
            invite_for(secret)
        with pytest.raises(InviteUnusable) as caught:
            accept_invite(secret=secret, user=factories.make_user())
        messages |= {looked.value.message, caught.value.message}
    assert len(messages) == 1


def test_join_by_invite_makes_the_login_and_the_membership(study, lead):
    _, secret = create_invite(study=study, role=Role.RATER, created_by=lead)
    membership = join_by_invite(secret=secret, username="ada", password=factories.PASSWORD)
    assert membership.user.check_password(factories.PASSWORD)
    assert (membership.study, membership.role) == (study, Role.RATER)


def test_join_by_invite_that_is_over_makes_no_login(study, lead):
    invite, secret = create_invite(study=study, role=Role.RATER, created_by=lead)
    revoke_invite(invite=invite, actor=lead)
    with pytest.raises(InviteUnusable):
        join_by_invite(secret=secret, username="ada", password=factories.PASSWORD)
    assert not User.objects.filter(username="ada").exists()


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("lead", factories.PASSWORD, "username"),
        ("a b", factories.PASSWORD, "username"),
        ("", factories.PASSWORD, "username"),
        ("ada", "short", "password"),
        ("ada", "password1", "password"),
        ("adalovelace", "adalovelace", "password"),
    ],
)
def test_join_by_invite_names_the_wrong_field_and_changes_nothing(study, lead, username, password, field):
    invite, secret = create_invite(study=study, role=Role.RATER, created_by=lead)
    with pytest.raises(StudyInvalid) as caught:
        join_by_invite(secret=secret, username=username, password=password)
    assert caught.value.field == field
    invite.refresh_from_db()
    assert (invite.uses, Membership.objects.filter(role=Role.RATER).count()) == (0, 0)


def test_revoke_invite_twice_is_recorded_once(study, lead):
    invite, _ = create_invite(study=study, role=Role.RATER, created_by=lead)
    first = revoke_invite(invite=invite, actor=lead).revoked_at
    assert revoke_invite(invite=invite, actor=lead).revoked_at == first
    assert AuditEvent.objects.filter(verb="revoke_invite").count() == 1


def test_remove_member_is_recorded_once_and_never_takes_the_last_lead(study, lead, rater_a):
    remove_member(study=study, user=rater_a, actor=lead)
    remove_member(study=study, user=rater_a, actor=lead)
    assert not Membership.objects.filter(user=rater_a).exists()
    event = AuditEvent.objects.get(verb="remove_member")
    assert (event.actor, event.subject, event.detail) == (lead, f"user:{rater_a.username}", {"role": "rater"})
    with pytest.raises(StudyInvalid, match="last lead"):
        remove_member(study=study, user=lead, actor=lead)
    factories.make_member(study, Role.LEAD)
    remove_member(study=study, user=lead, actor=lead)
    assert not Membership.objects.filter(user=lead).exists()
