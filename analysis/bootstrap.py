"""Bootstrap intervals of many figures at once: replicates as weights on units, or on raters, instead of drawn rows.

A replicate draws as many units (or raters) as there are, with replacement; a unit drawn twice counts twice. So every
figure that follows from weighted sums over units is made for all replicates by products of matrices.

    over units    what would come out with other units of this kind, judged by the same raters. Where it is known whose
                  they are, people are drawn with all their units: what is about one person stands and falls together
    over raters   what would come out with other raters of this kind, on the same units. People are drawn among people,
                  models among models. A rater drawn twice is one rater who counts twice, and is not compared with
                  himself, which would be agreement for nothing.

Both are percentile intervals: the ends are quantiles of the replicates. A replicate in which a figure is not defined
(everybody gave one value, a pair without common units) is left out and counted.
Sources: B. Efron (1979), Annals of Statistics 7, 1-26; A. C. Davison and D. V. Hinkley (1997), Bootstrap Methods, 5.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from analysis.intervals import LEVEL, SEED

REPLICATES = 1000
CELLS = 1_000_000

Floats = npt.NDArray[np.float64]
Weights = npt.NDArray[np.float32]  # (units or raters, replicates of one chunk): how often each was drawn
Part = Callable[[Weights], Floats]  # weights of a chunk to figures of shape (replicates of the chunk, ...)


class Percentiles(NamedTuple):
    """Ends of the intervals, shape (figures,), and in how many replicates each figure was not defined."""

    low: Floats
    high: Floats
    undefined: npt.NDArray[np.int64]


def percentiles(replicated: Floats, *, level: float = LEVEL) -> Percentiles:
    """Percentile intervals of ``replicated``, shape (replicates, figures), by linear interpolation between replicates.

    NaN replicates are left out and counted in ``undefined``. Both ends are NaN where fewer than half of the replicates
    are defined: what is left would speak for the lucky half alone; and without replicates.
    """
    total, figures = replicated.shape
    ordered = np.sort(replicated, axis=0)  # NaN last
    defined = total - np.isnan(replicated).sum(axis=0)
    enough = (defined * 2 >= total) & (defined > 0)
    ends = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        place = np.where(enough, (defined - 1) * share, 0.0)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(defined - 1, 0))
        ends.append(np.full(figures, np.nan))
        if total:
            first, second = (np.take_along_axis(ordered, at[None, :], axis=0)[0] for at in (below, above))
            ends[-1] = np.where(enough, first + (second - first) * (place - below), np.nan)
    return Percentiles(ends[0], ends[1], (total - defined).astype(np.int64))


def unit_weights(
    clusters: npt.NDArray[np.integer], chunk: int, *, replicates: int = REPLICATES, seed: int = SEED
) -> Iterator[Weights]:
    """Weights of units, shape (units, chunk) (the last may be narrower): as often as the unit's cluster was drawn.

    ``clusters``: each unit's, from 0; all different where units stand alone. ``chunk`` changes nothing but the memory.
    """
    rng = np.random.default_rng(seed)
    n = int(clusters.max(initial=-1)) + 1
    for begin in range(0, replicates, chunk):
        drawn = np.empty((min(chunk, replicates - begin), len(clusters)), dtype=np.float32)
        for row in drawn:
            row[:] = np.bincount(rng.integers(0, n, n, dtype=np.uint32), minlength=n)[clusters]
        yield np.ascontiguousarray(drawn.T)


def rater_weights(
    strata: npt.NDArray[np.int64], chunk: int, *, replicates: int = REPLICATES, seed: int = SEED
) -> Iterator[Weights]:
    """Weights of raters, shape (raters, chunk), drawn within each stratum: ``strata`` has each rater's."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros((len(strata), replicates), dtype=np.float32)
    for stratum in np.unique(strata):
        inside = np.flatnonzero(strata == stratum)
        drawn[inside] = rng.multinomial(len(inside), np.full(len(inside), 1 / len(inside)), size=replicates).T
    for begin in range(0, replicates, chunk):
        yield np.ascontiguousarray(drawn[:, begin : begin + chunk])


def replicated(weights: Iterator[Weights], parts: Sequence[Part]) -> list[Floats]:
    """What each of ``parts`` makes of the weights, all chunks one after the other: shapes (replicates, ...)."""
    found: list[list[Floats]] = [[] for _ in parts]
    for chunk in weights:
        for part, kept in zip(parts, found, strict=True):
            kept.append(part(chunk))
    return [np.concatenate(kept) for kept in found]


def summed(parts: npt.NDArray[Any], weights: npt.NDArray[Any]) -> Floats:
    """Weighted sums of ``parts`` (n, ...) with ``weights`` (n, replicates): shape (replicates, ...).

    By one thread and in one order: nothing depends on how many cores there are.
    """
    flat = csr_matrix(parts.reshape(len(parts), int(np.prod(parts.shape[1:]))).T.astype(np.float64))
    return np.asarray((flat @ weights).T.reshape(weights.shape[1], *parts.shape[1:]))


def chunk_for(*widths: int) -> int:
    """How many replicates to take at once when each needs arrays of ``widths`` floats: between 1 and 256."""
    return int(np.clip(CELLS // max(1, *widths), 1, 256))
