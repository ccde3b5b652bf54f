"""One rater's figures: what each is made of, and when it is not defined. Pure functions, no database.

NaN means "not defined" (nothing to divide by), never 0; ``n`` always says how many answers or pages a figure rests on.
No figure here does anything by itself: pages show them, people decide (docs/signals.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.intervals import Interval, cluster_mean_interval, wilson_interval

UNKNOWN = Interval(math.nan, math.nan)
REPLICATES = 400  # the interval of a mean difference is looked at, not published

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Share:
    """``hits`` of ``n``, with Wilson's interval at 95 %. Share and interval are NaN for n = 0."""

    hits: int
    n: int

    @property
    def share(self) -> float:
        return self.hits / self.n if self.n else math.nan

    @property
    def interval(self) -> Interval:
        return wilson_interval(self.hits, self.n)


@dataclass(frozen=True)
class Pace:
    """Active seconds, as the browser reported them, over ``n`` pages that reported any.

    ``median`` is the median over pages of seconds a question; ``whole`` all seconds over all questions, the submission
    as one. Both NaN for n = 0. ``sds_below`` is how many standard deviations ``whole`` lies below the mean of the
    campaign's raters (negative: above), on seconds as they are: the recruiter's rule on speed. NaN with fewer than
    three raters who have times, and where they are all the same.
    """

    n: int
    median: float
    whole: float
    sds_below: float = math.nan


def pace_of(seconds: Sequence[float], questions: Sequence[int]) -> Pace:
    """From pages with ``seconds`` > 0 and at least one question, page by page."""
    if not seconds:
        return Pace(0, math.nan, math.nan)
    each = np.asarray(seconds, dtype=np.float64) / np.asarray(questions, dtype=np.float64)
    return Pace(len(seconds), float(np.median(each)), float(sum(seconds) / sum(questions)))


def sds_below_mean(whole: Sequence[float]) -> list[float]:
    """(mean - x) / s for each rater, s with n - 1. NaN stays NaN and is not counted; see ``Pace``."""
    values = np.asarray(whole, dtype=np.float64)
    known = values[~np.isnan(values)]
    spread = float(known.std(ddof=1)) if len(known) > 2 else 0.0
    return [(float(known.mean()) - value) / spread if spread > 0 else math.nan for value in values.tolist()]


@dataclass(frozen=True)
class Sameness:
    """Straight-lining. The rater's ``n`` answers stand in the order in which they were given: pages by the time of
    their submission, questions as they stood on the page; values as on the page (a preference as left to right).

    ``longest`` is the longest run of one and the same value, ``share`` that run over n: 1 where every answer was the
    same. ``entropy`` is Shannon's, in bits, of the rater's shares of values: 0 where all are the same, at most
    log2(number of values). ``entropy_others`` is the same of all that the campaign's others gave: NaN without others.
    ``share`` and ``entropy`` are NaN for n = 0.
    """

    n: int
    longest: int
    share: float
    entropy: float
    entropy_others: float


def sameness_of(values: Ints, counts: Ints, counts_others: Ints) -> Sameness:
    """``values``: codes in the order given; ``counts``: of each code, the rater's own and the others'."""
    n, longest = len(values), longest_run(values)
    share = longest / n if n else math.nan
    return Sameness(n, longest, share, entropy_bits(counts), entropy_bits(counts_others))


def longest_run(values: Ints) -> int:
    """Length of the longest stretch of one value; 0 for no values."""
    if not len(values):
        return 0
    ends = np.append(np.flatnonzero(values[1:] != values[:-1]), len(values) - 1)
    return int(np.diff(ends, prepend=-1).max())


def entropy_bits(counts: Ints) -> float:
    """Of the shares that ``counts`` make up; NaN where they are all 0."""
    total = counts.sum()
    if not total:
        return math.nan
    shares = counts[counts > 0] / total
    return abs(float(-(shares * np.log2(shares)).sum()))


@dataclass(frozen=True)
class Agreement:
    """With what others said to the same work questions.

    Categories: ``value`` is the share of the rater's answers that are the others' majority. Left out, and counted in
    ``n_tied``, are questions at which the others have no single majority; questions that nobody else answered are not
    counted at all. Interval: Wilson's. Scale of 1 to 5 (preference, towards personalized): ``value`` is the mean
    absolute difference to the mean of the others, 0 to 4, less is closer; interval: bootstrap over pages. Others are
    raters who take part (neither left nor excluded) with answers that stand. NaN for n = 0.
    """

    n: int
    n_tied: int
    value: float
    interval: Interval


def agreement_by_majority(codes: Ints, others: Ints) -> Agreement:
    """``codes`` of shape (n,): the rater's values; ``others`` of shape (n, values): the others' counts there."""
    asked = others.sum(axis=1) > 0
    most = others.max(axis=1, initial=0)
    single = asked & ((others == most[:, None]).sum(axis=1) == 1)
    hits = int((others[np.arange(len(codes)), codes] == most)[single].sum())
    found = Share(hits, int(single.sum()))
    return Agreement(found.n, int((asked & ~single).sum()), found.share, found.interval if found.n else UNKNOWN)


def agreement_by_difference(scores: Floats, means: Floats, pages: Ints, *, with_interval: bool = True) -> Agreement:
    """``means``: of the others at the same question, NaN where there are none; ``pages``: whose answers go together.

    Without ``with_interval``, which is by far the dearest of it, the interval is not defined.
    """
    asked = ~np.isnan(means)
    if not asked.any():
        return Agreement(0, 0, math.nan, UNKNOWN)
    differences = np.abs(scores - means)[asked]
    if not with_interval:
        return Agreement(int(asked.sum()), 0, float(differences.mean()), UNKNOWN)
    _, place = np.unique(pages[asked], return_inverse=True)
    sums = np.bincount(place, weights=differences).astype(np.float64)
    counts = np.bincount(place).astype(np.float64)
    interval = cluster_mean_interval(sums, counts, replicates=REPLICATES)
    return Agreement(int(asked.sum()), 0, float(differences.mean()), interval)


def left_preferred(values: Sequence[int]) -> Share:
    """Of the preferences that chose a side (3 is none), the share that chose the left: 1 and 2."""
    return Share(sum(value < 3 for value in values), sum(value != 3 for value in values))


@dataclass(frozen=True)
class Hidden:
    """Seconds with the page open and not looked at, over ``n`` pages that reported them.

    ``share`` is of hidden and active seconds together; NaN where there are none.
    """

    n: int
    seconds: float
    share: float


def hidden_of(hidden: Sequence[float], active: Sequence[float]) -> Hidden:
    both = sum(hidden) + sum(active)
    return Hidden(len(hidden), sum(hidden), sum(hidden) / both if both else math.nan)
