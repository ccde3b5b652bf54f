"""A session brings its user in one look-up, and ends when anybody ends it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from studies.models import Session, Study, User
from studies.sessions import SessionStore
from studies.statements import one_row
from tests import factories

HOME = reverse("annotation:home")


@pytest.fixture
def browser_a(client: Client, study: Study, rater_a: User) -> Client:
    client.force_login(rater_a)
    return client


def let_in(browser: Client) -> bool:
    return browser.get(HOME).status_code == 200


def test_session_and_user_are_one_query(browser_a: Client) -> None:
    with CaptureQueriesContext(connection) as captured:
        browser_a.get(reverse("studies:login"))
    asked = [query["sql"] for query in captured if "session" in query["sql"] or "studies_user" in query["sql"]]
    assert len(asked) == 1


def test_user_of_a_session_is_the_whole_user(study: Study) -> None:
    user = factories.make_user("whole", first_name="W", email="w@example.org", is_staff=True)
    client = Client()
    client.force_login(user)
    store = SessionStore(client.session.session_key)
    assert store[SESSION_KEY] == str(user.pk)
    user.refresh_from_db()
    for field in User._meta.concrete_fields:
        found, expected = getattr(store.user, field.attname), getattr(user, field.attname)
        assert (type(found), found) == (type(expected), expected), field.attname


def test_deleted_session_is_over_at_once(browser_a: Client, rater_a: User) -> None:
    assert let_in(browser_a)
    Session.objects.filter(user=rater_a).delete()
    assert not let_in(browser_a)


def test_closed_login_is_out_at_once(browser_a: Client, rater_a: User) -> None:
    assert let_in(browser_a)
    User.objects.filter(pk=rater_a.pk).update(is_active=False)
    assert not let_in(browser_a)


def test_changed_password_ends_other_sessions_at_once(browser_a: Client, rater_a: User) -> None:
    assert let_in(browser_a)
    rater_a.set_password("another long enough passphrase")
    rater_a.save()
    assert not let_in(browser_a)


def test_session_of_another_users_number_is_nobodys_shortcut(browser_a: Client, rater_a: User, rater_b: User) -> None:
    """The row says rater_b, the signed data say rater_a: Django's own way decides, by the data."""
    Session.objects.filter(user=rater_a).update(user=rater_b)
    assert browser_a.get(HOME).wsgi_request.user == rater_a


def test_session_without_a_user_is_anonymous(client: Client, db: None) -> None:
    store = SessionStore()
    store["colour"] = "green"
    store.create()
    client.cookies["sessionid"] = str(store.session_key)
    assert not let_in(client)
    assert SessionStore(store.session_key)["colour"] == "green"


def test_forgotten_session_key_gives_a_new_one(db: None) -> None:
    store = SessionStore("a" * 32)
    assert store.load() == {}
    assert store.session_key is None


@pytest.mark.django_db(transaction=True)
def test_session_is_asked_for_again_where_the_connection_died(monkeypatch: pytest.MonkeyPatch) -> None:
    user = factories.make_user()
    client = Client()
    client.force_login(user)
    failures = [OperationalError("the connection is gone")]

    def once_dead(*words: Any) -> object:
        if failures:
            raise failures.pop()
        return one_row(*words)

    monkeypatch.setattr("studies.sessions.one_row", once_dead)
    assert SessionStore(client.session.session_key)[SESSION_KEY] == str(user.pk)
