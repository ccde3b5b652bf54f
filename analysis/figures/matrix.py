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
    NARROW,
    ON_SHADE,
    PAPER,
    PEOPLE,
    SMALL,
    WIDE,
    Drawing,
    Form,
    Scale,
    text_width,
)
from analysis.markup import counted

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
    """Lower triangle with the names on its diagonal: a name's row is to the left of it, its column below. The narrow
    form has numbers on the diagonal, and below it whose they are.

    ``order``: (name, kind) of every rater. The number stands in each cell; the shade says the same number again.
    """
    head = head_of(mark)
    side = min(CELL, (WIDE.width - NAMES) / len(order))
    wide = Drawing(head + side * len(order) + 4)
    for position, (rater, kind) in enumerate(order):
        at = (position * side + 8, head + (position + 0.5) * side)
        wide.text(at, row_name(rater, kind), colour_of(kind), size=min(13.0, side * 0.5 + 2))
    _draw_cells(wide, cells, order, side, mark)
    return wide.svg(alt) + _numbered(cells, order, mark).svg(alt)


def _numbered(cells: Sequence[Cell], order: Sequence[tuple[str, str]], mark: str) -> Drawing:
    head, line = head_of(mark), 19.0
    side = min(CELL, NARROW.width / len(order))
    below = head + side * len(order) + 10
    narrow = Drawing(below + line * len(order), NARROW)
    for position, (rater, kind) in enumerate(order):
        at = ((position + 0.5) * side, head + (position + 0.5) * side)
        narrow.text(at, str(position + 1), colour_of(kind), anchor="middle", bold=True)
        y = below + line * (position + 0.5)
        narrow.text((20, y), str(position + 1), colour_of(kind), anchor="end", bold=True)
        narrow.text((30, y), row_name(rater, kind))
    _draw_cells(narrow, cells, order, side, mark)
    return narrow


def _draw_cells(
    drawing: Drawing, cells: Sequence[Cell], order: Sequence[tuple[str, str]], side: float, mark: str
) -> None:
    place = {rater: position for position, (rater, _) in enumerate(order)}
    for cell in cells:
        x, y = sorted((place[cell.a], place[cell.b]))
        _draw_cell(drawing, (x * side, head_of(mark) + y * side), side, cell.value)
    draw_mark(drawing, mark)


def _draw_cell(drawing: Drawing, corner: tuple[float, float], side: float, value: float) -> None:
    strength = min(1.0, abs(value)) if math.isfinite(value) else 0.0
    x, y = corner
    drawing.box((x + 1, y + 1), side - 2, side - 2, AGAINST if value < 0 else PEOPLE, 0.06 + 0.7 * strength)
    text = in_number(value).replace("0.", ".", 1)
    ink = ON_SHADE if strength > 0.8 else INK
    size = min(12.0, max(side * 0.38, 11.0 if drawing.form is NARROW else 0.0))
    drawing.text((x + side / 2, y + side / 2), text, ink, anchor="middle", size=size)


def strips(groups: Sequence[Strip], *, alt: str, mark: str) -> str:
    """A row of dots for each group, the mean as a bar. Dots are spread by their rank, not by chance."""
    return "".join(_strips(groups, form, mark).svg(alt) for form in (WIDE, NARROW))


def _strips(groups: Sequence[Strip], form: Form, mark: str) -> Drawing:
    """Narrow: a group's name and mean stand above its dots."""
    above = 20.0 if form is NARROW else 0.0
    head, row = head_of(mark), 54.0 + above
    drawing = Drawing(head + row * len(groups) + 26, form)
    left, right = (16.0, 16.0) if above else (20 + max(text_width(group.label) for group in groups), 120.0)
    values = [value for group in groups for value in group.values]
    scale = Scale(min([-0.25, *values]), 1.0, left, form.width - right)
    bottom = head + row * len(groups)
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        drawing.line((scale(tick), head), (scale(tick), bottom), LINE)
        drawing.text((scale(tick), bottom + 12), in_number(tick), MUTED, anchor="middle", size=SMALL)
    for number, group in enumerate(groups):
        _draw_strip(drawing, head + above + row * number + 27, group, scale, above)
    draw_mark(drawing, mark)
    return drawing


def _draw_strip(drawing: Drawing, y: float, group: Strip, scale: Scale, above: float) -> None:
    said = y - 27 - above / 2 if above else y
    if above:
        drawing.box((0, said - 9), drawing.width, 18, PAPER)
    drawing.text((0 if above else scale.start - 12, said), group.label, anchor="start" if above else "end")
    for rank, value in enumerate(sorted(group.values)):
        drawing.dot((scale(value), y - 16 + 32 * ((rank * 7) % 11) / 10), group.colour, 3, 0.45)
    if group.values:
        mean = sum(group.values) / len(group.values)
        drawing.line((scale(mean), y - 22), (scale(mean), y + 22), INK, 2)
        drawing.text((drawing.width, said), f"{in_number(mean)}  {counted(len(group.values), 'pair')}", anchor="end")
