"""Every number that the report shows: n, interval, and the command under it, which must print that very number."""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections import Counter, defaultdict
from html import unescape

import polars as pl
import pytest

from analysis import __main__ as command_line
from analysis.markup import ROWS_SHOWN, UNDEFINED, Col, whole
from analysis.release import Release, release_from_frames
from analysis.report import build, listings
from analysis.report.listings import Listing
from analysis.report.parts import command_of
from analysis.schema import FAILURES
from analysis.tables import BUILDERS, Context, Settings, context_of
from tests.analysis.frames import table
from tests.analysis.synthetic import synthetic_frames

LISTINGS = [one for one in vars(listings).values() if isinstance(one, Listing)]
SETTINGS = Settings(min_n=3, min_judgments=3, pair_rule="majority", neutral_is_no_better=False)
NOT_ON_THE_PAGE = {"krippendorff"}  # its numbers stand in agreement_summary, with their intervals
Row = tuple[str, ...]


def full_release() -> Release:
    """``synthetic_frames`` with what gives every table a row: mentions, reasons, scores of a baseline."""
    frames = synthetic_frames()
    units = frames["judgments"].select("unit", "instrument", "attribute", "prompt", "pair").unique().sort("unit")
    found = []
    for number, unit in enumerate(units.iter_rows(named=True)):
        said = {"attribute_quality": ("failure", FAILURES), "preference": ("mention", ("yes", "no"))}
        if unit["instrument"] in said:
            kind, values = said[unit["instrument"]]
            run = {"run": "run-gpt-5.4", "rater": "gpt-5.4", "status": "answered"}
            found.append(unit | run | {"kind": kind, "value": values[number % len(values)]})
    place = pl.int_range(pl.len())
    scores = pl.when(pl.col("rater") == "BM25").then(place % 7 / 7)
    bad = pl.col("value").is_in(["uncertain", "rejected"])
    reasons = (
        pl.when(bad).then(place.map_elements(lambda n: FAILURES[n % 3], return_dtype=pl.String)).otherwise(pl.lit(""))
    )
    return release_from_frames(
        frames
        | {"findings": table("findings", found)}
        | {"model_votes": frames["model_votes"].with_columns(raw_score=scores)}
        | {"attributes": frames["attributes"].with_columns(pl.col("confidence").fill_null(0.6))}
        | {"judgments": frames["judgments"].with_columns(reason=reasons)}
    )


def test_every_number_on_the_page_is_printed_by_the_command_under_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    release, made = full_release(), dict[Settings, Context]()

    def once(of: Release, settings: Settings) -> Context:
        """A table that was drawn is not computed again for the same settings; for others it would be."""
        return made.setdefault(settings, context_of(of, settings))

    monkeypatch.setattr(build, "context_of", once)
    monkeypatch.setattr(command_line, "context_of", once)
    monkeypatch.setattr(command_line, "load_release", lambda folder: release)
    page = build.build_report(release, SETTINGS).files[build.PAGE]
    shown: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for inner, command in re.findall(
        r"<table>(.*?)</table>.*?python -m analysis (table DIR .*?)</code>", page, re.DOTALL
    ):
        listing = listing_of(shlex.split(command)[2], inner)
        rows = re.findall(r"<tr>(.*?)</tr>", inner[inner.index("<tbody>") :], re.DOTALL)
        cells = [[unescape(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in rows]
        shown[command, LISTINGS.index(listing)] += [numbers_of(row, listing) for row in cells]
    assert {LISTINGS[place].name for _, place in shown} == set(BUILDERS) - NOT_ON_THE_PAGE
    for (command, place), rows in shown.items():
        assert command_line.main([*shlex.split(unescape(command)), "--format", "csv"]) == 0
        printed = [written(row, LISTINGS[place]) for row in csv.DictReader(io.StringIO(capsys.readouterr().out))]
        assert Counter(rows) <= Counter(printed), command
        assert len(rows) == len(printed) or len(rows) >= ROWS_SHOWN, command
    assert made.keys() == {SETTINGS}  # each command carries all that the report was drawn by


def test_every_setting_comes_back_from_the_command_that_says_it() -> None:
    settings = Settings(3, "majority", 2, "majority", neutral_is_no_better=False)
    command = command_of("selection", settings).removeprefix("python -m analysis ")
    assert command_line._settings(command_line._parser().parse_args(shlex.split(command))) == settings
    assert command_of("selection", Settings()) == "python -m analysis table DIR selection"


def listing_of(name: str, inner: str) -> Listing:
    headings = [unescape(found) for found in re.findall(r'<th scope="col"[^>]*>(.*?)</th>', inner)]
    return next(one for one in LISTINGS if one.name == name and [col.heading for col in one.columns] == headings)


def numbers_of(cells: list[str], listing: Listing) -> Row:
    return tuple(cell for cell, col in zip(cells, listing.columns, strict=True) if col.numeric)


def written(row: dict[str, str], listing: Listing) -> Row:
    """The numbers of a printed row as the page writes them."""
    return tuple(cell_of(row, col) for col in listing.columns if col.numeric)


def cell_of(row: dict[str, str], col: Col) -> str:
    ends = [col.write(number_of(row[name])) for name in (col.name, col.to) if name]
    return ends[0] if ends[0] == UNDEFINED else " to ".join(ends)


def number_of(text: str) -> int | float | None:
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if text else None


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: f"{listing.name}-{listing.columns[1].name}")
def test_every_table_has_its_n_and_says_whether_it_has_intervals(listing: Listing) -> None:
    assert any(col.write is whole for col in listing.columns)
    assert listing.interval.startswith("95 %" if any(col.to for col in listing.columns) else "None")
    if any(col.heading in ("n", "of n") for col in listing.columns):
        assert re.search(r"\bn (\w+ )?[a-z]+", listing.means)  # what n counts
