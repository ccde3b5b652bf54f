"""Getting in, the start page, and what is said when something is not as it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse

from annotation.domain.errors import SubmissionConflict
from annotation.domain.withdrawing import withdraw_rater
from annotation.enums import CampaignState
from studies.domain.members import create_invite
from studies.enums import Role
from tests import factories
from tests.gallery import texts
from tests.gallery.walking import View
from tests.gallery.world import Place, World, user_of

if TYPE_CHECKING:
    from playwright.sync_api import Page


def login_refused(page: Page) -> None:
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").wait_for()


def invitation(world: World) -> Place:
    _, secret = create_invite(study=world.study, role=Role.RATER, created_by=world.user(Role.LEAD), quota=9)
    return Place(f"/invite/{secret}/")


def weak_password(page: Page) -> None:
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("12345")
    page.get_by_role("button", name="Make an account").click()
    page.locator(".errorlist").first.wait_for()


def home_of_a_rater(world: World) -> Place:
    """One campaign in each state that a rater may meet, one with a title that hardly fits."""
    rater = world.rater(title=texts.LONG_TITLE)
    user = user_of(rater)
    factories.submit(world.held(rater))
    for state in (CampaignState.COLLECTING, CampaignState.PAUSED, CampaignState.COMPLETE):
        factories.make_campaign(world.study, n_items=0, state=state, title=f"A campaign that is {state}")
    left = factories.make_rater(factories.make_campaign(world.study, n_items=1, title="A campaign that I left"), user)
    withdraw_rater(rater=left, erase=False, actor=user)
    return Place("/", user)


def home_without_work(world: World) -> Place:
    return Place("/", factories.make_member(factories.make_study(title="Nothing yet")))


def home_of_a_lead(world: World) -> Place:
    return Place("/", world.rich.lead)


def refused_form(world: World) -> Place:
    """A form whose security mark is missing, as after a login in another tab."""
    return Place("/login/")


def post_without_mark(page: Page) -> None:
    page.evaluate("document.querySelector('[name=csrfmiddlewaretoken]').remove()")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", level=1).and_(page.get_by_text("too old")).wait_for()


def broken(world: World) -> Place:
    def fail(request: HttpRequest) -> HttpResponse:
        raise RuntimeError("meant to: the page of a fault is looked at")

    world.monkeypatch.setattr("annotation.views.home._rows", fail)
    return Place("/", world.user())


def closed_to_this_account(world: World) -> Place:
    """An account that was enrolled as simulated, at a campaign for people."""
    from annotation.domain.joining import enroll_simulated

    campaign, user = factories.make_campaign(world.study), world.user()
    enroll_simulated(study=world.study, user=user)
    return Place(f"/c/{campaign.public_id}/rate/", user)


def contradiction(world: World) -> Place:
    """Any domain error of 409 or 400 on a rater's way; the page is one for all of them."""

    def fail(**_: object) -> None:
        raise SubmissionConflict("What you sent contradicts what is stored already.")

    world.monkeypatch.setattr("annotation.views.rating.join_campaign", fail)
    return Place(f"/c/{factories.make_campaign(world.study).public_id}/rate/", world.user())


START_VIEWS = (
    View("login", lambda world: Place("/login/")),
    View("login-refused", lambda world: Place("/login/"), login_refused),
    View("invitation", invitation),
    View("invitation-weak-password", invitation, weak_password),
    View("invitation-member", lambda world: Place(invitation(world).path, factories.make_user("guest"))),
    View("invitation-over", lambda world: Place("/invite/no-such-secret/"), status=404),
    View("home", home_of_a_rater),
    View("home-empty", home_without_work),
    View("home-lead", home_of_a_lead),
    View("error-404", lambda world: Place("/no/such/page/", world.user()), status=404),
    View("error-403-form", refused_form, post_without_mark),
    View("error-403", closed_to_this_account, status=403),
    View("error-409", contradiction, status=409),
    View("error-500", broken, status=500),
)
