"""Two numbers against each other: curves, points with their names, points with intervals beside a diagonal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analysis.figures.parts import draw_mark, head_of, shorten
from analysis.figures.svg import (
    INK,
    LINE,
    MUTED,
    NARROW,
    SMALL,
    WIDE,
    Drawing,
    Form,
    Point,
    Scale,
    text_width,
)

HEIGHT, LEFT, FOOT = 330.0, 56.0, 44.0
NARROW_HEIGHT, NARROW_LEFT, KEY = 270.0, 48.0, 18.0
DASHES = (False, True)


@dataclass(frozen=True)
class Side:
    """One axis: what it is, its ends, its ticks and how they are written."""

    title: str
    low: float
    high: float
    ticks: tuple[float, ...]
    write: Callable[[float], str]


@dataclass(frozen=True)
class Curve:
    """``points`` in order; the name stands at its end. ``colour`` by kind; ``number`` tells curves of a kind apart."""

    name: str
    points: Sequence[Point]
    colour: str
    number: int = 0


@dataclass(frozen=True)
class Mark:
    """A point with its name, and intervals where there are any (NaN: none)."""

    name: str
    x: float
    y: float
    colour: str
    x_low: float = math.nan
    x_high: float = math.nan
    y_low: float = math.nan
    y_high: float = math.nan
    radius: float = 5.0


def plane(
    x: Side,
    y: Side,
    *,
    alt: str,
    mark: str,
    curves: Sequence[Curve] = (),
    marks: Sequence[Mark] = (),
    diagonal: bool = False,
    zero: bool = False,
) -> str:
    """The curves and marks over the two axes, in both forms. ``diagonal``: where x equals y; ``zero``: where y is 0."""
    pictures = []
    for form in (WIDE, NARROW):
        drawing, across, up = _ground(x, y, curves, form, mark)
        if diagonal:
            drawing.line((across(x.low), up(x.low)), (across(x.high), up(x.high)), MUTED, dashed=True)
        if zero:
            drawing.line((across.start, up(0.0)), (across.end, up(0.0)), MUTED, 1.5)
        _draw_curves(drawing, curves, across, up)
        for point in marks:
            _draw_point(drawing, point, across, up)
        _name_points(drawing, [point for point in marks if point.name], across, up)
        pictures.append(drawing.svg(alt))
    return "".join(pictures)


def _ground(x: Side, y: Side, curves: Sequence[Curve], form: Form, mark: str) -> tuple[Drawing, Scale, Scale]:
    """The axes with their scales. Names of curves stand beside their ends, or, narrow, in lines below."""
    narrow, head = form is NARROW, head_of(mark) + 22
    height = NARROW_HEIGHT if narrow else HEIGHT
    drawing = Drawing(head + height + FOOT + (KEY * len(curves) if narrow else 0), form)
    right = 26.0 if narrow else 12 + max([60.0, *(text_width(shorten(curve.name), SMALL) for curve in curves)])
    across = Scale(x.low, x.high, NARROW_LEFT if narrow else LEFT, form.width - right)
    up = Scale(y.low, y.high, head + height, head)
    _draw_sides(drawing, x, y, across, up)
    draw_mark(drawing, mark)
    return drawing, across, up


def _draw_sides(drawing: Drawing, x: Side, y: Side, across: Scale, up: Scale) -> None:
    for tick in y.ticks:
        drawing.line((across.start, up(tick)), (across.end, up(tick)), LINE)
        drawing.text((across.start - 8, up(tick)), y.write(tick), MUTED, anchor="end", size=SMALL)
    for tick in x.ticks:
        drawing.line((across(tick), up.start), (across(tick), up.start + 4), LINE)
        drawing.text((across(tick), up.start + 14), x.write(tick), MUTED, anchor="middle", size=SMALL)
    drawing.text((0, up.end - 14), y.title, MUTED, size=SMALL)
    drawing.text((across.end, up.start + 34), x.title, MUTED, anchor="end", size=SMALL)


def _draw_curves(drawing: Drawing, curves: Sequence[Curve], across: Scale, up: Scale) -> None:
    for curve in curves:
        points = [(across.inside(a), up.inside(b)) for a, b in curve.points]
        width, dashed = _stroke_of(curve)
        drawing.path(points, curve.colour, width, dashed=dashed)
    by_height = sorted((curve for curve in curves if curve.points), key=lambda one: up.inside(one.points[-1][1]))
    names = [shorten(curve.name) for curve in by_height]
    if drawing.form is NARROW:
        _draw_key(drawing, by_height, up.start + FOOT)
        names = [str(number) for number, _ in enumerate(names, start=1)]
    _name_ends(drawing, by_height, names, (across, up))


def _stroke_of(curve: Curve) -> tuple[float, bool]:
    """Width, and whether it is dashed."""
    return 1.8 if curve.number < 2 else 1.2, DASHES[curve.number % 2]


def _name_ends(drawing: Drawing, curves: Sequence[Curve], names: Sequence[str], scales: tuple[Scale, Scale]) -> None:
    """Each name beside its curve's right end, from the top; names that would meet move apart."""
    across, up = scales
    lowest = -math.inf
    for curve, name in zip(curves, names, strict=True):
        last = across.inside(curve.points[-1][0]), up.inside(curve.points[-1][1])
        lowest = max(last[1], lowest + 15)
        drawing.line(last, (across.end + 6, lowest), curve.colour, 0.8)
        drawing.text((across.end + 9, lowest), name, INK, size=SMALL)


