from __future__ import annotations

import pytest
from django.contrib.auth import SESSION_KEY
from django.urls import reverse

from studies.domain.members import create_invite, revoke_invite
from studies.enums import Role
from studies.models import Invite, Membership, User
from tests import factories

LOGIN = "/login/"


def log_in(client, username, password=factories.PASSWORD, **more):
    return client.post(LOGIN, {"username": username, "password": password, **more})


@pytest.fixture
def secret(study, lead):
    return create_invite(study=study, role=Role.RATER, created_by=lead, quota=2)[1]


def test_login_goes_home_with_a_new_session(client, rater_a):
    client.get(LOGIN)
    client.session["before"] = True
    before = client.session.session_key
    response = log_in(client, "rater_a")
    assert (response.status_code, response["Location"]) == (303, reverse("annotation:home"))
    assert client.session[SESSION_KEY] == str(rater_a.pk)
    assert client.session.session_key != before


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/s/figs/", "/s/figs/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_login_leads_on_within_this_host_only(client, rater_a, wanted, given):
    assert log_in(client, "rater_a", next=wanted)["Location"] == given
    assert client.get(LOGIN, {"next": wanted})["Location"] == given  # logged in already


def test_login_tells_nobody_which_names_exist(client, rater_a):
    User.objects.create_user("gone", password=factories.PASSWORD, is_active=False)
    answers = [
        log_in(client, "rater_a", "wrong"),
        log_in(client, "nobody", "wrong"),
        log_in(client, "gone", factories.PASSWORD),
    ]
    bodies = {_without_what_was_typed(answer) for answer in answers}
    assert {answer.status_code for answer in answers} == {400}
    assert len(bodies) == 1
    assert SESSION_KEY not in client.session


def _without_what_was_typed(response):
    text = response.content.decode()
    for word in ("rater_a", "nobody", "gone"):
        text = text.replace(f'value="{word}"', "")
    lines = [line for line in text.splitlines() if "csrf" not in line.lower()]
    return "\n".join(lines)


def test_login_page_is_not_stored(client, db):
    assert "no-store" in client.get(LOGIN)["Cache-Control"]


def test_logout_takes_a_post(client, rater_a):
    client.force_login(rater_a)
    assert client.get("/logout/").status_code == 405
    response = client.post("/logout/")
    assert (response.status_code, response["Location"]) == (303, LOGIN)
    assert SESSION_KEY not in client.session


def test_invite_page_uses_nothing_up_and_is_not_stored(client, secret):
    response = client.get(f"/invite/{secret}/")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "Figs and people" in response.content.decode()
    assert Invite.objects.get().uses == 0


def test_invite_makes_an_account_that_is_logged_in_and_a_rater(client, study, secret):
    response = client.post(f"/invite/{secret}/", {"username": "ada", "password": factories.PASSWORD})
    assert (response.status_code, response["Location"]) == (303, reverse("annotation:home"))
    user = User.objects.get(username="ada")
    assert client.session[SESSION_KEY] == str(user.pk)
    assert Membership.objects.get(user=user).role == Role.RATER
    assert Membership.objects.get(user=user).study == study


@pytest.mark.parametrize(
    ("username", "password", "said"),
    [
        ("lead", factories.PASSWORD, "is taken"),
        ("a b", factories.PASSWORD, "valid username"),
        ("ada", "12345", "too short"),
        ("", factories.PASSWORD, "required"),
    ],
)
def test_invite_says_what_is_wrong_beside_the_field(client, secret, username, password, said):
    response = client.post(f"/invite/{secret}/", {"username": username, "password": password})
    assert response.status_code == 400
    assert said in response.content.decode()
    assert password not in response.content.decode()
    assert Invite.objects.get().uses == 0


def test_invite_is_accepted_by_whoever_is_logged_in(client, study, secret):
    user = factories.make_user()
    client.force_login(user)
    assert client.get(f"/invite/{secret}/").status_code == 200
    for _ in range(2):
        assert client.post(f"/invite/{secret}/").status_code == 303
    assert Membership.objects.get(user=user).study == study
    assert Invite.objects.get().uses == 1


@pytest.mark.parametrize("logged_in", [False, True])
def test_invite_that_is_over_is_404_with_a_remedy_and_tells_nothing(client, lead, secret, logged_in):
    revoke_invite(invite=Invite.objects.get(), actor=lead)
    if logged_in:
        client.force_login(factories.make_user())
    over = client.get(f"/invite/{secret}/")
    unknown = client.get("/invite/never-made/")
    assert over.status_code == unknown.status_code == 404
    assert "Ask whoever sent it" in over.content.decode()
    assert "Figs" not in over.content.decode()
    answer = client.post(f"/invite/{secret}/", {"username": "ada", "password": factories.PASSWORD})
    assert answer.status_code == 404
    assert not User.objects.filter(username="ada").exists()
