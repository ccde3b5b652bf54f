"""Where one rater stands among a campaign's raters, and whether that is worth a look."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from analysis.intervals import Interval
from annotation.domain.signals.measures import UNKNOWN
from annotation.enums import RaterState
from pipeline.enums import InstrumentName

if TYPE_CHECKING:
    from annotation.domain.signals.raters import RaterSignals

DRAWN_FROM = 3  # raters with a figure; with fewer there is no distribution to stand in
COMPARED_FROM = 5  # raters with a figure; with fewer nobody is said to stand out
FAR = 3.0  # robust standard deviations


class Concern(Enum):
    """Which end of a signal deserves a look."""

    LOW = -1
    HIGH = 1
    BOTH = 0


@dataclass(frozen=True)
class Signal:
    """A figure that raters are compared by. ``enough``: answers or pages from which on a figure is compared. ``least``:
    how far from the median it must be to matter at all, on its scale, or on that of natural logarithms with ``log``.
    """

    key: str
    value: Callable[[RaterSignals], float]
    n: Callable[[RaterSignals], int]
    concern: Concern
    least: float
    enough: int = 10
    log: bool = False
    interval: Callable[[RaterSignals], Interval] = lambda signals: UNKNOWN


# Where most agree on everything, one answer beside the others is far by any measure of spread: ``least`` and ``enough``
# of shares are such that it takes two.
_LISTED = (
    Signal("time", lambda s: s.pace.median, lambda s: s.pace.n, Concern.LOW, math.log(1.5), enough=3, log=True),
    Signal("run", lambda s: s.sameness.share, lambda s: s.sameness.n, Concern.HIGH, 0.1),
    Signal("variety", lambda s: s.sameness.entropy, lambda s: s.sameness.n, Concern.LOW, 0.25),
    Signal(
        "majority",
        lambda s: s.agreement.value,
        lambda s: s.agreement.n,
        Concern.LOW,
        0.1,
        enough=12,
        interval=lambda s: s.agreement.interval,
    ),
    Signal(
        "difference",
        lambda s: s.agreement.value,
        lambda s: s.agreement.n,
        Concern.HIGH,
        0.2,
        interval=lambda s: s.agreement.interval,
    ),
    Signal(
        "gold",
        lambda s: s.gold.share,
        lambda s: s.gold.n,
        Concern.LOW,
        0.25,
        enough=5,
        interval=lambda s: s.gold.interval,
    ),
    Signal("left", lambda s: s.left.share, lambda s: s.left.n, Concern.BOTH, 0.1, interval=lambda s: s.left.interval),
    Signal("hidden", lambda s: s.hidden.share, lambda s: s.hidden.n, Concern.HIGH, 0.1, enough=3),
)
SIGNALS: dict[str, Signal] = {signal.key: signal for signal in _LISTED}


def signals_for(instrument: str) -> list[Signal]:
    """Those that a campaign of this instrument has."""
    without = ("majority",) if instrument == InstrumentName.PREFERENCE else ("difference", "left")
    return [signal for signal in _LISTED if signal.key not in without]


@dataclass(frozen=True)
class Standing:
    """``distance`` is in robust standard deviations from the campaign's median; NaN where it is not defined.

    ``compared`` is False where the rater's figure rests on too little. ``far`` is True only where it is compared, among
    enough raters, at least ``FAR`` and the signal's ``least`` away at the end of concern, and, where the figure has an
    interval, with the median outside it.
    """

    value: float
    n: int
    interval: Interval
    distance: float
    compared: bool
    far: bool


@dataclass(frozen=True)
class Comparison:
    """One signal over a campaign's raters. ``values``, sorted, are those of raters who take part and have enough."""

    signal: Signal
    values: Sequence[float]
    median: float
    standings: Mapping[int, Standing]  # by rater

    @property
    def drawn(self) -> bool:
        return len(self.values) >= DRAWN_FROM


def compare(signal: Signal, raters: Sequence[RaterSignals]) -> Comparison:
    """Median and spread are over raters who take part and have enough answers; all are given a distance to them."""
    enough = [signal.n(one) >= signal.enough and not math.isnan(signal.value(one)) for one in raters]
    values = [signal.value(one) for one in raters]
    taking_part = [counts and one.rater.state == RaterState.ACTIVE for one, counts in zip(raters, enough, strict=True)]
    base = [value for value, counts in zip(values, taking_part, strict=True) if counts]
    distances = robust_distances(_scaled(signal, values), _scaled(signal, base))
    median = float(np.median(base)) if base else math.nan
    standings = {}
    for one, value, distance, counts in zip(raters, values, distances, enough, strict=True):
        interval = signal.interval(one)
        far = counts and len(base) >= COMPARED_FROM and _is_far(signal, value, median, distance, interval)
        standings[one.rater.pk] = Standing(value, signal.n(one), interval, distance, counts, far)
    return Comparison(signal, sorted(base), median, standings)


def robust_distances(values: Sequence[float], base: Sequence[float]) -> list[float]:
    """0.6745 (x - median) / MAD of ``base`` for each x: its distance in robust standard deviations.

    Where the MAD is 0 (more than half are the same), (x - median) / (1.2533 mean absolute deviation); 0 where that
    is 0 as well and x is the median, infinite where x is not. NaN for NaN, and for all with fewer than ``DRAWN_FROM``
    in ``base``. Source: B. Iglewicz and D. Hoaglin (1993), How to Detect and Handle Outliers, ASQC.
    """
    if len(base) < DRAWN_FROM:
        return [math.nan] * len(values)
    middle = float(np.median(base))
    away = np.abs(np.asarray(base, dtype=np.float64) - middle)
    scale = float(np.median(away)) / 0.6745 or 1.2533 * float(away.mean())
    return [_over(value - middle, scale) for value in values]


def _over(difference: float, scale: float) -> float:
    if scale > 0 or math.isnan(difference):
        return difference / (scale or 1)
    return math.copysign(math.inf, difference) if difference else 0.0


def _scaled(signal: Signal, values: Sequence[float]) -> list[float]:
    return [math.log(value) if value > 0 else math.nan for value in values] if signal.log else list(values)


def _is_far(signal: Signal, value: float, median: float, distance: float, interval: Interval) -> bool:
    towards = abs(distance) if signal.concern is Concern.BOTH else distance * signal.concern.value
    at, middle = _scaled(signal, [value, median])
    inside = interval.low <= median <= interval.high
    return towards >= FAR and abs(at - middle) >= signal.least and not inside
