"""How far a campaign's raters agree so far, read from its roll-up: milliseconds, however many answers there are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from analysis.intervals import wilson_interval
from analysis.patterns import agreement_of_patterns, scores_of
from analysis.schema import LEVELS, VALUES
from annotation.domain.rolling import Pattern
from annotation.models import Campaign, Rollup


@dataclass(frozen=True)
class ValueShare:
    """``count`` of the campaign's answers gave ``value``: ``share`` of them, with Wilson's 95 % interval."""

    value: str
    count: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Figure:
    """A figure of agreement (see ``analysis.patterns``) over ``n_units`` with two answers or more, with its 95 %
    interval over units; NaN where it is not defined.
    """

    name: str
    n_units: int
    value: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        return not math.isnan(self.value)


@dataclass(frozen=True)
class Standing:
    """A campaign's answers as they stood at ``made_at``. ``units_by_answers``: how many units have 1, 2 ... answers."""

    made_at: datetime
    n_units: int
    n_judgments: int
    shares: list[ValueShare]
    figures: list[Figure]
    units_by_answers: dict[int, int]


def standing_of(campaign: Campaign) -> Standing | None:
    """None as long as no worker has counted the campaign."""
    rollup = Rollup.objects.filter(campaign=campaign).first()
    if rollup is None:
        return None
    patterns = [(tuple(counts), units) for counts, units in rollup.patterns]
    return Standing(
        made_at=rollup.made_at,
        n_units=rollup.n_units,
        n_judgments=rollup.n_judgments,
        shares=_shares(campaign.instrument, patterns),
        figures=_figures(campaign.instrument, patterns),
        units_by_answers=_by_answers(patterns),
    )


def _shares(instrument: str, patterns: Sequence[Pattern]) -> list[ValueShare]:
    total = sum(sum(counts) * units for counts, units in patterns)
    found = []
    for place, value in enumerate(VALUES[instrument]):
        count = sum(counts[place] * units for counts, units in patterns)
        low, high = wilson_interval(count, total)
        found.append(ValueShare(value, count, count / total if total else math.nan, low, high))
    return found


def _figures(instrument: str, patterns: Sequence[Pattern]) -> list[Figure]:
    found = agreement_of_patterns(patterns, scores_of(instrument), LEVELS[instrument][-1])
    rows = found.select("figure", "n_units", "value", "low", "high").iter_rows()
    return [Figure(*row) for row in rows]


def _by_answers(patterns: Sequence[Pattern]) -> dict[int, int]:
    units: Counter[int] = Counter()
    for counts, number in patterns:
        units[sum(counts)] += number
    return dict(units)
