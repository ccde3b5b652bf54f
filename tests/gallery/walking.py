"""Opens pages of the gallery one after the other, each in a fresh context of the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.test import Client
from django.test.signals import template_rendered

from annotation.views.mould import mould_of
from annotation.views.reading import place_mould, turn_mould
from studies.models import User
from tests.gallery.world import Place, World

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


def stay(page: Page) -> None:
    """For views that need nothing done."""


@dataclass(frozen=True)
class View:
    """A page in one state. ``open`` makes what it shows; ``act`` is what a person does there before it is looked at.

    A new page is one more of these in pages.py.
    """

    name: str  # of its screenshots
    open: Callable[[World], Place]
    act: Callable[[Page], None] = stay
    status: int = 200


@contextmanager
def tab(browser: Browser, **options: object) -> Iterator[Page]:
    """An empty page of a context of its own. Each takes Chromium half a second of work: many views can share one."""
    context = browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce"} | options)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    try:
        yield context.new_page()
    finally:
        context.close()


@contextmanager
def opened(browser: Browser, base: str, view: View, world: World, **options: object) -> Iterator[Page]:
    """The view's page, as its person sees it. A script error or a refusal of the security policy is an error here."""
    with tab(browser, **options) as page, shown(page, base, view, world):
        yield page


@contextmanager
def shown(page: Page, base: str, view: View, world: World) -> Iterator[None]:
    """The view in a page that is empty, and empty again afterwards if all went well: see ``opened``."""
    place = view.open(world)
    problems: list[str] = []

    def broke(error: object) -> None:
        problems.append(str(error))

    def said(message: ConsoleMessage) -> None:
        _note(message, problems)

    page.on("pageerror", broke)
    page.on("console", said)
    if place.user:
        log_in(page.context, place.user, base)
    with remembering_nothing(page):
        reply = page.goto(base + place.path)
    status = reply.status if reply else 0
    assert status == view.status, f"{view.name}: {status} of {place.path}"
    view.act(page)
    yield
    page.remove_listener("pageerror", broke)
    page.remove_listener("console", said)
    forget(page)
    assert not problems, f"{view.name}: {problems}"


@contextmanager
def remembering_nothing(page: Page) -> Iterator[None]:
    """What opens in the page meanwhile finds its storage empty, whatever the page before kept there as it was left."""
    session = page.context.new_cdp_session(page)
    session.send("Page.enable")
    session.send("Page.addScriptToEvaluateOnNewDocument", {"source": "localStorage.clear(); sessionStorage.clear();"})
    yield
    session.detach()


def forget(page: Page) -> None:
    """Nothing of the person stays in the browser for the next; the page looks as a new one does."""
    page.goto("about:blank")  # before the network is there again: what waits to be sent is not sent
    page.context.set_offline(False)
    page.context.clear_cookies()
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")


def _note(message: ConsoleMessage, problems: list[str]) -> None:
    if message.type == "error" and "Content Security Policy" in message.text:
        problems.append(message.text)


def log_in(context: BrowserContext, user: User, base: str) -> None:
    """By the session alone: logging in has tests of its own."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": base}])


@contextmanager
def templates_seen() -> Iterator[set[str]]:
    """Names of the templates that are rendered while this is open, in whatever thread."""
    seen: set[str] = set()
    for cast in (mould_of, turn_mould, place_mould):
        cast.cache_clear()  # what another test has cast is rendered again

    def note(template: object, **_: object) -> None:
        seen.add(str(getattr(template, "name", "")).partition("#")[0])

    template_rendered.connect(note)
    try:
        yield seen
    finally:
        template_rendered.disconnect(note)
