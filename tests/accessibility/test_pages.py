"""Every page and state of tests/gallery/pages.py in Chromium: axe, dark, 320 px, 200 %, large letters, no motion.

One walk for all of it, in one tab: a page is opened once and then looked at in each way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from tests.accessibility.axe import axe, violations
from tests.gallery.pages import VIEWS
from tests.gallery.walking import DESKTOP, shown, tab, templates_seen
from tests.gallery.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)

NARROW = {"width": 320, "height": 640}
ZOOMED = {"width": 640, "height": 450}  # 1280 by 900 at 200 %
# Parts that are there for something that no view makes; each with its reason.
NOT_SEEN = {"400.html": "Django gives it to requests that no browser sends"}
CUT = """() => [...document.querySelectorAll('a.button, button, .choice span, h1, h2, label')]
  .filter(e => !e.matches('.visually-hidden') && e.checkVisibility() && e.clientWidth
            && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
  .map(e => `${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 40)}`)"""
OUTSIDE = """() => [...document.querySelectorAll('body *')].filter(e => {
    const box = e.getBoundingClientRect();
    if (!box.width || !e.checkVisibility() || box.right <= innerWidth + 1) return false;
    for (let p = e; p; p = p.parentElement) if (/auto|scroll|hidden/.test(getComputedStyle(p).overflowX)) return false;
    return true;
  }).map(e => `${e.tagName}.${e.className}`).slice(0, 5)"""
MOVING = """() => [
  ...document.getAnimations().map(a => String(a.effect?.target?.className)),
  ...[...document.querySelectorAll('*')]
    .filter(e => getComputedStyle(e).scrollBehavior === 'smooth').map(e => e.tagName)]"""


def findings(page: Page) -> Iterator[str]:
    yield from violations(page)
    yield from (f"moves: {name}" for name in page.evaluate(MOVING))
    if not page.title().endswith("Fitting Room"):
        yield f"title: {page.title()!r}"
    page.emulate_media(color_scheme="dark")
    yield from (f"dark, {found}" for found in axe(page, {"runOnly": {"type": "rule", "values": ["color-contrast"]}}))
    yield from with_large_letters(page)
    for name, size in (("320 px", NARROW), ("200 %", ZOOMED)):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
            yield f"{name}: the page scrolls sideways, by {page.evaluate(OUTSIDE)}"
        yield from (f"{name}: cut off {words}" for words in page.evaluate(CUT))
    # What the bar of actions covers by chance of scrolling is no target there.
    page.evaluate("() => document.querySelector('.actions')?.style.setProperty('position', 'static')")
    targets = {"runOnly": {"type": "rule", "values": ["target-size"]}}
    yield from (f"200 %, {found}" for found in axe(page, targets))


def with_large_letters(page: Page) -> Iterator[str]:
    """By the browser's own size of letters, with which the page's measures grow (WCAG 1.4.4)."""
    settings_of = page.context.new_cdp_session(page)
    settings_of.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    assert page.evaluate("() => getComputedStyle(document.documentElement).fontSize") == "32px"
    if page.evaluate("document.documentElement.scrollWidth") > DESKTOP["width"]:
        yield f"large letters: the page scrolls sideways, by {page.evaluate(OUTSIDE)}"
    yield from (f"large letters: cut off {words}" for words in page.evaluate(CUT))
    settings_of.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})
    settings_of.detach()


def test_pages_are_accessible_in_every_state(browser, live_server, monkeypatch):
    world, found = World(monkeypatch), []
    with templates_seen() as seen, ExitStack() as stack:
        page = stack.enter_context(tab(browser))
        for view in VIEWS:
            with monkeypatch.context() as undo:
                world.monkeypatch = undo
                try:
                    with shown(page, live_server.url, view, world):
                        found += [f"{view.name}: {words}" for words in findings(page)]
                except (AssertionError, Exception) as error:
                    found.append(f"{view.name}: {type(error).__name__} {str(error)[:400]}")
                    page = stack.enter_context(tab(browser))
    assert not found, "\n".join(found)
    folder = Path(settings.BASE_DIR) / "templates"
    unseen = {str(path.relative_to(folder)) for path in folder.rglob("*.html")} - seen - set(NOT_SEEN)
    assert not unseen, f"no view of tests/gallery shows {sorted(unseen)}"
