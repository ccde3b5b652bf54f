"""The pictures of the report: SVG with direct labels, intervals, alt text, and a mark where no people are behind it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from analysis.longform import BASELINE, MODEL, PEOPLE_KINDS
from analysis.markup import MINUS, UNDEFINED
from analysis.svg import (
    AGAINST,
    BASELINES,
    INK,
    LINE,
    MODELS,
    MUTED,
    ON_SHADE,
    PEOPLE,
    WIDTH,
    drawing_style,
    new_axes,
    svg_of,
)

MATRIX_LIMIT = 16  # raters; above it the matrix cannot be read and the pairs are drawn as dots
ROW = 0.25  # inches


@dataclass(frozen=True)
class Picture:
    """``svg`` with ``alt`` in it, ``caption`` as text, ``mark`` "" or SIMULATED, IMPORTED, MODELS ONLY (also drawn)."""

    name: str
    svg: str
    alt: str
    caption: str
    mark: str


@dataclass(frozen=True)
class Dot:
    """One row of a dot plot; ``text`` is its number, ``note`` what it rests on.

    NaN ``low`` and ``high``: no interval can be given, and the note must say so.
    """

    label: str
    value: float
    low: float
    high: float
    text: str
    note: str
    colour: str
    heading: bool = False


def mark_of(origin: str, judgments: int) -> str:
    """What must stand on every picture of a campaign: "" only where people's own answers are behind it."""
    if origin != "human":
        return origin.upper()
    return "" if judgments else "MODELS ONLY"


def label_shares_picture(shares: pl.DataFrame, *, campaign: str, mark: str) -> Picture:
    """Shares of accepted, uncertain, rejected for each corpus and extractor, from ``label_shares`` of one campaign."""
    dots: list[Dot] = []
    for group in shares.partition_by("corpus", "extractor", maintain_order=True):
        first = group.row(0, named=True)
        made_by = _short_name(first["extractor"])
        heading = f"{first['corpus']} ({first['corpus_kind']}), extracted by {made_by}, n = {first['n']}"
        dots.append(Dot(heading, math.nan, math.nan, math.nan, "", "", INK, heading=True))
        colours = {"accepted": PEOPLE, "uncertain": BASELINES, "rejected": AGAINST}
        dots += [
            Dot(row["value"], row["share"], row["low"], row["high"], _percent(row["share"]), "", colours[row["value"]])
            for row in group.iter_rows(named=True)
        ]
    alt = "Shares of accepted, uncertain and rejected attributes. " + _spoken(dots)
    caption = (
        "Judgments on extracted attributes by corpus and extractor; bars are 95 % intervals (Wilson, over judgments)."
    )
    svg = _dot_plot(dots, name=f"{campaign}-label-shares", alt=alt, mark=mark, span=(0.0, 1.0), percent=True)
    return Picture("label_shares", svg, alt, caption, mark)


def marked_relevant_picture(marked: pl.DataFrame, *, campaign: str, mark: str) -> Picture:
    """Share of units called relevant: all people together, then each model; single raters where they are few."""
    people = marked.filter(pl.col("kind").is_in(PEOPLE_KINDS))
    few = people.height <= MATRIX_LIMIT
    shown = pl.concat(
        [
            people.filter((pl.col("rater") == "all raters") | few).sort(pl.col("rater") != "all raters", "rater"),
            marked.filter(~pl.col("kind").is_in(PEOPLE_KINDS)).sort("kind", "rater", descending=[True, False]),
        ]
    )
    dots = [
        Dot(
            _row_name(row["rater"], row["kind"]),
            row["share"],
            row["low"],
            row["high"],
            _percent(row["share"]),
            f"n = {row['n']}",
            _colour(row["kind"]),
        )
        for row in shown.iter_rows(named=True)
    ]
    alt = "Share of attributes marked relevant. " + _spoken(dots)
    caption = (
        "Share of answered units marked relevant; bars are 95 % intervals (Wilson, over answers). "
        "Raters need not have answered the same units."
    )
    svg = _dot_plot(dots, name=f"{campaign}-marked-relevant", alt=alt, mark=mark, span=(0.0, 1.0), percent=True)
    return Picture("marked_relevant", svg, alt, caption, mark)


