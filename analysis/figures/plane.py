"""Two numbers against each other: curves, points with their names, points with intervals beside a diagonal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analysis.figures.parts import draw_mark, head_of, shorten
from analysis.figures.svg import INK, LINE, MUTED, SMALL, WIDTH, Drawing, Point, Scale, text_width

HEIGHT, LEFT, FOOT = 330.0, 56.0, 44.0
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
    """The curves and marks over the two axes. ``diagonal``: where x equals y; ``zero``: where y is 0."""
    head = head_of(mark) + 22
    right = 12 + max([60.0, *(text_width(shorten(curve.name), SMALL) for curve in curves)])
    drawing = Drawing(head + HEIGHT + FOOT)
    across = Scale(x.low, x.high, LEFT, WIDTH - right)
    up = Scale(y.low, y.high, head + HEIGHT, head)
    _draw_sides(drawing, x, y, across, up)
    if diagonal:
        drawing.line((across(x.low), up(x.low)), (across(x.high), up(x.high)), MUTED, dashed=True)
    if zero:
        drawing.line((LEFT, up(0.0)), (across.end, up(0.0)), MUTED, 1.5)
    _draw_curves(drawing, curves, across, up)
    for point in marks:
        _draw_point(drawing, point, across, up)
    _name_points(drawing, [point for point in marks if point.name], across, up)
    draw_mark(drawing, mark)
    return drawing.svg(alt)


def _draw_sides(drawing: Drawing, x: Side, y: Side, across: Scale, up: Scale) -> None:
    for tick in y.ticks:
        drawing.line((LEFT, up(tick)), (across.end, up(tick)), LINE)
        drawing.text((LEFT - 8, up(tick)), y.write(tick), MUTED, anchor="end", size=SMALL)
    for tick in x.ticks:
        drawing.line((across(tick), up.start), (across(tick), up.start + 4), LINE)
        drawing.text((across(tick), up.start + 14), x.write(tick), MUTED, anchor="middle", size=SMALL)
    drawing.text((0, up.end - 14), y.title, MUTED, size=SMALL)
    drawing.text((across.end, up.start + 34), x.title, MUTED, anchor="end", size=SMALL)


def _draw_curves(drawing: Drawing, curves: Sequence[Curve], across: Scale, up: Scale) -> None:
    """Each curve, its name beside its right end; names that would meet move apart."""
    ends = sorted((up.inside(curve.points[-1][1]), place) for place, curve in enumerate(curves) if curve.points)
    lowest = -math.inf
    for height, place in ends:
        curve = curves[place]
        lowest = max(height, lowest + 15)
        points = [(across.inside(a), up.inside(b)) for a, b in curve.points]
        drawing.path(points, curve.colour, 1.8 if curve.number < 2 else 1.2, dashed=DASHES[curve.number % 2])
        drawing.line(points[-1], (across.end + 6, lowest), curve.colour, 0.8)
        drawing.text((across.end + 9, lowest), shorten(curve.name), INK, size=SMALL)


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
        places = [(x + side, y + height) for height in (-10, 12, -24, 26, -38, 40) for side in (8.0, -8.0 - width)]
        inside = [place for place in places if place[0] >= LEFT and place[0] + width <= across.end + 40]
        boxes = [((a, b - 7), (a + width, b + 7)) for a, b in inside or places]
        box = next((one for one in boxes if not _meets(one, taken)), boxes[0])
        taken.append(box)
        drawing.text((box[0][0], box[0][1] + 7), mark.name, INK, size=SMALL)


def _meets(box: tuple[Point, Point], others: Sequence[tuple[Point, Point]]) -> bool:
    (left, top), (right, bottom) = box
    return any(left < x2 and x1 < right and top < y2 and y1 < bottom for (x1, y1), (x2, y2) in others)
