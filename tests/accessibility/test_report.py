"""The report of a release, opened as the file that it is: readable by everybody, with all its data shown."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analysis.compare import Side, comparison_files
from analysis.release import release_from_frames
from analysis.report import build_report, write_report
from tests.accessibility.axe import violations
from tests.analysis.synthetic import synthetic_frames
from tests.gallery.lead_pages import compared_tables

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
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A few rows of each table: the others look the same, and axe looks at every cell."""
    monkeypatch.setattr("analysis.markup.ROWS_SHOWN", 6)
    write_report(build_report(release_from_frames(synthetic_frames())), tmp_path)
    return tmp_path / "report.html"


@pytest.fixture
def comparison(tmp_path: Path) -> Path:
    sides = [
        Side(f"Figs 0.{n}.0", {name: pl.read_csv(io.StringIO(text)) for name, text in compared_tables(n).items()}, ())
        for n in range(2)
    ]
    (tmp_path / "comparison.html").write_text(comparison_files(*sides)["comparison.html"], encoding="utf-8")
    return tmp_path / "comparison.html"


@pytest.mark.parametrize("name", ["report", "comparison"])
def test_a_report_is_accessible_with_everything_open(
    browser: Browser, name: str, request: pytest.FixtureRequest
) -> None:
    """In the dark on a phone, where the most can go wrong."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(request.getfixturevalue(name).as_uri())
    page.evaluate(OPEN)
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate(DRAWN, SMALLEST) == [["narrow"], []]
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.evaluate(DRAWN, SMALLEST) == [["wide"], []]
    assert asked == [page.url]  # nothing else is fetched from anywhere
    context.close()