def preference_picture(means: pl.DataFrame, *, campaign: str, mark: str) -> Picture:
    """Mean preference of each generator by each judge, from ``preference`` of one campaign; 3 is no difference."""
    dots: list[Dot] = []
    for group in means.partition_by("generator", maintain_order=True):
        dots.append(
            Dot(
                f"written by {_short_name(group['generator'][0])}",
                math.nan,
                math.nan,
                math.nan,
                "",
                "",
                INK,
                heading=True,
            )
        )
        rows = group.sort(pl.col("kind").is_in(PEOPLE_KINDS), "judge", descending=[True, False]).iter_rows(named=True)
        for row in rows:
            note = f"n = {row['n']}" if math.isfinite(row["low"]) else f"n = {row['n']}, one pair"
            text = f"{row['mean']:.2f}"
            label = _row_name(row["judge"], row["kind"])
            dots.append(Dot(label, row["mean"], row["low"], row["high"], text, note, _colour(row["kind"])))
    alt = "Mean preference from 1 (generic much better) to 5 (personalized much better). " + _spoken(dots)
    caption = (
        "Mean preference from 1, the generic response is much better, to 5, the personalized one is; "
        "3 is no difference. Bars are 95 % bootstrap intervals over response pairs."
    )
    svg = _dot_plot(
        dots, name=f"{campaign}-preference", alt=alt, mark=mark, span=(1.0, 5.0), percent=False, reference=3.0
    )
    return Picture("preference", svg, alt, caption, mark)


def kappa_picture(pairs: pl.DataFrame, *, campaign: str, mark: str) -> Picture | None:
    """Cohen's kappa of every pair, from ``agreement_pairs`` of one campaign; None where there is no pair.

    A matrix up to ``MATRIX_LIMIT`` raters, above it a dot for each pair by group. The single pairs' intervals are not
    drawn: n stands in the table.
    """
    if not pairs.height:
        return None
    order = _rater_order(pairs)
    defined = pairs.filter(pl.col("kappa").is_not_nan())
    kappas = defined["kappa"].to_list()
    spread = f"from {min(kappas):.2f} to {max(kappas):.2f}" if kappas else "none defined"
    alt = f"Cohen's kappa of {pairs.height} pairs of {len(order)} raters, {spread}."
    name = f"{campaign}-kappa"
    if len(order) <= MATRIX_LIMIT:
        caption = (
            "Cohen's kappa of every two raters with common units: 1 is full agreement, 0 is what chance would give. "
            "A rater's row is left of the name, the column below it. "
            "A dash is a kappa that is not defined, an empty cell a pair without common units."
        )
        return Picture("kappa", _matrix(pairs, order, name=name, alt=alt, mark=mark), alt, caption, mark)
    caption = (
        "Cohen's kappa of every two raters with common units, one dot a pair, by group; the bar is the group's mean."
    )
    return Picture("kappa", _strips(defined, name=name, alt=alt, mark=mark), alt, caption, mark)