def _draw_key(drawing: Drawing, curves: Sequence[Curve], top: float) -> None:
    """A line for each curve: its number, a piece of it, its name."""
    for number, curve in enumerate(curves, start=1):
        y = top + KEY * (number - 0.5)
        width, dashed = _stroke_of(curve)
        drawing.text((16, y), str(number), INK, anchor="end", size=SMALL)
        drawing.line((24, y), (50, y), curve.colour, width, dashed=dashed)
        drawing.text((58, y), shorten(curve.name), INK, size=SMALL)


def _draw_point(drawing: Drawing, mark: Mark, across: Scale, up: Scale) -> None:
    x, y = across.inside(mark.x), up.inside(mark.y)
    if math.isfinite(mark.x_low):
        drawing.line((across.inside(mark.x_low), y), (across.inside(mark.x_high), y), mark.colour, 1.4)
    if math.isfinite(mark.y_low):
        drawing.line((x, up.inside(mark.y_low)), (x, up.inside(mark.y_high)), mark.colour, 1.4)
    drawing.dot((x, y), mark.colour, mark.radius)


def _name_points(drawing: Drawing, marks: Sequence[Mark], across: Scale, up: Scale) -> None:
    """Names beside their points, each in the first place around it where no other name stands."""
    taken: list[tuple[Point, Point]] = []
    for mark in marks:
        x, y, width = across.inside(mark.x), up.inside(mark.y), text_width(mark.name, SMALL)
        end = min(across.end + 40, drawing.width)
        middle = max(across.start, min(x - width / 2, end - width))
        beside = [(x + side, y + height) for height in (-10, 12, -24, 26, -38, 40) for side in (8.0, -8.0 - width)]
        places = [*beside, *((middle, y + height) for height in (-16, 18, -32, 34, -48, 50))]
        inside = [place for place in places if place[0] >= across.start and place[0] + width <= end]
        boxes = [((a, b - 7), (a + width, b + 7)) for a, b in inside or places]
        box = next((one for one in boxes if not _meets(one, taken)), boxes[0])
        taken.append(box)
        drawing.text((box[0][0], box[0][1] + 7), mark.name, INK, size=SMALL)


def _meets(box: tuple[Point, Point], others: Sequence[tuple[Point, Point]]) -> bool:
    (left, top), (right, bottom) = box
    return any(left < x2 and x1 < right and top < y2 and y1 < bottom for (x1, y1), (x2, y2) in others)
