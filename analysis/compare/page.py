"""The comparison as one HTML file, CSV and Markdown; and what stands in it, for a page of somebody else's."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import polars as pl

from analysis.compare.numbers import TABLES, compare
from analysis.compare.pictures import KEY, pictures
from analysis.compare.sources import Side
from analysis.compare.words import figure_in_words, number_in_words, table_in_words, what_in_words
from analysis.markup import Col, counted, csv_text, details, markdown_text, number, table, whole
from analysis.report import listings
from analysis.report.page import STYLE
from analysis.report.parts import anchor

PAGE, CSV, MARKDOWN = "comparison.html", "comparison.csv", "comparison.md"
_THREE = number(3)
COLUMNS = (
    Col("of", "Of"),
    Col("figure_said", "Figure"),
    Col("campaign_said", "Campaign"),
    Col("a", "A", _THREE),
    Col("a_low", "95 % interval", _THREE, to="a_high"),
    Col("b", "B", _THREE),
    Col("b_low", "95 % interval", _THREE, to="b_high"),
    Col("difference", "B minus A", _THREE),
    Col("said", "Outside both"),
)
WHOLE = Col("whole", "Number")
COUNTS = (Col("table_said", "Table"), Col("campaign_said", "Campaign"), Col("numbers", "Numbers", whole))
FEW = 12  # rows that are shown at once
OUTSIDE = {True: "yes", False: "no", None: ""}
NOTE = (
    "A is the first, B the second. Outside both: each value lies outside the other's interval, where both have one. "
    "That is no test of the difference, and two releases that share raters or people are not independent."
)
AGAIN = "python -m analysis compare A B --out DIR"
LISTINGS = {one.name: one for one in vars(listings).values() if isinstance(one, listings.Listing)}


def comparison_files(a: Side, b: Side) -> dict[str, str]:
    """The files of the comparison by name; nothing is written."""
    found = compare(a.tables, b.tables)
    return {PAGE: _page(a, b, found), CSV: csv_text(found), MARKDOWN: markdown_text(found)}


def _page(a: Side, b: Side, found: pl.DataFrame) -> str:
    marks = "".join(_marked(letter, side) for letter, side in (("A", a), ("B", b)))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(a.name)} and {escape(b.name)}: comparison</title>\n"
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        '<header><p class="kicker">Fitting Room comparison</p>'
        f"<h1>{escape(a.name)} and {escape(b.name)}</h1>\n{marks}</header>\n"
        f"<main>\n{comparison_body(a, b, found)}</main>\n</body>\n</html>\n"
    )


def _marked(letter: str, side: Side) -> str:
    badges = " ".join(f'<span class="mark">{escape(mark)}</span>' for mark in side.marks)
    said = f"{letter}: {side.name}, {counted(side.judgments, 'judgment')}"
    return f'<p class="note">{escape(said)} {badges}</p>\n'


def comparison_body(a: Side, b: Side, found: pl.DataFrame) -> str:
    """What moved, what is new and gone, then every table: sections of HTML, in whose page ``h2`` comes next."""
    named = _named(a, b, found)
    moved = named.filter(pl.col("outside"))
    only_a, only_b = (_alone(named, own, other) for own, other in (("a", "b"), ("b", "a")))
    lists = (
        _listed("moved", "What moved", moved, (WHOLE, *COLUMNS[2:-1]), pictures(moved, a, b)),
        _one_sided("new", "Only in B", only_b, (WHOLE, *COLUMNS[2:3], *COLUMNS[5:7])),
        _one_sided("gone", "Only in A", only_a, (WHOLE, *COLUMNS[2:5])),
    )
    head = (
        f'<p class="lead">{escape(_says(found))}</p>\n<p class="note">{escape(NOTE)} {escape(KEY)}</p>\n'
        f'<p class="note"><code>{escape(AGAIN)}</code> gives all of this, CSV at full precision and Markdown.</p>\n'
    )
    return head + "".join(lists) + "".join(_section(name, named, a, b) for name in TABLES)


def _named(a: Side, b: Side, found: pl.DataFrame) -> pl.DataFrame:
    """``found`` with its words beside its keys."""
    titles = {slug: campaign.title for side in (a, b) for slug, campaign in side.campaigns.items()}
    rows = found.iter_rows(named=True)
    words = [
        {
            "table_said": table_in_words(row["table"]),
            "whole": number_in_words(row["table"], row["what"], row["figure"]),
            "of": what_in_words(row["table"], row["what"]) or "all",
            "figure_said": figure_in_words(row["figure"]),
            "campaign_said": titles.get(row["campaign"], row["campaign"]),
            "said": OUTSIDE[row["outside"]],
        }
        for row in rows
    ]
    schema = dict.fromkeys(("table_said", "whole", "of", "figure_said", "campaign_said", "said"), pl.String)
    return pl.concat([found, pl.DataFrame(words, schema=schema)], how="horizontal")


def _alone(named: pl.DataFrame, own: str, other: str) -> pl.DataFrame:
    return named.filter(pl.col(own).is_finite() & pl.col(other).is_nan())


def _says(found: pl.DataFrame) -> str:
    both = found.filter(pl.col("outside").is_not_null())
    apart = both.filter(pl.col("outside")).height
    new, gone = (_alone(found, own, other).height for own, other in (("b", "a"), ("a", "b")))
    verb, some = "lies" if apart == 1 else "lie", whole(apart) if apart else "none"
    rest = f" Only B has {counted(new, 'number')}, only A {whole(gone) if gone else 'none'}." if new or gone else ""
    return f"Of {counted(both.height, 'number')} with an interval on both sides, {some} {verb} outside both.{rest}"


def _listed(name: str, title: str, rows: pl.DataFrame, columns: Sequence[Col], drawn: str = "") -> str:
    if not rows.height:
        return ""
    return f'<section id="{name}"><h2>{title}</h2>\n{drawn}{table(rows, columns, csv=CSV)}</section>\n'


def _one_sided(name: str, title: str, rows: pl.DataFrame, columns: Sequence[Col]) -> str:
    """The numbers; of many, as where a campaign has begun, how many each table has, and themselves folded."""
    if rows.height <= FEW:
        return _listed(name, title, rows, columns)
    counts = rows.group_by("table_said", "campaign_said", maintain_order=True).len("numbers")
    counts = counts.with_columns(pl.col("numbers").cast(pl.Int64))
    head = table(counts, COUNTS)
    return f'<section id="{name}"><h2>{title}</h2>\n{head}{details("Each", table(rows, columns, csv=CSV))}</section>\n'


def _section(name: str, named: pl.DataFrame, a: Side, b: Side) -> str:
    """The table, where both sides have something of it; what only one has is listed above."""
    known = named.filter((pl.col("table") == name) & ~(pl.col("a").is_nan() & pl.col("b").is_nan()))
    if not known["difference"].is_finite().any():
        return ""
    numbers = details("The numbers", table(known, COLUMNS, csv=CSV) + _meant(name))
    return (
        f'<section id="{anchor(name)}"><h2>{escape(table_in_words(name))}</h2>\n'
        f"{pictures(known, a, b)}{numbers}</section>\n"
    )


def _meant(name: str) -> str:
    """The definition, as under the table in each report."""
    listing = LISTINGS[name]
    return (
        f'<dl class="meant"><dt>What it is</dt><dd>{escape(listing.means)}</dd>'
        f"<dt>Interval</dt><dd>{escape(listing.interval)}</dd>"
        f"<dt>On each side</dt><dd><code>python -m analysis table DIR {name}</code></dd></dl>\n"
    )