def _dot_plot(
    dots: Sequence[Dot],
    *,
    name: str,
    alt: str,
    mark: str,
    span: tuple[float, float],
    percent: bool,
    reference: float | None = None,
) -> str:
    """Rows of dots with intervals between the labels (left) and the numbers (right)."""
    left = _text_width(dot.label for dot in dots if not dot.heading)
    right = _text_width(f"{dot.text} {dot.note}" for dot in dots)
    with drawing_style():
        top = _top(mark)
        figure, axes = new_axes(len(dots) * ROW + top + 0.3, left=left, right=right, top=top, bottom=0.3)
        axes.set_xlim(*span)
        axes.set_ylim(len(dots) - 0.5, -0.5)
        axes.set_yticks([])
        ticks = [0, 0.25, 0.5, 0.75, 1] if percent else [1, 2, 3, 4, 5]
        axes.set_xticks(ticks, [f"{tick:.0%}".replace("%", " %") if percent else str(tick) for tick in ticks])
        axes.grid(axis="x", color=LINE, linewidth=0.6)
        axes.set_axisbelow(True)
        if reference is not None:
            axes.axvline(reference, color=MUTED, linewidth=1.0, zorder=1)
        scale = WIDTH - left - right
        for y, dot in enumerate(dots):
            _draw_dot(axes, y, dot, -left / scale, 1 + right / scale)
        _draw_mark(axes, mark)
        return svg_of(figure, name=_id(name), alt=alt)


def _draw_dot(axes: Axes, y: int, dot: Dot, left: float, right: float) -> None:
    """``left`` and ``right``: the picture's edges in widths of the axes."""
    place = axes.get_yaxis_transform()
    if dot.heading:
        axes.text(left, y + 0.1, dot.label, transform=place, va="center", ha="left", color=MUTED, fontsize=8)
        return
    axes.text(-0.03, y, _shorten(dot.label), transform=place, va="center", ha="right", color=INK)
    axes.text(1.03, y, dot.text, transform=place, va="center", ha="left", color=INK)
    axes.text(right, y, dot.note, transform=place, va="center", ha="right", color=MUTED, fontsize=8)
    if math.isfinite(dot.low):
        axes.plot([dot.low, dot.high], [y, y], color=dot.colour, linewidth=1.5, solid_capstyle="butt", zorder=2)
    axes.plot([dot.value], [y], "o", color=dot.colour, markersize=5, markeredgewidth=0, zorder=3, clip_on=False)


def _matrix(pairs: pl.DataFrame, order: list[tuple[str, str]], *, name: str, alt: str, mark: str) -> str:
    """Lower triangle with the names on its diagonal: a name's row is to the left of it, its column below.

    The number stands in each cell; the shade says the same number again.
    """
    n = len(order)
    place = {rater: position for position, (rater, _) in enumerate(order)}
    side = min(0.42, (WIDTH - 1.9) / n)
    with drawing_style():
        top = _top(mark)
        figure, axes = new_axes(side * n + top + 0.05, left=0.0, right=WIDTH - side * n, top=top, bottom=0.05)
        axes.set_xlim(0, n)
        axes.set_ylim(n, 0)
        axes.set_axis_off()
        for i, (rater, kind) in enumerate(order):
            axes.text(i + 0.14, i + 0.54, _row_name(rater, kind), ha="left", va="center", color=_colour(kind))
        for row in pairs.iter_rows(named=True):
            x, y = sorted((place[row["rater_a"]], place[row["rater_b"]]))
            _draw_cell(axes, x, y, row["kappa"], small=n > 10)
        _draw_mark(axes, mark)
        return svg_of(figure, name=_id(name), alt=alt)


def _draw_cell(axes: Axes, x: int, y: int, kappa: float, *, small: bool) -> None:
    strength = min(1.0, abs(kappa)) if math.isfinite(kappa) else 0.0
    colour = AGAINST if kappa < 0 else PEOPLE
    shade = round(0.06 + 0.7 * strength, 3)
    axes.add_patch(Rectangle((x + 0.03, y + 0.03), 0.94, 0.94, facecolor=colour, alpha=shade, linewidth=0))
    text = f"{kappa:.2f}".replace("0.", ".", 1).replace("-", MINUS) if math.isfinite(kappa) else UNDEFINED
    ink = ON_SHADE if strength > 0.8 else INK
    axes.text(x + 0.5, y + 0.54, text, ha="center", va="center", color=ink, fontsize=7 if small else 8)


