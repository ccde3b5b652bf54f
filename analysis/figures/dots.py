"""Rows of dots with their intervals, between labels on the left and numbers on the right."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from analysis.figures.parts import draw_mark, head_of, in_number, in_percent, longest, shorten
from analysis.figures.svg import CHARACTER, INK, LINE, MUTED, PAPER, SIZE, SMALL, WIDTH, Drawing, Scale, text_width

ROW, FOOT = 24.0, 26.0


@dataclass(frozen=True)
class Dot:
    """One row; ``text`` is its number, ``note`` what it rests on.

    NaN ``low`` and ``high``: no interval can be given. A NaN ``value`` is not drawn, its row stays. ``thin_low`` and
    ``thin_high``: an interval of another kind, drawn thinly below.
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
    return dot.value, dot.low, dot.high, dot.thin_low, dot.thin_high


def _round_step(rough: float) -> float:
    """The next of 1, 2, 5, 10 ... at or above ``rough``."""
    size = 10.0 ** math.floor(math.log10(rough))
    return next(step * size for step in (1, 2, 5, 10) if step * size >= rough * 0.999)


def heading(label: str) -> Dot:
    return Dot(label, math.nan, math.nan, math.nan, "", "", INK, heading=True)


def dot_plot(dots: Sequence[Dot], axis: Axis, *, alt: str, mark: str) -> str:
    """The rows from top to bottom; an interval that leaves the axis is cut at its end."""
    head = head_of(mark)
    drawing = Drawing(head + ROW * len(dots) + FOOT)
    left = _room(shorten(dot.label) for dot in dots if not dot.heading)
    text = _room(dot.text for dot in dots)
    right = text + CHARACTER * SMALL * longest(dot.note for dot in dots)
    scale = Scale(axis.low, axis.high, left, WIDTH - right - 4)
    bottom = head + ROW * len(dots)
    for tick in axis.ticks:
        x = scale(tick)
        drawing.line((x, head), (x, bottom), LINE)
        drawing.text((x, bottom + 12), axis.write(tick), MUTED, anchor="middle", size=SMALL)
    if axis.reference is not None:
        x = scale(axis.reference)
        drawing.line((x, head), (x, bottom), MUTED, 1.5)
    for number, dot in enumerate(dots):
        _draw_row(drawing, head + ROW * (number + 0.5), dot, scale)
    draw_mark(drawing, mark)
    return drawing.svg(alt)


def _draw_row(drawing: Drawing, y: float, dot: Dot, scale: Scale) -> None:
    if dot.heading:
        drawing.box((0, y - 7), text_width(dot.label, SMALL) + 6, 19, PAPER)
        drawing.text((0, y + 3), dot.label, MUTED, size=SMALL)
        return
    drawing.text((scale.start - 12, y), shorten(dot.label), anchor="end")
    drawing.text((scale.end + 14, y), dot.text)
    drawing.text((drawing.width, y), dot.note, MUTED, anchor="end", size=SMALL)
    if math.isfinite(dot.low) and math.isfinite(dot.high):
        drawing.line((scale.inside(dot.low), y), (scale.inside(dot.high), y), dot.colour, 2.2)
    if math.isfinite(dot.thin_low) and math.isfinite(dot.thin_high):
        drawing.line((scale.inside(dot.thin_low), y + 7), (scale.inside(dot.thin_high), y + 7), dot.colour, 1)
    if math.isfinite(dot.value):
        drawing.dot((scale.inside(dot.value), y), dot.colour, 4.5)


def _room(texts: Iterable[str]) -> float:
    """Units that the longest of ``texts`` needs beside the axis."""
    return 20 + CHARACTER * SIZE * longest(texts)


def spoken(dots: Sequence[Dot]) -> str:
    """The rows as a sentence, for those who do not see them."""
    parts = [dot.label if dot.heading else f"{dot.label}: {dot.text} {dot.note}".strip() for dot in dots]
    return "; ".join(parts) + "."
