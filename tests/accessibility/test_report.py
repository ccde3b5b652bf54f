"""The report of a release, opened as the file that it is: readable by everybody, with all its data shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analysis.crowd import CONCLUSION_SCHEMA, RELIABILITY_SCHEMA
from analysis.release import release_from_frames
from analysis.report import build_report, write_report
from analysis.tables import BUILDERS
from tests.accessibility.axe import violations
from tests.analysis.synthetic import synthetic_frames

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OPEN = "document.querySelectorAll('details').forEach(one => one.open = true)"


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Without models of raters, which take seconds and look as the other tables do."""
    monkeypatch.setitem(BUILDERS, "conclusions", lambda context: CONCLUSION_SCHEMA.to_frame())
    monkeypatch.setitem(BUILDERS, "reliability", lambda context: RELIABILITY_SCHEMA.to_frame())
    write_report(build_report(release_from_frames(synthetic_frames())), tmp_path)
    return tmp_path / "report.html"


def test_a_report_is_accessible_with_everything_open(browser: Browser, report: Path) -> None:
    """In the dark on a phone, where the most can go wrong."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(report.as_uri())
    page.evaluate(OPEN)
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert asked == [report.as_uri()]  # nothing else is fetched from anywhere
    context.close()
