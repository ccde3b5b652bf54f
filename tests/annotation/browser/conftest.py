from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from annotation.models import Campaign, Rater
from studies.models import Study, User
from tests import factories

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

Open = Callable[..., "Page"]


def log_in(context: BrowserContext, user: User, live_server: LiveServer) -> None:
    """By the session alone: logging in has tests of its own."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])


def until(page: Page, condition: str) -> None:
    """Playwright's own wait_for_function evaluates a string in the page, which our security policy refuses."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"not in four seconds: {condition}")


def fetched_ahead(page: Page) -> None:
    """Until the item after this one is held, which the page asks for by itself."""
    until(page, "Rating.ahead.token() !== ''")


@pytest.fixture
def rater(live_server: LiveServer, study: Study, rater_a: User) -> Callable[..., Rater]:
    """Makes a campaign of the instrument with rater_a in it."""

    def make(instrument: str, n_items: int = 2, n_questions: int = 2) -> Rater:
        campaign = factories.make_campaign(study, n_items=n_items, n_questions=n_questions, instrument=instrument)
        return factories.make_rater(campaign, rater_a)

    return make


@pytest.fixture
def start(page: Page, live_server: LiveServer, rater_a: User) -> Callable[[Campaign], Page]:
    """Opens the campaign's work in the page, past the guideline that lies over a rater's first item."""

    def open_rating(campaign: Campaign) -> Page:
        log_in(page.context, rater_a, live_server)
        page.goto(live_server.url + reverse("annotation:rate", args=[campaign.public_id]))
        page.keyboard.press("Escape")
        return page

    return open_rating
