"""The button that copies a code: also where the page's part came later, and not only for eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from tests.gallery.pages import BY_NAME
from tests.gallery.walking import opened
from tests.gallery.world import World

if TYPE_CHECKING:
    import pytest
    from playwright.sync_api import Browser


def test_code_is_copied_also_from_a_part_that_was_put_in_later(
    browser: Browser, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = {"permissions": ["clipboard-read", "clipboard-write"]}
    with opened(browser, live_server.url, BY_NAME["end-completed"], World(monkeypatch), **asks) as page:
        button = page.locator("#code [data-copy]")
        expect(button).to_be_visible()
        button.evaluate("each => each.setAttribute('data-before', '')")
        page.evaluate("() => { htmx.ajax('GET', location.pathname, { target: '#item', swap: 'outerHTML' }) }")
        expect(page.locator("[data-before]")).to_have_count(0)
        expect(button).to_be_visible()
        button.click()
        expect(button).to_have_text("Copied")
        expect(page.locator("body > [role=status]")).to_have_text("Copied")
        assert page.evaluate("() => navigator.clipboard.readText()") == "CODE-0"
        page.keyboard.press("Tab")
        expect(button).to_have_text("Copy")
