"""The comparison as one HTML file, CSV and Markdown; and what stands in it, for a page of somebody else's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import polars as pl

from analysis.compare.numbers import TABLES, compare
from analysis.compare.pictures import KEY, pictures
from analysis.compare.sources import Side
from analysis.compare.words import figure_in_words, number_in_words, table_in_words, what_in_words
from analysis.figures.parts import mark_of
from analysis.markup import Col, counted, csv_text, details, markdown_text, markdown_words, number, table, whole
from analysis.report import listings
from analysis.report.page import STYLE
from analysis.report.parts import anchor

PAGE, CSV, MARKDOWN = "comparison.html", "comparison.csv", "comparison.md"
_THREE = number(3)
OF_A = (Col("a", "A", _THREE), Col("a_low", "95 % interval", _THREE, to="a_high"), Col("a_n", "n", whole))
OF_B = (Col("b", "B", _THREE), Col("b_low", "95 % interval", _THREE, to="b_high"), Col("b_n", "n", whole))
BETWEEN = (
    Col("difference", "B minus A", _THREE),
    Col("difference_low", "95 % interval", _THREE, to="difference_high"),
)
COLUMNS = (Col("of", "Of"), *OF_A, *OF_B, *BETWEEN, Col("said", "Differs"))
WHOLE, CAMPAIGN, COUNTED = Col("whole", "Number"), Col("campaign_said", "Campaign"), Col("n_counts", "n counts")
COUNTS = (Col("table_said", "Table"), CAMPAIGN, Col("numbers", "Numbers", whole))
HELD = (
    CAMPAIGN,
    Col("mark", "Kind"),
    *(
        Col(f"{side.lower()}_{name}", f"{name.capitalize()}, {side}", whole)
        for name in ("judgments", "raters", "units")
        for side in "AB"
    ),
)
FEW = 12  # rows that are shown at once
SAID = {True: "yes", False: "no", None: ""}
NOTE = (
    "A is the first, B the second. The interval of B minus A is made from their two as if they shared nothing; where "
    "it leaves out 0, they differ. Releases of one study share raters, people and often the answers themselves: the "
    "interval is then wider than it need be, and a number that is not said to differ may still have changed."
)
AGAIN = "python -m analysis compare A B --out DIR"
LISTINGS = [one for one in vars(listings).values() if isinstance(one, listings.Listing)]


def comparison_files(a: Side, b: Side) -> dict[str, str]:
    """The files of the comparison by name; nothing is written."""
    found = compare(a.tables, b.tables)
    return {PAGE: _page(a, b, found), CSV: csv_text(found), MARKDOWN: _markdown(a, b, found)}


def _markdown(a: Side, b: Side, found: pl.DataFrame) -> str:
    """The numbers under what A and B are and what was found."""
    sides = [markdown_words(" ".join((_holds(side), *side.marks))) for side in (a, b)]
    title = markdown_words(f"{a.name} and {b.name}")
    return f"# {title}\n\n- A: {sides[0]}\n- B: {sides[1]}\n\n{_says(found)}\n\n{NOTE}\n\n{markdown_text(found)}"


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
    return f'<p class="note">{letter}: {escape(_holds(side))} {badges}</p>\n'


def _holds(side: Side) -> str:
    return f"{side.name}, {counted(side.judgments, 'judgment')}"


def comparison_body(a: Side, b: Side, found: pl.DataFrame) -> str:
    """What differs, what is new and gone, then every table: sections of HTML, in whose page ``h2`` comes next."""
    named = _named(a, b, found)
    apart = named.filter(pl.col("differs"))
    only_a, only_b = (_alone(named, own, other) for own, other in (("a", "b"), ("b", "a")))
    lists = (
        _listed(
            "differs", "What differs", apart, (WHOLE, CAMPAIGN, *OF_A, *OF_B, *BETWEEN, COUNTED), pictures(apart, a, b)
        ),
        _one_sided("new", "Only in B", only_b, (WHOLE, CAMPAIGN, *OF_B, COUNTED)),
        _one_sided("gone", "Only in A", only_a, (WHOLE, CAMPAIGN, *OF_A, COUNTED)),
    )
    head = (
        f'<p class="lead">{escape(_says(found))}</p>\n<p class="note">{escape(NOTE)} {escape(KEY)}</p>\n'
        f'<p class="note"><code>{escape(AGAIN)}</code> gives all of this, CSV at full precision and Markdown.</p>\n'
        f"{_held(a, b)}"
    )
    return head + "".join(lists) + "".join(_section(name, named, a, b) for name in TABLES)


def _held(a: Side, b: Side) -> str:
    """What of each campaign the two sides rest on."""
    rows = []
    for slug in sorted({*a.campaigns, *b.campaigns}):
        there = [side.campaigns.get(slug) for side in (a, b)]
        known = next(campaign for campaign in reversed(there) if campaign)
        counts = {
            f"{letter}_{name}": getattr(campaign, name, None)
            for letter, campaign in zip("ab", there, strict=True)
            for name in ("judgments", "raters", "units")
        }
        rows.append({"campaign_said": known.title, "mark": mark_of(known.origin, known.judgments).lower()} | counts)
    return table(pl.DataFrame(rows), HELD) if rows else ""


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
            "said": SAID[row["differs"]],
        }
        for row in rows
    ]
    schema = dict.fromkeys(("table_said", "whole", "of", "figure_said", "campaign_said", "said"), pl.String)
    return pl.concat([found, pl.DataFrame(words, schema=schema)], how="horizontal")


def _alone(named: pl.DataFrame, own: str, other: str) -> pl.DataFrame:
    return named.filter(pl.col(own).is_finite() & pl.col(other).is_nan())


def _says(found: pl.DataFrame) -> str:
    both = found.filter(pl.col("differs").is_not_null())
    apart = both.filter(pl.col("differs")).height
    new, gone = (_alone(found, own, other).height for own, other in (("b", "a"), ("a", "b")))
    said = [
        f"Of {counted(both.height, 'number')} with an interval on both sides, {whole(apart) if apart else 'none'} "
        f"{'differs' if apart == 1 else 'differ'}."
    ]
    if both.height:
        said.append("Of numbers that did not change, chance alone makes up to one in twenty differ.")
    if new or gone:
        said.append(f"Only B has {counted(new, 'number')}, only A {whole(gone) if gone else 'none'}.")
    return " ".join(said)


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
    each = known.partition_by("campaign", "figure", maintain_order=True)
    numbers = details("The numbers", "".join(map(_numbers, each)) + _meant(name))
    return (
        f'<section id="{anchor(name)}"><h2>{escape(table_in_words(name))}</h2>\n'
        f"{pictures(known, a, b)}{numbers}</section>\n"
    )


def _numbers(rows: pl.DataFrame) -> str:
    """Those of one figure of one campaign."""
    said = ": ".join(part for part in (rows["figure_said"][0], rows["campaign_said"][0]) if part)
    return f"<h3>{escape(said)}</h3>\n{table(rows, COLUMNS, csv=CSV)}"


def _meant(name: str) -> str:
    """The definitions, as under the tables in each report."""
    figures = TABLES[name].figures
    told = [one for one in LISTINGS if one.name == name and {figure.value for figure in figures} & _values(one)]
    over = "Of the two, here the one over raters. " if any("raters" in figure.low for figure in figures) else ""
    return (
        f'<dl class="meant"><dt>What it is</dt><dd>{escape(_joined(one.means for one in told))}</dd>'
        f"<dt>n</dt><dd>{escape(_counts(name))}</dd>"
        f"<dt>Interval</dt><dd>{escape(over + _joined(one.interval for one in told))}</dd>"
        f"<dt>On each side</dt><dd><code>python -m analysis table DIR {name}</code></dd></dl>\n"
    )


def _values(listing: listings.Listing) -> set[str]:
    return {column.name for column in listing.columns}


def _joined(texts: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(texts))


def _counts(name: str) -> str:
    """What n counts, of each figure where they differ in that."""
    counts = {figure_in_words(figure.value): figure.counts for figure in TABLES[name].figures}
    alike = len(set(counts.values())) == 1
    said = next(iter(counts.values())) if alike else "; ".join(f"{figure}: {of}" for figure, of in counts.items())
    return f"{said[:1].upper()}{said[1:]}."
