"""Rows of dots with their intervals, between labels on the left and numbers on the right."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from analysis.figures.parts import draw_mark, head_of, in_number, in_percent, longest, shorten
from analysis.figures.svg import (
    CHARACTER,
    INK,
    LINE,
    MUTED,
    NARROW,
    PAPER,
    SIZE,
    SMALL,
    Drawing,
    Scale,
    text_width,
    wrapped,
)

ROW, FOOT = 24.0, 26.0
TEXT, BAR = 17.0, 27.0  # narrow: a line of text, a row of the axis


@dataclass(frozen=True)
class Dot:
    """One row; ``text`` is its number, ``note`` what it rests on.

    NaN ``low`` and ``high``: no interval can be given. A NaN ``value`` is not drawn, its row stays. ``thin_low`` and
    ``thin_high``: an interval of another kind, drawn thinly below; ``thin_value``: another value, small upon it.
    """

    label: str
    value: float
    low: float
    high: float
    text: str
    note: str
    colour: str
    heading: bool = False
    thin_low: float = math.nan
    thin_high: float = math.nan
    thin_value: float = math.nan


@dataclass(frozen=True)
class Axis:
    """From ``low`` to ``high`` with ``ticks``; ``write`` says a tick; ``reference`` is a line such as no difference."""

    low: float
    high: float
    ticks: tuple[float, ...]
    write: Callable[[float], str]
    reference: float | None = None


SHARES = Axis(0.0, 1.0, (0, 0.25, 0.5, 0.75, 1), lambda tick: f"{100 * tick:.0f} %")
UNIT = Axis(0.0, 1.0, (0, 0.25, 0.5, 0.75, 1), in_number)
PREFERENCES = Axis(1.0, 5.0, (1, 2, 3, 4, 5), lambda tick: f"{tick:.0f}", reference=3.0)


def axis_around(dots: Sequence[Dot], reference: float = 0.0, *, percent: bool = False) -> Axis:
    """An axis that holds every interval and ``reference``, with ticks at round numbers."""
    found = [x for dot in dots if not dot.heading for x in _places(dot) if math.isfinite(x)]
    low, high = min([reference, *found]), max([reference, *found])
    step = _round_step((high - low) / 4 or 0.1)
    first, last = math.floor(low / step), math.ceil(high / step)
    last = last if last > first else first + 1
    ticks = tuple(round(number * step, 10) for number in range(first, last + 1))
    places = max(0, -math.floor(math.log10(step)))
    write: Callable[[float], str] = in_percent if percent else (lambda tick: in_number(tick, places))
    if percent:
        write = lambda tick: in_percent(tick).replace(".0 %", " %")  # noqa: E731
    return Axis(ticks[0], ticks[-1], ticks, write, reference)


def _places(dot: Dot) -> tuple[float, ...]:
    return dot.value, dot.low, dot.high, dot.thin_value, dot.thin_low, dot.thin_high


def _round_step(rough: float) -> float:
    """The next of 1, 2, 5, 10 ... at or above ``rough``."""
    size = 10.0 ** math.floor(math.log10(rough))
    return next(step * size for step in (1, 2, 5, 10) if step * size >= rough * 0.999)


def heading(label: str) -> Dot:
    return Dot(label, math.nan, math.nan, math.nan, "", "", INK, heading=True)


def dot_plot(dots: Sequence[Dot], axis: Axis, *, alt: str, mark: str) -> str:
    """The rows from top to bottom, in both forms; an interval that leaves the axis is cut at its end."""
    return "".join(draw(dots, axis, mark).svg(alt) for draw in (_wide, _narrow))


def _wide(dots: Sequence[Dot], axis: Axis, mark: str) -> Drawing:
    """Labels left of the axis, numbers right of it."""
    head = head_of(mark)
    drawing = Drawing(head + ROW * len(dots) + FOOT)
    left = _room(shorten(dot.label) for dot in dots if not dot.heading)
    text = _room(dot.text for dot in dots)
    right = text + CHARACTER * SMALL * longest(dot.note for dot in dots)
    scale = Scale(axis.low, axis.high, left, drawing.width - right - 4)
    bottom = head + ROW * len(dots)
    _draw_grid(drawing, axis, scale, [(head, bottom)])
    _draw_ticks(drawing, axis, scale, bottom + 12)
    for number, dot in enumerate(dots):
        _draw_row(drawing, head + ROW * (number + 0.5), dot, scale)
    draw_mark(drawing, mark)
    return drawing


def _draw_row(drawing: Drawing, y: float, dot: Dot, scale: Scale) -> None:
    if dot.heading:
        label = shorten(dot.label, int(drawing.width / (CHARACTER * SMALL)))
        drawing.box((0, y - 7), text_width(label, SMALL) + 6, 19, PAPER)
        drawing.text((0, y + 3), label, MUTED, size=SMALL)
        return
    drawing.text((scale.start - 12, y), shorten(dot.label), anchor="end")
    drawing.text((scale.end + 14, y), dot.text)
    drawing.text((drawing.width, y), dot.note, MUTED, anchor="end", size=SMALL)
    _draw_values(drawing, y, dot, scale)


def _narrow(dots: Sequence[Dot], axis: Axis, mark: str) -> Drawing:
    """Labels above the axis, which takes the whole width but for the number at its end."""
    blocks = [_lines(dot) for dot in dots]
    drawing = Drawing(head_of(mark) + TEXT + 9 + sum(map(_height, dots, blocks)) + FOOT, NARROW)
    ticks = [text_width(axis.write(tick), SMALL) / 2 for tick in axis.ticks]
    right = max(10 + CHARACTER * SIZE * longest(dot.text for dot in dots), ticks[-1] + 3)
    scale = Scale(axis.low, axis.high, max(8.0, ticks[0] + 3), drawing.width - right)
    first = head_of(mark) + TEXT + 9
    ends = list(accumulate(map(_height, dots, blocks), initial=first))
    rows = [end - BAR + 10 for dot, end in zip(dots, ends[1:], strict=True) if not dot.heading]
    _draw_grid(drawing, axis, scale, [(y - 8, y + 11) for y in rows])
    for y in (first - 14, ends[-1] + 12):
        _draw_ticks(drawing, axis, scale, y)
    for dot, lines, top in zip(dots, blocks, ends, strict=False):
        _draw_block(drawing, top, dot, lines, scale)
    draw_mark(drawing, mark)
    return drawing


def _lines(dot: Dot) -> list[str]:
    """The label in lines, and an empty one for a note that has no room beside the last."""
    lines = wrapped(dot.label, NARROW.width, SMALL if dot.heading else SIZE)
    apart = text_width(lines[-1]) + text_width(dot.note, SMALL) + 12 > NARROW.width
    return [*lines, ""] if apart and dot.note else lines


def _height(dot: Dot, lines: Sequence[str]) -> float:
    return TEXT * len(lines) + (14 if dot.heading else BAR)


def _draw_block(drawing: Drawing, top: float, dot: Dot, lines: Sequence[str], scale: Scale) -> None:
    """A heading, or a row with its label above it."""
    for number, line in enumerate(lines):
        colour, size = (MUTED, SMALL) if dot.heading else (INK, SIZE)
        drawing.text((0, top + TEXT * (number + 0.5) + (10 if dot.heading else 0)), line, colour, size=size)
    if dot.heading:
        return
    drawing.text((drawing.width, top + TEXT * (len(lines) - 0.5)), dot.note, MUTED, anchor="end", size=SMALL)
    y = top + TEXT * len(lines) + 10
    _draw_values(drawing, y, dot, scale)
    drawing.text((drawing.width, y), dot.text, anchor="end")


def _draw_grid(drawing: Drawing, axis: Axis, scale: Scale, rows: Sequence[tuple[float, float]]) -> None:
    """The ticks' lines and the reference's, through each of ``rows`` (top, bottom)."""
    drawing.uprights([(scale(tick), *row) for row in rows for tick in axis.ticks], LINE)
    if axis.reference is not None:
        drawing.uprights([(scale(axis.reference), *row) for row in rows], MUTED, 1.5)


def _draw_ticks(drawing: Drawing, axis: Axis, scale: Scale, y: float) -> None:
    for tick in axis.ticks:
        drawing.text((scale(tick), y), axis.write(tick), MUTED, anchor="middle", size=SMALL)


def _draw_values(drawing: Drawing, y: float, dot: Dot, scale: Scale) -> None:
    if math.isfinite(dot.low) and math.isfinite(dot.high):
        drawing.line((scale.inside(dot.low), y), (scale.inside(dot.high), y), dot.colour, 2.2)
    if math.isfinite(dot.thin_low) and math.isfinite(dot.thin_high):
        drawing.line((scale.inside(dot.thin_low), y + 7), (scale.inside(dot.thin_high), y + 7), dot.colour, 1)
    if math.isfinite(dot.thin_value):
        drawing.dot((scale.inside(dot.thin_value), y + 7), MUTED, 3)
    if math.isfinite(dot.value):
        drawing.dot((scale.inside(dot.value), y), dot.colour, 4.5)


def _room(texts: Iterable[str]) -> float:
    """Units that the longest of ``texts`` needs beside the axis."""
    return 20 + CHARACTER * SIZE * longest(texts)


def spoken(dots: Sequence[Dot]) -> str:
    """The rows as a sentence, for those who do not see them."""
    parts = [dot.label if dot.heading else f"{dot.label}: {dot.text} {dot.note}".strip() for dot in dots]
    return "; ".join(parts) + "."
