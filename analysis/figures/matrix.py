"""A number for every two raters: as a triangle where they are few, as strips of dots by group where they are many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from analysis.figures.parts import colour_of, draw_mark, head_of, in_number, row_name
from analysis.figures.svg import (
    AGAINST,
    INK,
    LINE,
    MUTED,
    ON_SHADE,
    PEOPLE,
    SMALL,
    WIDTH,
    Drawing,
    Scale,
    text_width,
)

CELL, NAMES = 44.0, 190.0


class Cell(NamedTuple):
    a: str
    b: str
    value: float  # NaN: a dash


class Strip(NamedTuple):
    label: str
    values: Sequence[float]  # defined ones
    colour: str


def matrix(cells: Sequence[Cell], order: Sequence[tuple[str, str]], *, alt: str, mark: str) -> str:
    """Lower triangle with the names on its diagonal: a name's row is to the left of it, its column below.

    ``order``: (name, kind) of every rater. The number stands in each cell; the shade says the same number again.
    """
    place = {rater: position for position, (rater, _) in enumerate(order)}
    side = min(CELL, (WIDTH - NAMES) / len(order))
    head = head_of(mark)
    drawing = Drawing(head + side * len(order) + 4)
    for position, (rater, kind) in enumerate(order):
        at = (position * side + 8, head + (position + 0.5) * side)
        drawing.text(at, row_name(rater, kind), colour_of(kind), size=min(13.0, side * 0.5 + 2))
    for cell in cells:
        x, y = sorted((place[cell.a], place[cell.b]))
        _draw_cell(drawing, (x * side, head + y * side), side, cell.value)
    draw_mark(drawing, mark)
    return drawing.svg(alt)


def _draw_cell(drawing: Drawing, corner: tuple[float, float], side: float, value: float) -> None:
    strength = min(1.0, abs(value)) if math.isfinite(value) else 0.0
    x, y = corner
    drawing.box((x + 1, y + 1), side - 2, side - 2, AGAINST if value < 0 else PEOPLE, 0.06 + 0.7 * strength)
    text = in_number(value).replace("0.", ".", 1)
    ink = ON_SHADE if strength > 0.8 else INK
    drawing.text((x + side / 2, y + side / 2), text, ink, anchor="middle", size=min(12.0, side * 0.38))


def strips(groups: Sequence[Strip], *, alt: str, mark: str) -> str:
    """A row of dots for each group, the mean as a bar. Dots are spread by their rank, not by chance."""
    head, row = head_of(mark), 54.0
    drawing = Drawing(head + row * len(groups) + 26)
    left = 20 + max(text_width(group.label) for group in groups)
    values = [value for group in groups for value in group.values]
    scale = Scale(min([-0.25, *values]), 1.0, left, WIDTH - 120)
    bottom = head + row * len(groups)
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        drawing.line((scale(tick), head), (scale(tick), bottom), LINE)
        drawing.text((scale(tick), bottom + 12), in_number(tick), MUTED, anchor="middle", size=SMALL)
    for number, group in enumerate(groups):
        _draw_strip(drawing, head + row * (number + 0.5), group, scale)
    draw_mark(drawing, mark)
    return drawing.svg(alt)


def _draw_strip(drawing: Drawing, y: float, group: Strip, scale: Scale) -> None:
    drawing.text((scale.start - 12, y), group.label, anchor="end")
    for rank, value in enumerate(sorted(group.values)):
        drawing.dot((scale(value), y - 16 + 32 * ((rank * 7) % 11) / 10), group.colour, 3, 0.45)
    if group.values:
        mean = sum(group.values) / len(group.values)
        drawing.line((scale(mean), y - 22), (scale(mean), y + 22), INK, 2)
        drawing.text((WIDTH, y), f"{in_number(mean)}  {len(group.values)} pairs", anchor="end")
