"""Sentences from numbers: an interval is always said, and what it does not show is not claimed."""

from __future__ import annotations

import math
from collections.abc import Callable

from analysis.figures.parts import in_number, in_percent

Write = Callable[[float], str]


def interval(low: float, high: float, write: Write = in_number) -> str:
    """`` (95 % interval 0.21 to 0.34)``, with a leading space; "" where there is none."""
    if not math.isfinite(low) or not math.isfinite(high):
        return ""
    return f" (95 % interval {write(low).removesuffix(' %')} to {write(high)})"


def share(value: float, low: float, high: float) -> str:
    return f"{in_percent(value)}{interval(low, high, in_percent)}"


def points_of(value: float) -> str:
    """Percentage points without their name, for an interval of a difference of shares that is said in points."""
    return in_number(value, 0)


def over_raters(said: list[str]) -> str:
    """What the intervals in ``said`` are over, where there are any."""
    return "; intervals over raters" if any("interval" in part for part in said) else ""


def told_apart(low: float, high: float, nothing: float = 0.0) -> bool:
    """Whether the interval leaves out ``nothing``, such as no difference. An interval that is not there does not."""
    return math.isfinite(low) and math.isfinite(high) and not low <= nothing <= high
