"""Each number of B with its interval, and thinly below it that of A."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import escape

import polars as pl

from analysis.compare.sources import Side
from analysis.compare.words import figure_in_words, table_in_words, what_in_words
from analysis.figures.dots import PREFERENCES, UNIT, Axis, Dot, axis_around, dot_plot, heading, spoken
from analysis.figures.parts import in_number
from analysis.figures.svg import MODELS, PEOPLE

REFERENCES = {"over_selection": 1.0}  # as many as the label; of others, 0 is none
DRAWN = 40  # rows of one picture; of more, those that differ most
AXES = {"mean": PREFERENCES} | dict.fromkeys(
    ("share", "precision", "recall", "f1", "accuracy", "rate", "no_better_judgments", "no_better_pairs"), UNIT
)


def pictures(rows: pl.DataFrame, a: Side, b: Side) -> str:
    """A picture for each table, campaign and figure among ``rows`` that has numbers on both sides. As in the report,
    intraclass correlations, whose intervals dwarf all others, stand in the numbers alone.
    """
    return "".join(_pictures(rows, a, b))


def _pictures(rows: pl.DataFrame, a: Side, b: Side) -> Iterator[str]:
    both = rows.filter(pl.col("difference").is_finite() & ~pl.col("what").str.contains(", icc", literal=True))
    for group in both.partition_by("table", "campaign", "figure", maintain_order=True):
        table, campaign, figure = (str(group[name][0]) for name in ("table", "campaign", "figure"))
        mark = b.mark(campaign) or a.mark(campaign)
        title = b.campaigns[campaign].title if campaign in b.campaigns else campaign
        said = ", ".join(part for part in (table_in_words(table), figure_in_words(figure)) if part)
        dots = list(_dots(_most(group)))
        axis = AXES.get(figure) or _axis(dots, REFERENCES.get(figure, 0.0))
        svg = dot_plot(dots, axis, alt=f"{said}: {title}. Of B, and of A before it. {spoken(dots)}", mark=mark)
        lead = f"<strong>{mark}.</strong> " if mark else ""
        more = f", the {DRAWN} that differ most" if group.height > DRAWN else ""
        yield f"<figure>{svg}<figcaption>{lead}{escape(said)}: {escape(title)}{more}</figcaption></figure>\n"


def _most(group: pl.DataFrame) -> pl.DataFrame:
    """All of them, or the ``DRAWN`` that differ most, in their order."""
    numbered = group.with_row_index("place")
    return numbered.sort(pl.col("difference").abs(), descending=True).head(DRAWN).sort("place")


def _axis(dots: list[Dot], reference: float) -> Axis:
    """Around all values, and as much of their intervals as lets values be told apart; the rest of these is cut."""
    values = [x for dot in dots if not dot.heading for x in (dot.value, dot.thin_value)]
    room = 2 * max(1.0, max(values) - min(values))
    lowest, highest = min(values) - room, max(values) + room
    ends = ("low", "high", "thin_low", "thin_high")
    return axis_around(
        [replace(dot, **{end: min(max(getattr(dot, end), lowest), highest) for end in ends}) for dot in dots], reference
    )


def _dots(rows: pl.DataFrame) -> Iterator[Dot]:
    """A row each, under a heading for all that they share but the last part of their names."""
    last = ""
    for row in rows.iter_rows(named=True):
        shared, _, own = row["what"].rpartition(", ")
        if shared != last:
            yield heading(what_in_words(row["table"], shared, short=True))
            last = shared
        note = f"was {in_number(row['a'])}{', differs' if row['differs'] else ''}"
        colour = MODELS if row["differs"] else PEOPLE
        ends = row["b"], row["b_low"], row["b_high"]
        before = row["a_low"], row["a_high"], row["a"]
        yield Dot(
            what_in_words(row["table"], own, short=True) or "all",
            *ends,
            in_number(row["b"]),
            note,
            colour,
            False,
            *before,
        )


KEY = (
    "In the pictures a large dot and a thick line are B and its 95 % interval, a small dot and a thin line below them "
    "A. Orange, and the word differs: the interval of B minus A leaves out 0."
)
