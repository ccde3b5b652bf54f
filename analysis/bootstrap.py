"""Bootstrap intervals of many figures at once: replicates as weights on units, or on raters, instead of drawn rows.

A replicate draws as many units (or raters) as there are, with replacement; a unit drawn twice counts twice. So every
figure that follows from weighted sums over units is made for all replicates by products of matrices.

    over units    what would come out with other units of this kind, judged by the same raters. Where it is known whose
                  they are, people are drawn with all their units: what is about one person stands and falls together
    over raters   what would come out with other raters of this kind, on the same units. People are drawn among people,
                  models among models. A rater drawn twice is one rater who counts twice, and is not compared with
                  himself, which would be agreement for nothing.

A replicate in which a figure is not defined (everybody gave one value, a pair without common units) is left out and
counted. ``percentiles`` takes quantiles of the replicates for ends. ``intervals`` takes from them how the figure leans
to one side, and its width from elsewhere, because the replicates of some figures are known to vary too little or too
much: over units ``analysis.jackknife``, over raters ``spread_over_raters``, both with Student's t.
Sources: B. Efron (1979), Annals of Statistics 7, 1-26; A. C. Davison and D. V. Hinkley (1997), Bootstrap Methods, 5.3;
few units: T. C. Hesterberg (2015), American Statistician 69, 371-386; over raters: A. B. Owen (2007), Annals of Applied
Statistics 1, 386-411.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.special import ndtri, stdtrit

from analysis.intervals import LEVEL, SEED
from analysis.jackknife import Codes, Floats, Spread, Weights, groups_within

REPLICATES = 1000
CELLS = 1_000_000
ROUNDING = 1e-9  # of figures
STEP = 0.05  # by which a rater's weight is moved to see what hangs on him

Part = Callable[[Weights], Floats]  # weights of a chunk to figures of shape (replicates of the chunk, ...)


class Percentiles(NamedTuple):
    """Ends of the intervals, shape (figures,), and in how many replicates each figure was not defined."""

    low: Floats
    high: Floats
    undefined: npt.NDArray[np.int64]


def without_intervals(figures: int) -> Percentiles:
    """No ends for any of ``figures``, and no replicates."""
    none = np.full(figures, np.nan)
    return Percentiles(none, none, np.zeros(figures, dtype=np.int64))


def percentiles(replicated: Floats, *, level: float = LEVEL) -> Percentiles:
    """Percentile intervals of ``replicated``, shape (replicates, figures), by linear interpolation between replicates.

    NaN replicates are left out and counted in ``undefined``. Both ends are NaN where fewer than half of the replicates
    are defined: what is left would speak for the lucky half alone; and without replicates.
    """
    (low, high), undefined = _quantiles(replicated, [(1 - level) / 2, (1 + level) / 2])
    return Percentiles(low, high, undefined)


def intervals(value: Floats, replicated: Floats, spread: Spread, *, level: float = LEVEL) -> Percentiles:
    """Bootstrap intervals as wide as ``value +- t se``, and leaning as the replicates do.

    The percentiles of ``replicated`` (``percentiles``, as are NaN and ``undefined``) are moved away from the
    replicates' median until they are ``2 t se`` apart, and the median then put on ``value``. That is Hesterberg's
    expanded percentile interval, but for the standard error, which is given; and a bias of the figure, which the
    replicates have twice, moves nothing. NaN where one of ``value``, ``se`` and the percentiles is. Equal replicates
    throughout and ``se`` 0 (full agreement) give an interval without width.
    """
    shares = [(1 - level) / 2, 0.5, (1 + level) / 2]
    (low, middle, high), undefined = _quantiles(replicated, shares)
    half = stdtrit(spread.df, shares[-1]) * spread.se
    room = high - low
    below, above = (
        np.divide(2 * part * half, room, out=np.where(np.isnan(room), np.nan, half), where=room > 0)
        for part in (middle - low, high - middle)
    )
    return Percentiles(np.asarray(value - below), np.asarray(value + above), undefined)


def symmetric(value: Floats, replicated: Floats, spread: Spread, *, level: float = LEVEL) -> Percentiles:
    """``value +- t se``; of ``replicated`` only how many are not defined, as in ``percentiles``."""
    half = np.asarray(stdtrit(spread.df, (1 + level) / 2) * spread.se)
    return Percentiles(value - half, value + half, np.isnan(replicated).sum(axis=0).astype(np.int64))


def share(value: Floats, replicated: Floats, spread: Spread, *, level: float = LEVEL) -> Percentiles:
    """As ``symmetric``, of shares and other ratios in [0, 1]: Wilson's interval at the effective number of answers,
    ``value (1 - value) / se^2``, with t for z (as ``clusters.clustered_share``). At 0 and 1 it has no width.
    """
    t2 = stdtrit(spread.df, (1 + level) / 2) ** 2
    inside = value * (1 - value)
    scarce = np.divide(spread.se**2, inside, out=np.where(np.isnan(spread.se), np.nan, 0.0), where=inside > 0)
    centre = (value + t2 * scarce / 2) / (1 + t2 * scarce)
    half = np.sqrt(t2 * scarce * (inside + t2 * scarce / 4)) / (1 + t2 * scarce)
    return Percentiles(centre - half, centre + half, np.isnan(replicated).sum(axis=0).astype(np.int64))


def bounded(value: Floats, ends: Percentiles, least: Floats | float) -> Percentiles:
    """``ends`` within ``least`` and 1, between which figures of agreement lie; NaN where ``value`` is not between them:
    it is then so far from what the interval is about that the two should not be shown as one thing.
    """
    low, high = np.maximum(ends.low, least), np.minimum(ends.high, 1.0)
    inside = (low - ROUNDING <= value) & (value <= high + ROUNDING)
    return Percentiles(np.where(inside, low, np.nan), np.where(inside, high, np.nan), ends.undefined)


def spread_over_raters(nudged: Floats, replicated: Floats, strata: Codes) -> Spread:
    """Standard errors over raters of figures that are made of pairs of raters, from what hangs on each rater.

    ``nudged``: the figures with ``nudged_raters``, (2 groups, figures); ``strata``: of each group (``groups_within``).
    Two things vary with raters: what each brings to all of his pairs, and what is peculiar to a pair (chance in the
    units that two have in common), with variance D. Both the squares of the figure's slopes in the raters' weights and
    the replicates have the first once. The second the slopes have twice, for it stands at both raters of the pair, the
    replicates, where a pair counts as the product of its raters' draws, three times (Owen). So D is what the variance
    of the replicates exceeds that of the slopes by, and the variance is that of the slopes less D; where chance has it
    smaller, half of the larger of the two.
    Each stratum's slopes are taken from their mean and times n / (n - 1); df is Satterthwaite's over strata.
    Units are what they are, but how hard each is cannot be told from chance in its two or three answers, and is counted
    with it: rather too wide than too narrow. NaN without ``nudged``.
    """
    if not len(nudged):
        return Spread(*np.full((2, nudged.shape[1]), np.nan))
    half = len(nudged) // 2
    slopes = (nudged[:half] - nudged[half:]) / (2 * STEP)
    seen, unbiased, parts = (np.zeros(nudged.shape[1]) for _ in range(3))
    for stratum in np.unique(strata):
        own = slopes[strata == stratum]
        if len(own) > 1:
            squares = ((own - own.mean(axis=0)) ** 2).sum(axis=0)
            seen += squares
            unbiased += squares * len(own) / (len(own) - 1)
            parts += (squares * len(own) / (len(own) - 1)) ** 2 / (len(own) - 1)
    low, high, _ = percentiles(replicated)
    drawn = ((high - low) / (2 * ndtri((1 + LEVEL) / 2))) ** 2
    peculiar = np.maximum(drawn - seen, 0.0)
    variance = np.maximum(unbiased - peculiar, np.maximum(seen, peculiar) / 2)
    return Spread(np.sqrt(variance), np.divide(unbiased**2, parts, out=np.ones_like(parts), where=parts > 0))


def _quantiles(replicated: Floats, shares: Sequence[float]) -> tuple[list[Floats], Codes]:
    """The replicates' quantiles at each of ``shares``, (figures,), and how many are not defined (``percentiles``)."""
    total, figures = replicated.shape
    ordered = np.sort(replicated, axis=0)  # NaN last
    defined = total - np.isnan(replicated).sum(axis=0)
    enough = (defined * 2 >= total) & (defined > 0)
    found = []
    for share in shares:
        place = np.where(enough, (defined - 1) * share, 0.0)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(defined - 1, 0))
        found.append(np.full(figures, np.nan))
        if total:
            first, second = (np.take_along_axis(ordered, at[None, :], axis=0)[0] for at in (below, above))
            found[-1] = np.where(enough, first + (second - first) * (place - below), np.nan)
    return found, (total - defined).astype(np.int64)


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


def nudged_raters(strata: Codes, chunk: int) -> Iterator[Weights]:
    """Weights of raters, shape (raters, chunk): each group's (``groups_within``) up by ``STEP`` in turn, then down."""
    group, of_group = groups_within(strata)
    inside = group[:, None] == np.arange(len(of_group))
    moved = 1 + STEP * np.concatenate([inside, -1.0 * inside], axis=1)
    for begin in range(0, moved.shape[1], chunk):
        yield np.ascontiguousarray(moved[:, begin : begin + chunk], dtype=np.float32)


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
