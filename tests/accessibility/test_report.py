"""The report of a release, opened as the file that it is: readable by everybody, with all its data shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analysis.release import release_from_frames
from analysis.report import build_report, write_report
from tests.accessibility.axe import violations
from tests.analysis.synthetic import synthetic_frames

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SMALLEST = 11  # px of letters, as they are seen
# Of the pictures on screen: their forms, and the letters that are too small or leave the picture.
DRAWN = """smallest => {
  const seen = [...document.querySelectorAll('figure svg')].filter(svg => svg.checkVisibility());
  const wrong = seen.flatMap(svg => {
    const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
    return [...svg.querySelectorAll('text')].filter(text => {
      const own = text.getBoundingClientRect(), size = text.getAttribute('font-size') * scale;
      return size < smallest || own.left < box.left - 2 || own.right > box.right + 2;
    }).map(text => text.textContent);
  });
  return [[...new Set(seen.map(svg => svg.getAttribute('class')))], wrong];
}"""
OPEN = "document.querySelectorAll('details').forEach(one => one.open = true)"


@pytest.fixture
def report(tmp_path: Path) -> Path:
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
    assert page.evaluate(DRAWN, SMALLEST) == [["narrow"], []]
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.evaluate(DRAWN, SMALLEST) == [["wide"], []]
    assert asked == [report.as_uri()]  # nothing else is fetched from anywhere
    context.close()
