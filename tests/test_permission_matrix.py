"""Who gets what from every address there is: found in the resolver, so that a new one fails until it stands here.

Columns: anonymous, a lead of another study, the rater whose work it is, another rater of the study, a researcher, the
lead. A row holds what GET gives and what POST gives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path
from django.urls.resolvers import RoutePattern

from annotation.enums import CampaignState, ItemRole, JobState
from annotation.models import QuizQuestion, Recruitment, Release, ReleaseJob, Report
from pipeline.enums import RunState, Stage
from studies.domain.members import create_invite
from studies.enums import Role
from studies.models import Study, User
from tests import factories

ACTORS = ("anonymous", "outsider", "rater_a", "rater_b", "researcher", "lead")


class Row(NamedTuple):
    """Statuses by actor, in the order of ACTORS."""

    get: str
    post: str


def everybody(status: int) -> str:
    return " ".join([str(status)] * len(ACTORS))


ADMIN = "admin/"  # Django's own pages: staff only, whatever the role in a study
OWN_ITEM = "302 404 200 404 404 404"
OWN_POST = "401 404 405 404 404 404"

MATRIX = {
    "healthz": Row(everybody(200), everybody(405)),
    "login/": Row("200 302 302 302 302 302", "400 302 302 302 302 302"),
    "logout/": Row(everybody(405), everybody(303)),
    "invite/<str:secret>/": Row(everybody(200), "400 303 303 303 303 303"),
    # What there is to judge, and judging
    "": Row("302 200 200 200 200 200", "302 405 405 405 405 405"),
    "r/<str:public_id>/": Row(everybody(404), everybody(405)),
    "hooks/<str:public_id>/": Row(everybody(405), everybody(401)),
    "c/<str:public_id>/begin/": Row("302 404 302 302 404 404", everybody(405)),
    "c/<str:public_id>/consent/": Row(everybody(405), "302 404 303 303 404 404"),
    "c/<str:public_id>/device/": Row(everybody(405), "302 404 409 409 404 404"),
    "c/<str:public_id>/instructions/": Row("302 404 200 200 404 404", everybody(405)),
    "c/<str:public_id>/closing/": Row("302 405 405 405 405 405", "302 404 403 404 404 404"),
    "c/<str:public_id>/finish/": Row("302 405 405 405 405 405", "302 404 409 404 404 404"),
    "c/<str:public_id>/quiz/": Row("302 404 302 200 404 404", "302 404 403 400 404 404"),
    "c/<str:public_id>/leave/": Row("302 404 200 404 404 404", "302 404 303 404 404 404"),
    "c/<str:public_id>/rate/": Row("302 404 302 302 404 404", everybody(405)),
    "a/<str:token>/": Row(OWN_ITEM, OWN_POST),
    "a/<str:token>/edit/": Row(OWN_ITEM, OWN_POST),
    "a/<str:token>/feedback/": Row("302 404 302 404 404 404", OWN_POST),
    "a/<str:token>/ahead/": Row("302 404 204 404 404 404", "401 404 405 404 404 404"),
    "a/<str:token>/submit/": Row("302 404 405 404 404 404", "401 404 400 404 404 404"),
    "a/<str:token>/draft/": Row("302 404 405 404 404 404", "401 404 204 404 404 404"),
    "a/<str:token>/return/": Row("302 404 405 404 404 404", "401 404 303 404 404 404"),
    "a/<str:token>/revise/": Row("302 404 405 404 404 404", "401 404 400 404 404 404"),
    # Leads and researchers
    "s/<slug:study>/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/invites/": Row("302 405 405 405 405 405", "302 404 404 404 404 400"),
    "s/<slug:study>/invites/<int:invite>/revoke/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/members/<int:member>/remove/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/dataset/": Row("302 404 404 404 200 200", "302 404 404 404 404 303"),
    "s/<slug:study>/compare/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/compare/<slug:first>/<slug:second>/<str:name>": Row(
        "302 404 404 404 200 200", "302 405 405 405 405 405"
    ),
    "s/<slug:study>/releases/": Row("302 404 404 404 200 200", "302 404 404 404 404 303"),
    "s/<slug:study>/releases/stop/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/releases/<slug:release>/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/releases/<slug:release>/finish/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/releases/<slug:release>/withdraw/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/releases/<slug:release>/export/<slug:form>.zip": Row(
        "302 404 404 404 200 200", "302 405 405 405 405 405"
    ),
    "s/<slug:study>/releases/<slug:release>.zip": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/releases/<slug:release>/report/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/releases/<slug:release>/report/draw/": Row("302 405 405 405 405 405", "302 404 404 404 303 303"),
    "s/<slug:study>/releases/<slug:release>/report/<path:name>": Row(
        "302 404 404 404 200 200", "302 405 405 405 405 405"
    ),
    "s/<slug:study>/releases/<slug:release>/<path:name>": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/c/<slug:campaign>/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/c/<slug:campaign>/start/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/c/<slug:campaign>/pause/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/c/<slug:campaign>/close/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/c/<slug:campaign>/rules/": Row("302 404 404 404 404 200", "302 405 405 405 405 405"),
    "s/<slug:study>/c/<slug:campaign>/rules/change/": Row("302 405 405 405 405 405", "302 404 404 404 404 400"),
    "s/<slug:study>/c/<slug:campaign>/rules/raise-k/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/c/<slug:campaign>/rules/cohort/": Row("302 405 405 405 405 405", "302 404 404 404 404 400"),
    "s/<slug:study>/c/<slug:campaign>/remarks/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/c/<slug:campaign>/remarks/read/": Row("302 405 405 405 405 405", "302 404 404 404 404 404"),
    "s/<slug:study>/c/<slug:campaign>/agreement/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/c/<slug:campaign>/agreement/count/": Row("302 405 405 405 405 405", "302 404 404 404 303 303"),
    "s/<slug:study>/c/<slug:campaign>/signals/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/c/<slug:campaign>/screening/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/c/<slug:campaign>/screening/pick/": Row("302 404 404 404 404 200", "302 405 405 405 405 405"),
    "s/<slug:study>/c/<slug:campaign>/screening/new/<str:item>/": Row(
        "302 404 404 404 404 200", "302 404 404 404 404 400"
    ),
    "s/<slug:study>/c/<slug:campaign>/screening/items/<str:item>/retire/": Row(
        "302 405 405 405 405 405", "302 404 404 404 404 303"
    ),
    "s/<slug:study>/c/<slug:campaign>/screening/items/<str:item>/restore/": Row(
        "302 405 405 405 405 405", "302 404 404 404 404 303"
    ),
    "s/<slug:study>/c/<slug:campaign>/screening/quiz/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/c/<slug:campaign>/screening/quiz/<int:question>/remove/": Row(
        "302 405 405 405 405 405", "302 404 404 404 404 303"
    ),
    "s/<slug:study>/c/<slug:campaign>/screening/file/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/c/<slug:campaign>/screening/labels/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/consent-forms/": Row("302 404 404 404 200 200", "302 404 404 404 404 400"),
    "s/<slug:study>/c/<slug:campaign>/recruitment/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/c/<slug:campaign>/recruitment/save/": Row("302 405 405 405 405 405", "302 404 404 404 404 400"),
    "s/<slug:study>/c/<slug:campaign>/recruitment/ask/<int:visit>/": Row(
        "302 405 405 405 405 405", "302 404 404 404 404 303"
    ),
    "s/<slug:study>/c/<slug:campaign>/recruitment/approve/": Row("302 404 404 404 404 200", "302 404 404 404 404 303"),
    "s/<slug:study>/c/<slug:campaign>/recruitment/refresh/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/c/<slug:campaign>/recruitment/subscribe/": Row(
        "302 405 405 405 405 405", "302 404 404 404 404 303"
    ),
    "s/<slug:study>/c/<slug:campaign>/recruitment/forget/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/c/<slug:campaign>/raters/<str:pseudonym>/": Row(
        "302 404 404 404 200 200", "302 405 405 405 405 405"
    ),
    "s/<slug:study>/c/<slug:campaign>/missing/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/c/<slug:campaign>/raters/<str:pseudonym>/hand-on/": Row(
        "302 405 405 405 405 405", "302 404 404 404 404 303"
    ),
    "s/<slug:study>/c/<slug:campaign>/raters/<str:pseudonym>/exclude/": Row(
        "302 405 405 405 405 405", "302 404 404 404 404 303"
    ),
    "s/<slug:study>/c/<slug:campaign>/raters/<str:pseudonym>/readmit/": Row(
        "302 405 405 405 405 405", "302 404 404 404 404 303"
    ),
    "s/<slug:study>/runs/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/runs/<str:run>/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/people/<str:run>/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/runs/<str:run>/failures/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/runs/<str:run>/failures/retry/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/runs/<str:run>/resume/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/runs/<str:run>/pause/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/runs/<str:run>/cancel/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/runs/<str:run>/budget/": Row("302 405 405 405 405 405", "302 404 404 404 404 303"),
    "s/<slug:study>/corpora/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    "s/<slug:study>/conversations/<str:conversation>/": Row("302 404 404 404 200 200", "302 405 405 405 405 405"),
    # Scripts
    "api/schema/": Row("403 200 200 200 200 200", "403 405 405 405 405 405"),
    "api/studies/": Row("403 200 200 200 200 200", "403 405 405 405 405 405"),
    "api/studies/<slug:study>/campaigns/": Row("403 404 404 404 200 200", "403 405 405 405 405 405"),
    "api/studies/<slug:study>/campaigns/<slug:campaign>/": Row("403 404 404 404 200 200", "403 405 405 405 405 405"),
    "api/studies/<slug:study>/campaigns/<slug:campaign>/start/": Row(
        "403 405 405 405 405 405", "403 404 404 404 404 200"
    ),
    "api/studies/<slug:study>/campaigns/<slug:campaign>/pause/": Row(
        "403 405 405 405 405 405", "403 404 404 404 404 200"
    ),
    "api/studies/<slug:study>/runs/": Row("403 404 404 404 200 200", "403 405 405 405 405 405"),
    "api/studies/<slug:study>/runs/<str:run>/": Row("403 404 404 404 200 200", "403 405 405 405 405 405"),
    "api/studies/<slug:study>/runs/<str:run>/resume/": Row("403 405 405 405 405 405", "403 404 404 404 404 200"),
    "api/studies/<slug:study>/runs/<str:run>/pause/": Row("403 405 405 405 405 405", "403 404 404 404 404 200"),
    "api/studies/<slug:study>/runs/<str:run>/cancel/": Row("403 405 405 405 405 405", "403 404 404 404 404 200"),
    "api/studies/<slug:study>/releases/": Row("403 404 404 404 200 200", "403 404 404 404 404 202"),
    "api/studies/<slug:study>/releases/job/": Row("403 404 404 404 200 200", "403 405 405 405 405 405"),
    "api/studies/<slug:study>/releases/<slug:release>/": Row("403 404 404 404 200 200", "403 405 405 405 405 405"),
}


def routes_of(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from routes_of(entry, route)


ROUTES = sorted(routes_of(get_resolver()))
OURS = [route for route in ROUTES if not route.startswith(ADMIN)]
ROUTES_OF_ADMIN = [route for route in ROUTES if route.startswith(ADMIN)]


@pytest.fixture
def world(study, lead, researcher, rater_a, rater_b, outsider, other_study, settings, tmp_path):
    """Something of every kind in the study, and what its addresses are made of."""
    settings.RELEASES_DIR = tmp_path
    settings.REPORTS_DIR = tmp_path / "reports"
    campaign = factories.make_campaign(study, slug="one")
    rater = factories.make_rater(campaign, rater_a)
    submitted = factories.submit(factories.claim(rater))
    held = factories.claim(rater)
    invite, secret = create_invite(study=study, role=Role.RATER, created_by=lead, quota=9)
    release = released(study, tmp_path)
    material = factories.make_run(study, state=RunState.PAUSED)
    drawn = factories.make_run(study, Stage.PEOPLE)
    conversation = factories.make_conversation(factories.make_person(factories.make_corpus(study)), material)
    check = factories.make_item(campaign, 90, role=ItemRole.GOLD)
    asked = QuizQuestion.objects.create(campaign=campaign, position=0, text="?", choices=["a", "b"], correct=0)
    recruitment = Recruitment.objects.create(campaign=campaign, study_id="5f" * 12)
    visit = recruitment.visits.create(rater=rater, id_hash="0" * 64)
    parts = {
        "item": check.public_id,
        "question": str(asked.pk),
        "visit": str(visit.pk),
        "secret": secret,
        "public_id": campaign.public_id,
        "token": held.token,
        "study": study.slug,
        "campaign": campaign.slug,
        "pseudonym": rater.participant.pseudonym,
        "invite": str(invite.pk),
        "member": str(rater_b.memberships.get(study=study).pk),
        "release": release.public_id,
        "first": release.public_id,
        "second": release.public_id,
        "name": "manifest.json",
        "form": "csv",
        "run": material.public_id,
        "conversation": conversation.public_id,
    }
    users = {"outsider": outsider, "rater_a": rater_a, "rater_b": rater_b, "researcher": researcher, "lead": lead}
    cookies = {actor: logged_in(user) for actor, user in users.items()} | {"anonymous": SimpleCookie()}

    def address(route: str, **other: str) -> str:
        parts_here = parts | other
        if route.endswith(("edit/", "revise/")):
            parts_here["token"] = submitted.token
        if "/new/" in route:
            parts_here["item"] = held.item.public_id
        if route.startswith("hooks/"):
            parts_here["public_id"] = recruitment.public_id
        if "/report/" in route:
            parts_here["name"] = "report.html"
        if "/compare/" in route:
            parts_here["name"] = "comparison.csv"
        if "/people/" in route:
            parts_here["run"] = drawn.public_id
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: parts_here[match[1]], route)

    return address, cookies


def released(study: Study, folder: Path) -> Release:
    """A release with its report, both in ``folder``, and the job that made it."""
    release = Release.objects.create(study=study, version="0.1.0", manifest={}, data_sha256="0" * 64)
    (folder / release.public_id).mkdir()
    (folder / release.public_id / "manifest.json").write_text("{}")
    ReleaseJob.objects.create(study=study, state=JobState.DONE, asked_at=Now(), ended_at=Now(), release=release)
    Report.objects.create(release=release, state=JobState.DONE, asked_at=Now(), ended_at=Now())
    (folder / "reports" / release.public_id).mkdir(parents=True)
    (folder / "reports" / release.public_id / "report.html").write_text("<p>12</p>")
    return release


def logged_in(user: User) -> SimpleCookie:
    client = Client()
    client.force_login(user)
    return client.cookies


def ask(cookies: dict[str, SimpleCookie], actor: str, method: str, url: str, **more: Any) -> int:
    """The status of one request whose effects are undone."""
    client = Client()
    client.cookies = SimpleCookie(cookies[actor].output(header="", sep=";"))
    with transaction.atomic():
        response = getattr(client, method)(url, **more)
        transaction.set_rollback(True)
    return int(response.status_code)


def test_every_address_stands_in_the_matrix():
    assert set(OURS) == set(MATRIX)


def test_address_that_nobody_thought_of_is_found():
    def forgotten(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    room = URLResolver(RoutePattern("api/"), [path("forgotten/<int:pk>/", forgotten)])
    assert list(routes_of(URLResolver(RoutePattern(""), [room]))) == ["api/forgotten/<int:pk>/"]


def test_everybody_gets_what_the_matrix_says(world):
    address, cookies = world

    def statuses(route: str, method: str) -> str:
        body = {"answer-0": "yes"} if route.endswith("draft/") and method == "post" else {}
        return " ".join(str(ask(cookies, actor, method, address(route), data=body)) for actor in ACTORS)

    given = {route: Row(statuses(route, "get"), statuses(route, "post")) for route in OURS}
    assert {route: row for route, row in given.items() if row != MATRIX.get(route)} == {}


@pytest.mark.once("a header changes what is rendered; who may is asked of both databases by the test above")
def test_header_of_htmx_opens_no_door(world):
    address, cookies = world
    for route, method in product(OURS, ("get", "post")):
        for actor, expected in zip(ACTORS, getattr(MATRIX[route], method).split(), strict=True):
            given = ask(cookies, actor, method, address(route), headers={"HX-Request": "true"})
            if expected in ("401", "403", "404", "405"):
                assert str(given) == expected, (route, method, actor)
            elif expected == "302" and actor == "anonymous":
                assert given in (302, 401), (route, method, actor)


OF_A_STUDY = [route for route in OURS if "<slug:study>/" in route and route.count("<") > 1]


def test_object_of_one_study_is_not_found_under_another(world):
    """The outsider leads the study named in the address, and the object is none of it."""
    address, cookies = world
    assert len(OF_A_STUDY) > 20
    for route, method in product(OF_A_STUDY, ("get", "post")):
        for_leads = getattr(MATRIX[route], method).split()[-1]
        given = ask(cookies, "outsider", method, address(route, study="other"))
        assert given == (405 if for_leads == "405" else 404), (method, route)


@pytest.mark.once("Django's own door")
def test_admin_is_closed_to_members(world):
    _, cookies = world
    assert len(ROUTES_OF_ADMIN) > 50
    for route in ROUTES_OF_ADMIN:
        plain = re.sub(r"\^?\(\?P<app_label>[^)]*\)/\$", "studies/", route).replace("(?P<url>.*)$", "x")
        url = "/" + re.sub(r"<(?:\w+:)?(\w+)>", "1", plain)
        assert "(" not in url, f"no example of {route}"
        for actor in ACTORS:
            status = ask(cookies, actor, "get", url)
            assert status in ((200,) if route == "admin/login/" else (302, 405)), (actor, url)


def test_campaign_that_is_a_draft_is_as_closed_to_others(world, study):
    _, cookies = world
    draft = factories.make_campaign(study, state=CampaignState.DRAFT)
    given = [ask(cookies, actor, "get", f"/c/{draft.public_id}/rate/") for actor in ("outsider", "researcher", "lead")]
    assert given == [404, 404, 404]


def test_view_that_forgot_its_check_breaks_its_row(world, study, monkeypatch):
    """The matrix sees what it is for: with the check taken away, outsiders and raters get the page."""
    address, cookies = world
    monkeypatch.setattr("annotation.views.studies.study_for", lambda user, slug, *roles: study)
    given = [ask(cookies, actor, "get", address("s/<slug:study>/")) for actor in ACTORS]
    assert given == [302, 200, 200, 200, 200, 200]
