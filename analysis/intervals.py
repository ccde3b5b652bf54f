"""Intervals for shares and means. 95 % unless told otherwise."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

LEVEL = 0.95
REPLICATES = 2000
SEED = 20260606


class Interval(NamedTuple):
    low: float
    high: float


def wilson_interval(hits: int, n: int, level: float = LEVEL) -> Interval:
    """Wilson's score interval of a share, in [0, 1].

    Definition: the shares p with ``|hits/n - p| <= z sqrt(p (1 - p) / n)``. It stays inside [0, 1] and has a width at 0
    and n hits, where the textbook interval collapses. It takes the answers as independent: answers of one rater, or to
    one unit, are not quite, so it is rather too narrow than too wide.
    NaN for n = 0. Raises ``ValueError`` unless 0 <= hits <= n.
    Source: E. B. Wilson (1927), JASA 22, 209-212.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} hits among {n} answers; expected 0 <= hits <= n")
    if n == 0:
        return Interval(math.nan, math.nan)
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Interval(max(0.0, centre - half) if hits else 0.0, min(1.0, centre + half) if hits < n else 1.0)


def cluster_mean_interval(
    sums: npt.NDArray[np.float64],
    counts: npt.NDArray[np.float64],
    *,
    level: float = LEVEL,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Interval:
    """Percentile bootstrap interval of a mean over answers that come in clusters.

    ``sums`` and ``counts``, both of shape (clusters,): sum and number of the answers of each cluster. A replicate
    draws as many clusters as there are, with replacement, and takes the mean over their answers; whole clusters are
    drawn because answers to one pair stand and fall together. The same seed gives the same interval.
    NaN with fewer than two clusters: nothing can be said about how clusters vary.
    Source: B. Efron (1979), Annals of Statistics 7, 1-26; clusters as in A. C. Davison and D. V. Hinkley (1997), 3.8.
    """
    clusters = len(sums)
    if clusters < 2:
        return Interval(math.nan, math.nan)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=replicates).astype(np.float64)
    means = (drawn @ sums) / (drawn @ counts)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))
