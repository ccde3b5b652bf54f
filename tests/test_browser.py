"""The fixtures themselves: a real browser on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_django.live_server_helper import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_page_shows_the_live_server_with_its_styles(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/login/")
    assert page.locator("input[name=username]").is_visible()
    styles = page.evaluate("[...document.styleSheets].length")
    assert styles, "the live server serves no static files"


def test_page_refuses_inline_script(page: Page, page_problems: list[str], live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/login/")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))")
    assert page.evaluate("window.ran") is None
    assert "Content Security Policy" in page_problems.pop()
