"""Small pictures of where a rater stands: lengths in pixels for SVG, worked out here so that templates only draw."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from annotation.domain.signals import Comparison, RaterSignals, Standing
from annotation.views.signal_words import SignalWords, words_of

MARGIN = 8
SMALL, LARGE = 112, 272  # the large one fits a page of 320


@dataclass(frozen=True)
class Scale:
    """From a figure to its place; one point stands in the middle."""

    low: float
    high: float
    log: bool
    width: int

    def x(self, value: float) -> float:
        low, high, at = (math.log(v) if self.log else v for v in (self.low, self.high, self._clipped(value)))
        share = (at - low) / (high - low) if high > low else 0.5
        return round(MARGIN + share * (self.width - 2 * MARGIN), 1)

    def _clipped(self, value: float) -> float:
        return min(max(value, self.low), self.high)


@dataclass(frozen=True)
class Strip:
    """One signal of a campaign: a tick for each rater who is compared, and the median."""

    comparison: Comparison
    width: int

    @property
    def key(self) -> str:
        return self.comparison.signal.key

    @property
    def words(self) -> SignalWords:
        return words_of(self.key)

    @property
    def drawn(self) -> bool:
        return self.comparison.drawn

    @cached_property
    def scale(self) -> Scale:
        """Over everybody's figures, those with few answers among them, so that each stands where it belongs."""
        known = [one.value for one in self.comparison.standings.values() if not math.isnan(one.value)]
        return Scale(min(known), max(known), self.comparison.signal.log, self.width)

    @cached_property
    def ticks(self) -> str:
        """As the ``d`` of a path."""
        return " ".join(f"M{self.scale.x(value)} 6v10" for value in self.comparison.values)

    @property
    def median_x(self) -> float:
        return self.scale.x(self.comparison.median)

    @property
    def median(self) -> str:
        return self.words.figure(self.comparison.median)

    @property
    def low(self) -> str:
        return self.words.figure(self.scale.low)

    @property
    def high(self) -> str:
        return self.words.figure(self.scale.high)


@dataclass(frozen=True)
class Cell:
    """One rater's place on a strip."""

    strip: Strip
    standing: Standing
    signals: RaterSignals

    @property
    def known(self) -> bool:
        return not math.isnan(self.standing.value)

    @property
    def has_interval(self) -> bool:
        return not math.isnan(self.standing.interval.low)

    @property
    def figure(self) -> str:
        return self.strip.words.figure(self.standing.value)

    @property
    def interval(self) -> str:
        low, high = self.standing.interval
        return f"{self.strip.words.figure(low)} to {self.strip.words.figure(high)}"

    @property
    def of(self) -> str:
        """What the figure rests on."""
        return self.strip.words.number(self.standing.n)

    @property
    def sentence(self) -> str:
        """Why the rater stands out here."""
        return self.strip.words.sentence(self.signals, self.standing, self.strip.comparison.median)

    @property
    def x(self) -> float:
        return self.strip.scale.x(self.standing.value)

    @property
    def low_x(self) -> float:
        return self.strip.scale.x(self.standing.interval.low)

    @property
    def high_x(self) -> float:
        return self.strip.scale.x(self.standing.interval.high)

    @property
    def diamond(self) -> str:
        """The mark of who stands out, another shape and not only another shade."""
        return f"M{self.x} 3.5l7.5 7.5l-7.5 7.5l-7.5-7.5z"
