"""Is what came out what was asked for? Held against the plan, the release's own rules and the raters' access logs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import polars as pl

from analysis.schema import INSTRUMENTS, PREFERENCE
from annotation.models import Assignment
from annotation.releases.verify import verify_release
from rebuild.access_log import hash_of, read_access_logs
from rebuild.plan import Folder, K, Plan
from studies.models import Study

SIMULATED = "simulated"
SHOWN = 5


class Checked(NamedTuple):
    """``problems`` is empty where all is well; ``said`` are the figures that were looked at."""

    problems: list[str]
    said: list[str]


def check_rebuild(*, study: Study, plan: Plan, folder: Folder) -> Checked:
    """All that the release and the report of a rebuild must be. Reads the folder, and the database for tokens."""
    problems = verify_release(folder.release)
    if problems:
        return Checked(problems, [])
    said: list[str] = []
    judgments = _table(folder, "judgments")
    for instrument in INSTRUMENTS:
        of_instrument = judgments.filter(pl.col("instrument") == instrument)
        problems += _count_problems(of_instrument.filter("counted"), instrument, plan.units(instrument))
        said.append(f"{instrument}: {of_instrument.filter('counted').height} judgments, {K} on each unit")
    problems += _side_problems(judgments.filter((pl.col("instrument") == PREFERENCE) & pl.col("counted")), said)
    problems += _log_problems(study, folder, judgments, said)
    problems += _mark_problems(folder, judgments, said)
    return Checked(problems, said)


def _table(folder: Folder, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder.release / "data" / f"{name}.parquet")


def _count_problems(counted: pl.DataFrame, instrument: str, units: int) -> Iterator[str]:
    """Exactly K counted judgments on exactly as many units as the plan has, none of them twice by one rater."""
    if counted.height != K * units:
        yield f"{instrument}: {counted.height} counted judgments, expected {units} x {K} = {K * units}"
    per_unit = counted.group_by("unit").len()
    if per_unit.height != units:
        yield f"{instrument}: {per_unit.height} units, expected {units}"
    for unit, n in per_unit.filter(pl.col("len") != K).head(SHOWN).iter_rows():
        yield f"{instrument}: unit {unit} has {n} counted judgments, expected {K}"
    twice = counted.group_by("unit", "rater").len().filter(pl.col("len") > 1)
    for unit, rater, n in twice.head(SHOWN).iter_rows():
        yield f"{instrument}: rater {rater} judged unit {unit} {n} times"


def _side_problems(counted: pl.DataFrame, said: list[str]) -> Iterator[str]:
    """The personalized response stands left as often as right: on each item, and over all of them, within one."""
    pages = counted.unique("assignment").select("item", "side")
    sides = Counter(pages["side"].to_list())
    said.append(f"sides: {sides['left']} pages with the personalized response left, {sides['right']} right")
    if abs(sides["left"] - sides["right"]) > 1:
        yield f"the personalized response stood left on {sides['left']} pages and right on {sides['right']}"
    lean = pl.col("side").replace_strict({"left": 1, "right": -1}, return_dtype=pl.Int64).sum().abs().alias("lean")
    for item, by in pages.group_by("item").agg(lean).filter(pl.col("lean") > 1).head(SHOWN).iter_rows():
        yield f"item {item} leans to one side by {by}"


def _log_problems(study: Study, folder: Folder, judgments: pl.DataFrame, said: list[str]) -> Iterator[str]:
    """Every answer that a rater was told is saved stands in the release, with the value that was sent."""
    tokens = Assignment.objects.filter(campaign__study=study).values_list("token", "public_id")
    public_ids = {hash_of(token): public_id for token, public_id in tokens.iterator(chunk_size=2000)}
    released: dict[str, dict[int, str]] = {}
    for assignment, place, value in judgments.select("assignment", "shown_at", "value").iter_rows():
        released.setdefault(assignment, {})[place] = value
    acknowledged: set[str] = set()
    lost = 0
    for line in read_access_logs(folder.access):
        assignment = public_ids.get(line.assignment, "")
        acknowledged.add(assignment)
        if released.get(assignment) != dict(enumerate(line.values)):
            lost += 1
            if lost <= SHOWN:
                yield (
                    f"rater {line.rater} was told at {line.at} that {len(line.values)} answers are saved; "
                    f"the release has {'others' if assignment in released else 'none of them'}"
                )
    if lost > SHOWN:
        yield f"and {lost - SHOWN} more pages that were acknowledged and are not in the release as they were sent"
    untold = len(released.keys() - acknowledged)
    said.append(f"access log: {len(acknowledged)} pages acknowledged, {lost} of them lost; {untold} saved untold")


def _mark_problems(folder: Folder, judgments: pl.DataFrame, said: list[str]) -> Iterator[str]:
    """Nothing here can pass for people's answers: raters, campaigns, the manifest's notices, every figure."""
    for table, column in (("judgments", "rater_kind"), ("raters", "kind"), ("campaigns", "origin")):
        others = _table(folder, table).filter(pl.col(column) != SIMULATED)
        if others.height:
            yield f"{table}.{column}: {others.height} rows are not marked as {SIMULATED}"
    notices = json.loads((folder.release / "manifest.json").read_text(encoding="utf-8"))["notices"]
    if not any(notice.startswith(f"SIMULATED: {judgments.height} judgments") for notice in notices):
        yield f"manifest.json does not say that all {judgments.height} judgments are simulated"
    figures = figures_in(folder.report / "report.html")
    said.append(f"report: {len(figures)} figures, each marked as simulated")
    if not figures:
        yield f"{folder.report / 'report.html'}: holds no figure"
    for number, figure in enumerate(figures, 1):
        if figure.text.count("SIMULATED") < figure.drawings + 1:  # in each form that is drawn, and in the caption
            yield f"{folder.report / 'report.html'}: figure {number} is not marked as simulated"


@dataclass
class Figure:
    """``text`` as drawn, in each of its ``drawings``, and in the caption."""

    text: str = ""
    drawings: int = 0


def figures_in(path: Path) -> list[Figure]:
    """The report's figures."""
    reader = _Figures()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.figures


class _Figures(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.figures: list[Figure] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "figure":
            self.inside = True
            self.figures.append(Figure())
        elif tag == "svg" and self.inside:
            self.figures[-1].drawings += 1

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "figure"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.figures[-1].text += data
