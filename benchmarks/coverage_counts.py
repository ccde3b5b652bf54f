"""How often intervals held the truth, and whether that is what 95 % looks like: for benchmarks.coverage."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from scipy import stats

from analysis.intervals import LEVEL


@dataclass
class Count:
    """Of the draws: in how many the truth lay inside, outside, and no interval was given."""

    inside: int = 0
    outside: int = 0
    none: int = 0

    def add(self, low: float, high: float, truth: float) -> None:
        if not (low <= high):  # NaN as well
            self.none += 1
        elif low - 1e-12 <= truth <= high + 1e-12:
            self.inside += 1
        else:
            self.outside += 1

    @property
    def given(self) -> int:
        return self.inside + self.outside

    @property
    def share(self) -> float:
        return self.inside / self.given if self.given else math.nan


class Row(NamedTuple):
    """Counts of several keys looked at together; ``seeds`` draws each."""

    counts: dict[str, Count]
    seeds: int

    @property
    def given(self) -> dict[str, Count]:
        return {key: count for key, count in self.counts.items() if count.given}

    @property
    def share(self) -> float:
        given = sum(count.given for count in self.counts.values())
        return sum(count.inside for count in self.counts.values()) / given if given else math.nan

    @property
    def none(self) -> str:
        """The share of draws and keys without an interval, in per cent; "" where there is none such."""
        none, given = (sum(getattr(count, name) for count in self.counts.values()) for name in ("none", "given"))
        return f"{100 * none / (none + given):.0f} %" if none else ""

    def verdict(self) -> str:
        """All keys together as one interval in ``seeds`` draws (they are not independent); each of them so that one of
        all would be called out by chance one time in twenty.
        """
        if not self.given:
            return "none given"
        each = {key: (count.share, band(count.given, 1 - 0.05 / len(self.given))) for key, count in self.given.items()}
        low, high = band(self.seeds, 0.95)
        narrow = [key for key, (share, (least, _)) in each.items() if share < least]
        wide = [key for key, (share, (_, most)) in each.items() if share > most]
        said = [f"**narrow** {', '.join(narrow)}".strip()] if narrow or self.share < low else []
        return "; ".join(said + ([f"wide {', '.join(wide)}".strip()] if wide or self.share > high else [])) or "holds"

    def cells(self) -> str:
        often = [
            count for count in self.given.values() if 10 * count.given >= self.seeds
        ]  # of few, 0 and 1 say nothing
        shares = [count.share for count in often or self.given.values()]
        numbers = [f"{share:.3f}" for share in (self.share, min(shares), max(shares))] if shares else ["", "", ""]
        return " | ".join([str(len(self.given)), *numbers, self.none, self.verdict()])


def band(draws: int, level: float) -> tuple[float, float]:
    """Between what shares of ``draws`` an interval that holds 95 % lies, at ``level``."""
    low, high = stats.binom.interval(level, draws, LEVEL)
    return low / draws, high / draws


def outside(counts: Iterable[Count]) -> str:
    """How many keys lie outside what 95 % looks like in their own draws, beside how many would by chance."""
    given = [count for count in counts if count.given]
    bands = [band(count.given, 0.95) for count in given]
    low = sum(count.share < ends[0] for count, ends in zip(given, bands, strict=True))
    high = sum(count.share > ends[1] for count, ends in zip(given, bands, strict=True))
    chance = sum(_beyond(count.given, ends) for count, ends in zip(given, bands, strict=True))
    return (
        f"Of {len(given)} keys {low} are lower and {high} higher than 95 % looks like; {chance:.0f} would be by chance"
    )


def _beyond(draws: int, ends: tuple[float, float]) -> float:
    """The chance that an interval which holds 95 % lies beyond ``ends`` (shares of ``draws``)."""
    low, high = (round(end * draws) for end in ends)
    return float(stats.binom.cdf(low - 1, draws, LEVEL) + stats.binom.sf(high, draws, LEVEL))