def _strips(pairs: pl.DataFrame, *, name: str, alt: str, mark: str) -> str:
    """A row of dots for each group of pairs, the mean as a bar. Dots are spread by their rank, not by chance."""
    people_a, people_b = pl.col("kind_a").is_in(PEOPLE_KINDS), pl.col("kind_b").is_in(PEOPLE_KINDS)
    groups = [
        ("people with people", pairs.filter(people_a & people_b), PEOPLE),
        ("models with models", pairs.filter(~people_a & ~people_b), MODELS),
        ("people with models", pairs.filter(people_a != people_b), BASELINES),
    ]
    with drawing_style():
        figure, axes = new_axes(2.3, left=1.6, right=1.2, top=_top(mark), bottom=0.3)
        axes.set_xlim(min([-0.25, *pairs["kappa"].to_list()]), 1)
        axes.set_ylim(2.5, -0.5)
        axes.set_yticks([])
        axes.grid(axis="x", color=LINE, linewidth=0.6)
        for y, (label, group, colour) in enumerate(groups):
            kappas = group["kappa"].sort().to_list()
            heights = [y - 0.22 + 0.44 * ((rank * 7) % 11) / 10 for rank in range(len(kappas))]
            axes.plot(kappas, heights, "o", color=colour, alpha=0.45, markersize=3.5, markeredgewidth=0)
            place = axes.get_yaxis_transform()
            axes.text(-0.04, y, label, transform=place, ha="right", va="center", color=INK)
            if kappas:
                mean = sum(kappas) / len(kappas)
                axes.plot([mean, mean], [y - 0.32, y + 0.32], color=INK, linewidth=1.6)
                axes.text(
                    1.05, y, f"{mean:.2f}  {len(kappas)} pairs", transform=place, ha="left", va="center", color=INK
                )
        _draw_mark(axes, mark)
        return svg_of(figure, name=_id(name), alt=alt)


def _draw_mark(axes: Axes, mark: str) -> None:
    figure = axes.get_figure()
    if mark and figure is not None:
        figure.text(0, 0.985, mark, ha="left", va="top", color=AGAINST, fontsize=8, fontweight="bold")


def _top(mark: str) -> float:
    """Inches above the drawing: room for the mark where there is one."""
    return 0.32 if mark else 0.05


def _text_width(texts: Iterable[str]) -> float:
    """Inches that the longest of ``texts``, as drawn, needs beside the axes."""
    return 0.2 + 0.069 * max((len(_shorten(text)) for text in texts), default=0)


def _rater_order(pairs: pl.DataFrame) -> list[tuple[str, str]]:
    """People, then models, then baselines, each by name."""
    kinds = {(r["rater_a"], r["kind_a"]) for r in pairs.iter_rows(named=True)}
    kinds |= {(r["rater_b"], r["kind_b"]) for r in pairs.iter_rows(named=True)}
    rank = {MODEL: 1, BASELINE: 2}
    return sorted(kinds, key=lambda found: (rank.get(found[1], 0), found[0]))


def _colour(kind: str) -> str:
    return {MODEL: MODELS, BASELINE: BASELINES}.get(kind, PEOPLE)


def _kind_note(kind: str) -> str:
    return "" if kind == "human" else f" ({kind})"


def _row_name(rater: str, kind: str) -> str:
    return _shorten(f"{_short_name(rater)}{_kind_note(kind)}")


def _short_name(model: str) -> str:
    """A model without the name of who publishes it; the tables have the whole."""
    return model.rpartition("/")[2]


def _shorten(label: str, limit: int = 30) -> str:
    return label if len(label) <= limit else f"{label[: limit // 2 - 1]}…{label[-limit // 2 :]}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _spoken(dots: Sequence[Dot]) -> str:
    parts = [dot.label if dot.heading else f"{dot.label}: {dot.text} {dot.note}".strip() for dot in dots]
    return "; ".join(parts) + "."


def _id(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9-]+", "-", name)
