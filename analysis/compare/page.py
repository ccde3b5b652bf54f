"""The comparison as one HTML file, CSV and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import polars as pl

from analysis.compare.numbers import TABLES, compare
from analysis.compare.sources import Side
from analysis.markup import Col, counted, csv_text, markdown_text, number, table, whole
from analysis.report.page import STYLE
from analysis.report.parts import anchor

PAGE = "comparison.html"
_THREE = number(3)
COLUMNS = (
    Col("campaign", "Campaign"),
    Col("what", "Of"),
    Col("figure", "Figure"),
    Col("a", "A", _THREE),
    Col("a_low", "95 % interval", _THREE, to="a_high"),
    Col("b", "B", _THREE),
    Col("b_low", "95 % interval", _THREE, to="b_high"),
    Col("difference", "B minus A", _THREE),
    Col("said", "Outside both"),
)
OUTSIDE = {True: "yes", False: "no", None: ""}


def comparison_files(a: Side, b: Side) -> dict[str, str]:
    """The files of the comparison by name; nothing is written."""
    found = compare(a.tables, b.tables)
    return {PAGE: _page(a, b, found), "comparison.csv": csv_text(found), "comparison.md": markdown_text(found)}


def _page(a: Side, b: Side, found: pl.DataFrame) -> str:
    said = pl.col("outside").replace_strict(OUTSIDE, return_dtype=pl.String).fill_null("").alias("said")
    apart = found.filter(pl.col("outside")).with_columns(said)
    first = _section("Outside both intervals", apart, (Col("table", "Table"), *COLUMNS))
    sections = first + "".join(
        _section(name, found.filter(pl.col("table") == name).with_columns(said)) for name in TABLES
    )
    marks = "".join(_marked(letter, side) for letter, side in (("A", a), ("B", b)))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(a.name)} and {escape(b.name)}: comparison</title>\n"
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        '<header><p class="kicker">Fitting Room comparison</p>'
        f"<h1>{escape(a.name)} and {escape(b.name)}</h1>\n{marks}"
        f'<p class="lead">{escape(_says(found))}</p>\n<p class="note">{escape(NOTE)}</p></header>\n'
        f"<main>\n{sections}</main>\n</body>\n</html>\n"
    )


NOTE = (
    "A is the first, B the second. Outside both: each value lies outside the other's interval, where both have one. "
    "That is no test of the difference, and two releases that share raters or people are not independent. "
    "python -m analysis compare A B --out DIR gives this page, CSV at full precision and Markdown."
)


def _marked(letter: str, side: Side) -> str:
    badges = " ".join(f'<span class="mark">{escape(mark)}</span>' for mark in side.marks)
    return f'<p class="note">{letter}: {escape(side.name)} {badges}</p>\n'


def _says(found: pl.DataFrame) -> str:
    both = found.filter(pl.col("outside").is_not_null())
    apart = both.filter(pl.col("outside")).height
    alone = found.filter(pl.col("a").is_nan() != pl.col("b").is_nan()).height
    verb, some = "lies" if apart == 1 else "lie", whole(apart) if apart else "none"
    rest = f" {counted(alone, 'number')} {'stands' if alone == 1 else 'stand'} on one side only." if alone else ""
    return f"Of {counted(both.height, 'number')} with an interval on both sides, {some} {verb} outside both.{rest}"


def _section(name: str, rows: pl.DataFrame, columns: Sequence[Col] = COLUMNS) -> str:
    known = rows.filter(~(pl.col("a").is_nan() & pl.col("b").is_nan()))
    if not known.height:
        return ""
    shown = table(known, columns, csv="comparison.csv")
    return f'<section id="{anchor(name)}"><h2>{escape(name)}</h2>\n{shown}</section>\n'
