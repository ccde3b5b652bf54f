from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from studies.enums import Role
from studies.models import Membership, User
from tests import factories


@pytest.fixture
def typed(monkeypatch):
    def type_in(text):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return type_in


def test_add_member_makes_the_first_lead(study, typed, capsys):
    typed(factories.PASSWORD + "\n")
    call_command("add_member", "figs", "ada")
    membership = Membership.objects.get()
    assert (membership.study, membership.role) == (study, Role.LEAD)
    assert membership.user.check_password(factories.PASSWORD)
    assert "ada is a lead of figs" in capsys.readouterr().out


def test_add_member_asks_no_password_of_whoever_has_one(study, typed):
    user = factories.make_user("ada")
    typed("another password\n")
    call_command("add_member", "figs", "ada", role="researcher")
    user.refresh_from_db()
    assert user.check_password(factories.PASSWORD)
    assert Membership.objects.get().role == Role.RESEARCHER


def test_add_member_names_the_studies_there_are(study, typed):
    with pytest.raises(CommandError, match=r"'fogs'.*figs"):
        call_command("add_member", "fogs", "ada")


def test_add_member_with_a_weak_password_changes_nothing(study, typed):
    typed("12345\n")
    with pytest.raises(CommandError, match="too short"):
        call_command("add_member", "figs", "ada")
    assert not User.objects.exists()
