"""What a listing is, and the forms of numbers and intervals that listings share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analysis.markup import UNDEFINED, Col, bare_percent, number, percent, whole

TWO, THREE = number(2), number(3)


@dataclass(frozen=True)
class Listing:
    """``name`` of the table, ``columns`` shown, ``means``: definition, scale and what n counts; ``interval``."""

    name: str
    columns: tuple[Col, ...]
    means: str
    interval: str


def p_value(value: object) -> str:
    """Three places; ``< 0.001`` below them."""
    found = THREE(value)
    return "< 0.001" if found == "0.000" else found


def planned(value: object) -> str:
    """A count; ``UNDEFINED`` for -1, which says that there is none."""
    return UNDEFINED if value == -1 else whole(value)


def points(value: object) -> str:
    """A difference of shares in percentage points, with its sign."""
    found = percent(value)
    return found if found == UNDEFINED or found.startswith("\u2212") else f"+{found}"


def within(write: Callable[[object], str], low: str = "low", high: str = "high", heading: str = "") -> Col:
    """An interval of the column before; ``heading``: of what kind, where there are several."""
    unit = ", %" if write is bare_percent else ""
    return Col(low, f"95 % interval{f' {heading}' if heading else ''}{unit}", write, to=high)
