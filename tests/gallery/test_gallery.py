"""`SCREENSHOTS=folder .venv-test/bin/python -m pytest tests/gallery`: a picture of every page and state, on a desk and
on a phone, light and dark; with PAGES="home leave" of these. Without SCREENSHOTS of a few, into pytest's own folder.
"""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import pytest

from tests.gallery.pages import BY_NAME, VIEWS
from tests.gallery.walking import DESKTOP, PHONE, opened
from tests.gallery.world import World

pytestmark = pytest.mark.django_db(transaction=True)

FEW = ("login", "rate-preference")
SIZES = {"desktop": DESKTOP, "phone": PHONE}


def test_screenshots_of_pages_are_made(browser, live_server, monkeypatch, tmp_path):
    asked = os.environ.get("SCREENSHOTS")
    folder = Path(asked) if asked else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    views = VIEWS if asked else [BY_NAME[name] for name in FEW]
    if asked and "PAGES" in os.environ:
        views = [BY_NAME[name] for name in os.environ["PAGES"].split()]
    world = World(monkeypatch)
    for view in views:
        with monkeypatch.context() as world.monkeypatch, opened(browser, live_server.url, view, world) as page:
            for (size, viewport), scheme in product(SIZES.items(), ("light", "dark")):
                page.set_viewport_size(viewport)  # type: ignore[arg-type]
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.screenshot(path=folder / f"{view.name}-{size}-{scheme}.png", full_page=True)
    assert len(list(folder.glob("*.png"))) >= 4 * len(views)
