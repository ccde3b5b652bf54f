"""Fixtures: a Chromium of the system, a fresh page per test, the real material. Loaded by conftest.py.

``live_server`` stands in tests/database.py; on SQLite it works because tests/settings.py keeps the database in a file.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from tests.database import browsers
from tests.services import chromium_path

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--renderer-process-limit=1",  # no process on the shelf for a page to come, which takes as long as the page itself
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium per pytest process; skips where none is installed (`make test` installs one, or says how)."""
    executable = chromium_path()
    if executable is None:
        pytest.skip("Chromium is not installed: sudo apt-get install -y chromium, or CHROMIUM=/path/to/it")
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        browsers.append(chromium)
        yield chromium
        browsers.remove(chromium)
        chromium.close()


@pytest.fixture
def page_problems() -> list[str]:
    """Script errors and refusals of the security policy so far; a test that provokes one looks and clears."""
    return []


@pytest.fixture
def page(browser: Browser, page_problems: list[str]) -> Iterator[Page]:
    """A page of a context of its own. A script error, or something our security policy refused, fails the test."""
    context = browser.new_context()
    context.set_default_timeout(10_000)
    page = context.new_page()

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            page_problems.append(message.text)

    page.on("pageerror", lambda error: page_problems.append(str(error)))
    page.on("console", note)
    yield page
    context.close()
    assert not page_problems


@pytest.fixture(scope="session")
def study_data() -> Path:
    """The folder of real material (never in the repository); FITTING_ROOM_DATA, or shared/data beside the checkout."""
    folder = Path(os.environ.get("FITTING_ROOM_DATA") or settings.BASE_DIR.parent / "shared" / "data")
    if not (folder / "study").is_dir():
        pytest.skip(f"the real material is not here ({folder}); FITTING_ROOM_DATA names it")
    return folder


def pytest_configure(config: pytest.Config) -> None:
    """SIGTERM ends a session as Ctrl-C does, so that fixtures end what they started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Processes of xdist end without atexit, so the data folder of tests/settings.py goes here."""
    shutil.rmtree(settings.DATA_DIR, ignore_errors=True)


def pytest_report_header() -> str:
    engine = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
    return f"database: {engine}, broker: {'redis' if settings.REDIS_URL else 'filesystem'}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Under `make test`: what the earlier rounds gave, so that pytest's closing line does not stand alone."""
    notes = os.environ.get("TEST_NOTES")
    if not notes or hasattr(terminalreporter.config, "workerinput"):
        return
    for line in Path(notes).read_text().splitlines():
        terminalreporter.write_line(line)
    counts = {key: len(terminalreporter.stats.get(key, [])) for key in ("failed", "error", "passed", "skipped")}
    found = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    with Path(notes).open("a") as file:
        file.write(f"{os.environ['TEST_ROUND']}: {found or 'nothing ran'}\n")
