"""A drawing surface that writes SVG.

Every colour is a class and, beside it, the light colour as an attribute: on a page whose style names the classes
(``analysis/report/report.css``) one picture is right in light and dark, and alone it is still right. No id and no style
attribute is written, so pictures share a page and pass a Content Security Policy that allows neither. Text stays text.

A picture is laid out twice, ``WIDE`` and ``NARROW``, and the page's style shows one of the two: letters that are scaled
down to a phone cannot be read, and pictures that scroll sideways cannot be compared.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import Literal

SIZE, SMALL = 13, 12
CHARACTER = 0.6  # a character's mean width in heights of its font

Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]

# Okabe and Ito (2008): told apart with every kind of colour vision
INK, MUTED, LINE, PAPER = "ink", "muted", "line", "paper"
PEOPLE, MODELS, BASELINES, AGAINST = "people", "models", "baselines", "against"
ON_SHADE = "on-shade"  # numbers on a strong shade, light scheme or dark
LIGHT = {
    INK: "#1d1d1b",
    MUTED: "#66655f",
    LINE: "#dcdad2",
    PAPER: "#fdfcf9",
    PEOPLE: "#0072b2",
    MODELS: "#c65a02",
    BASELINES: "#7a7972",
    AGAINST: "#a8326e",
    ON_SHADE: "#121211",
}
_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True)
class Form:
    """A width that a picture is laid out for, in units; the page scales it and shows one form of each picture."""

    name: str
    width: float


WIDE = Form("wide", 560.0)
NARROW = Form("narrow", 328.0)  # a phone of 360 px less the page's edges: letters are as large as they say


@dataclass(frozen=True)
class Scale:
    """From a value to a place: ``low`` lies at ``start``, ``high`` at ``end``; outside them it goes on."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def inside(self, value: float) -> float:
        """The place of ``value``, or of the nearer end."""
        return self(min(max(value, self.low), self.high))


@dataclass
class Drawing:
    """What was drawn so far. Places are in units from the left and the top."""

    height: float
    form: Form = WIDE
    parts: list[str] = field(default_factory=list)

    @property
    def width(self) -> float:
        return self.form.width

    def line(self, start: Point, end: Point, colour: str, width: float = 1.0, *, dashed: bool = False) -> None:
        (x1, y1), (x2, y2) = start, end
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
        self.parts.append(f'<line {ends} {_stroke(colour)} stroke-width="{width:g}"{dash}/>')

    def uprights(self, places: Iterable[tuple[float, float, float]], colour: str, width: float = 1.0) -> None:
        """Lines downwards, many in one element: (x, from, to) each."""
        drawn = "".join(f"M{x:.1f} {top:.1f}V{bottom:.1f}" for x, top, bottom in places)
        self.parts.append(f'<path d="{drawn}" fill="none" {_stroke(colour)} stroke-width="{width:g}"/>')

    def path(self, points: Iterable[Point], colour: str, width: float = 1.5, *, dashed: bool = False) -> None:
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        inner = f'points="{_places(points)}" fill="none" {_stroke(colour)} stroke-width="{width:g}"{dash}'
        self.parts.append(f'<polyline {inner} stroke-linejoin="round"/>')

    def area(self, points: Iterable[Point], colour: str, opacity: float) -> None:
        self.parts.append(f'<polygon points="{_places(points)}" {_fill(colour)} fill-opacity="{opacity:g}"/>')

    def dot(self, place: Point, colour: str, radius: float = 4.0, opacity: float = 1.0) -> None:
        seen = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
        self.parts.append(f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{radius:g}" {_fill(colour)}{seen}/>')

    def box(self, corner: Point, width: float, height: float, colour: str, opacity: float = 1.0) -> None:
        size = f'x="{corner[0]:.1f}" y="{corner[1]:.1f}" width="{width:.1f}" height="{height:.1f}"'
        self.parts.append(f'<rect {size} {_fill(colour)} fill-opacity="{opacity:.3g}"/>')

    def text(
        self,
        place: Point,
        text: str,
        colour: str = INK,
        *,
        anchor: Anchor = "start",
        size: float = SIZE,
        bold: bool = False,
    ) -> None:
        """``place`` is where the text begins, has its middle or ends, at the height of the middle of a letter."""
        x, y = place
        weight = ' font-weight="650"' if bold else ""
        at = f'x="{x:.1f}" y="{y + 0.35 * size:.1f}" text-anchor="{anchor}" font-size="{size:g}"{weight}'
        self.parts.append(f"<text {at} {_fill(colour)}>{escape(text)}</text>")

    def svg(self, alt: str) -> str:
        """The picture as an ``<svg>`` element that says ``alt`` to those who do not see it."""
        said = escape(alt)
        head = f'class="{self.form.name}" viewBox="0 0 {self.width:g} {self.height:.1f}" role="img" aria-label="{said}"'
        body = "\n".join(self.parts)
        return f'<svg xmlns="http://www.w3.org/2000/svg" {head} font-family="{_FONTS}">\n{body}\n</svg>\n'


def text_width(text: str, size: float = SIZE) -> float:
    """About how many units ``text`` takes: fonts differ, so labels get room to spare."""
    return CHARACTER * size * len(text)


def wrapped(text: str, width: float, size: float = SIZE) -> list[str]:
    """``text`` in lines of at most about ``width`` units."""
    return textwrap.wrap(text, max(8, int(width / (CHARACTER * size)))) or [text]


def _fill(colour: str) -> str:
    return f'class="f-{colour}" fill="{LIGHT[colour]}"'


def _stroke(colour: str) -> str:
    return f'class="s-{colour}" stroke="{LIGHT[colour]}"'


def _places(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
