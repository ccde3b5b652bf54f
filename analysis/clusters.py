"""Intervals of shares, means, ratios and differences over answers that hang together in several ways at once.

Answers of one person's material, to one prompt, and by one rater resemble each other, and the three cut across each
other. The variance is Cameron, Gelbach and Miller's: for each non-empty set of the dimensions, the variance that
clusters (distinct combinations) of that set give, added for one or three dimensions, taken off for two. By chance it
may come out too small, even below zero: it is at least what the combinations of all dimensions give, or, of shares,
differences and slopes, the smallest of all sets. It also comes out too small where few raters answer all of the same:
with fewer than ``FEWEST_CLUSTERS`` in a dimension it is at least that of any single set, since answers of one cluster
hang together, not against each other; in a difference, of any set of dimensions whose clusters all stand on one side of
it, for what a cluster has on both sides cancels, as it may in a slope.

Few clusters: each variance is multiplied so that it is unbiased, and has the degrees of freedom that it has, when
answers of one cluster are as one (Bell and McCaffrey's working model with full correlation; for clusters of equal size
G / (G - 1) and G - 1). The quantile is Student's t with Satterthwaite's degrees of freedom of the sum over single
dimensions, but not fewer than the smallest of theirs.

Sources: A. C. Cameron, J. B. Gelbach and D. L. Miller (2011), J. Business & Economic Statistics 29, 238-249;
R. M. Bell and D. F. McCaffrey (2002), Survey Methodology 28, 169-181; N. Dean and M. Pagano (2015), J. Survey
Statistics and Methodology 3, 484-503 (shares: Wilson's interval at the effective number of answers).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import ndtri, stdtr, stdtrit

from analysis.intervals import LEVEL
from analysis.jackknife import FEWEST_CLUSTERS

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Clusters = Mapping[str, Codes]  # dimension -> cluster of each answer, numbers as in ``codes_of``
WIDEST = 10  # an interval of a quotient that goes further than this many times below or above it says nothing


class Estimate(NamedTuple):
    """``value`` with its interval, standard error and degrees of freedom; ``p`` tests value = 0 (two-sided).

    Where one of them is not defined it is NaN and ``reason`` says why; ``reason`` is "" otherwise.
    """

    value: float
    low: float
    high: float
    se: float
    df: float
    p: float
    reason: str


def undefined(value: float, reason: str) -> Estimate:
    """``value`` without an interval."""
    return Estimate(value, math.nan, math.nan, math.nan, math.nan, math.nan, reason or "no answers")


class Arm(NamedTuple):
    """One part of an estimate: what each answer adds to its error, and its share of the answers' weight (0: it does not
    belong to this part, or is not what says how clusters vary).
    """

    influence: Floats
    weight: Floats


class _Spread(NamedTuple):
    variance: float
    df: float
    smallest: int  # clusters of the dimension that has fewest
    reason: str


def codes_of(frame: pl.DataFrame, *dimensions: str) -> dict[str, Codes]:
    """Clusters of the rows of ``frame`` by its text columns of these names, numbered as they first appear. Null is "".

    Sums over clusters run in the order of their numbers, so the same rows in the same order give the same bytes.
    """
    found = {}
    for name in dimensions:
        values = frame[name].fill_null("")
        levels = values.unique(maintain_order=True)
        numbers = pl.int_range(len(levels), eager=True, dtype=pl.Int64)
        found[name] = values.replace_strict(levels, numbers, return_dtype=pl.Int64).to_numpy()
    return found


def clustered_sum(value: float, arms: Sequence[Arm], clusters: Clusters, *, level: float = LEVEL) -> Estimate:
    """``value``, whose error is the sum of what ``arms`` say of each answer; interval ``value +- t se``.

    Low and high are NaN where a dimension has one cluster in an arm: nothing shows how its clusters vary.
    """
    return _symmetric(value, _spread(arms, clusters), level)


def clustered_mean(values: Floats, clusters: Clusters, *, level: float = LEVEL) -> Estimate:
    """Mean of ``values`` (each answer the same weight), interval ``mean +- t se`` (module docstring).

    NaN for no values. Low and high are NaN where a dimension has one cluster: nothing shows how its clusters vary.
    Equal values throughout give an interval without width; ``reason`` then says so.
    """
    value, arm = _ratio_arm(values, np.ones(len(values)))
    return _symmetric(value, _spread([arm], clusters), level)


def clustered_difference(
    values: Floats, in_first: npt.NDArray[np.bool_], clusters: Clusters, *, level: float = LEVEL
) -> Estimate:
    """Mean of the answers with ``in_first`` minus the mean of the others, as ``clustered_mean``.

    A cluster with answers on both sides counts with the difference of its parts: what it adds to both falls out. NaN
    when a side has no answers; low and high NaN where a dimension has one cluster on either side. Degrees of freedom
    are Welch's over the two sides, at most the dimension's clusters less one.
    """
    first, arm = _ratio_arm(values * in_first, in_first.astype(np.float64))
    second, other = _ratio_arm(values * ~in_first, (~in_first).astype(np.float64))
    return _symmetric(first - second, _spread([arm, Arm(-other.influence, other.weight)], clusters), level)


def clustered_coefficients(y: Floats, x: Floats, clusters: Clusters, *, level: float = LEVEL) -> list[Estimate]:
    """Least squares of ``y`` on the columns of ``x`` (of full rank; give the column of ones yourself), intervals as in
    ``clustered_mean``, which it is for a column of ones alone.
    """
    inverse = np.linalg.inv(x.T @ x)
    values = inverse @ (x.T @ y)
    influence = (y - x @ values)[:, None] * (x @ inverse)
    weight = np.full(len(y), 1 / len(y))
    arms = [Arm(influence[:, column], weight) for column in range(x.shape[1])]
    spreads = [_spread([arm], clusters, cancels=True) for arm in arms]
    return [_symmetric(float(value), spread, level) for value, spread in zip(values, spreads, strict=True)]


def clustered_share(hits: Floats, clusters: Clusters, of: Floats | None = None, *, level: float = LEVEL) -> Estimate:
    """``sum(hits) / sum(of)`` in [0, 1] (``of``: 1 for each answer), e.g. a share, precision, recall, F1.

    Wilson's interval at the effective number of answers p (1 - p) / variance, with t for z; for a plain share never
    narrower than ``wilson_interval``, which takes all answers as independent. At 0 and 1 no variation is seen between
    clusters, and each cluster of the smallest dimension counts as one answer, with z: wide, and so said by ``reason``.
    NaN where nothing is counted in ``of``; low and high NaN where a dimension has one cluster.
    """
    each = np.ones(len(hits))
    value, arm = _ratio_arm(hits, each if of is None else of, each)
    spread = _spread([arm], clusters, loose=of is None)
    if math.isnan(value) or math.isnan(spread.variance):
        return undefined(value, spread.reason)
    flat = value in (0.0, 1.0)
    z2 = float(ndtri((1 + level) / 2)) ** 2
    t2 = z2 if flat else float(stdtrit(spread.df, (1 + level) / 2)) ** 2
    independent = value * (1 - value) / len(hits) * z2 / t2 if of is None else 0.0
    variance = max(spread.variance, independent)
    effective = spread.smallest if flat else value * (1 - value) / variance if variance else math.inf
    centre = (value + t2 / (2 * effective)) / (1 + t2 / effective)
    half = math.sqrt(t2 * (value * (1 - value) / effective + t2 / (4 * effective**2))) / (1 + t2 / effective)
    low, high = (0.0 if value == 0 else centre - half), (1.0 if value == 1 else centre + half)
    reason = f"all answers are {'in' if value else 'out'}; each cluster counted once" if flat else ""
    return Estimate(value, low, high, math.sqrt(variance), spread.df, math.nan, reason)


def clustered_quotient(above: Floats, below: Floats, clusters: Clusters, *, level: float = LEVEL) -> Estimate:
    """``sum(above) / sum(below)`` of non-negative counts, not bounded by 1; interval symmetric in its logarithm.

    NaN where ``below`` is 0 throughout; low and high also where ``above`` is, and where they would be more than
    ``WIDEST`` times the value apart from it: so few clusters tell nothing.
    """
    value, arm = _ratio_arm(above, below, np.ones(len(above)))
    spread = _spread([arm], clusters)
    if math.isnan(value) or math.isnan(spread.variance):
        return undefined(value, spread.reason)
    if value == 0:
        return undefined(value, "nothing above the line")
    se = math.sqrt(spread.variance)
    width = float(stdtrit(spread.df, (1 + level) / 2)) * se / value
    if width > math.log(WIDEST):
        return undefined(value, "too few to tell")
    factor = math.exp(width)
    reason = "" if se else "the same in every cluster"
    return Estimate(value, value / factor, value * factor, se, spread.df, math.nan, reason)


def _ratio_arm(above: Floats, below: Floats, size: Floats | None = None) -> tuple[float, Arm]:
    """The ratio of sums, and each answer's part in its error (the first term of the ratio's Taylor series).

    ``size``: what makes one cluster larger than another; ``below`` where not given.
    """
    total = float(below.sum())
    if not total:
        return math.nan, Arm(np.zeros(len(above)), np.zeros(len(above)))
    value = float(above.sum()) / total
    weight = below if size is None else size
    return value, Arm((above - value * below) / total, weight / float(weight.sum()))


def _symmetric(value: float, spread: _Spread, level: float) -> Estimate:
    if math.isnan(value) or math.isnan(spread.variance):
        return undefined(value, spread.reason)
    se = math.sqrt(spread.variance)
    half = float(stdtrit(spread.df, (1 + level) / 2)) * se
    p = 2 * float(stdtr(spread.df, -abs(value) / se)) if se else math.nan
    return Estimate(value, value - half, value + half, se, spread.df, p, "" if se else "all answers are the same")


def _spread(arms: Sequence[Arm], clusters: Clusters, *, cancels: bool = False, loose: bool = False) -> _Spread:
    """Variance and degrees of freedom of the sum of ``arms`` (module docstring). ``cancels``: what a cluster has in
    common may fall out within one arm. ``loose``: the caller knows a better least variance.
    """
    if any(not arm.weight.any() for arm in arms):
        return _Spread(math.nan, math.nan, 0, "no answers")
    dense = {name: _dense(codes) for name, codes in clusters.items()}
    apart = set() if cancels else {name for name, codes in dense.items() if _apart(arms, codes)}
    total, found, least, single, smallest = 0.0, [], [], [], len(arms[0].weight)
    for size in range(1, len(dense) + 1):
        for names in combinations(dense, size):
            codes = crossed([dense[name] for name in names])
            variance, df, fewest = _one_way(arms, codes)
            if math.isnan(variance):
                return _Spread(math.nan, math.nan, fewest, f"only one {names[0]}")
            total += variance if size % 2 else -variance
            found.append(variance)
            least += [variance] if apart.issuperset(names) else []
            if size == 1:
                single.append((variance, df))
                smallest = min(smallest, fewest)
    floor = min(found) if loose or cancels or len(arms) > 1 else found[-1]
    variance = max(total, floor, *(least if smallest < FEWEST_CLUSTERS else []))
    parts = sum(own**2 / df for own, df in single)
    fewest_df = min(df for _, df in single)
    return _Spread(variance, max(variance**2 / parts if parts else fewest_df, fewest_df), smallest, "")


def _apart(arms: Sequence[Arm], codes: Codes) -> bool:
    """Whether each cluster has answers of one arm alone."""
    present = np.stack([np.bincount(codes, arm.weight) > 0 for arm in arms])
    return bool((present.sum(axis=0) <= 1).all())


def _dense(codes: Codes) -> Codes:
    """The same clusters numbered from 0 without gaps, in the order of their numbers."""
    least = int(codes.min())
    present = np.bincount(codes - least) > 0
    return np.asarray((np.cumsum(present) - 1)[codes - least])


def crossed(dimensions: Sequence[Codes]) -> Codes:
    """Clusters of the combinations, numbered from 0 without gaps."""
    codes = dimensions[0]
    for other in dimensions[1:]:
        codes = np.unique(codes * (int(other.max()) + 1) + other, return_inverse=True)[1]
    return codes


def _one_way(arms: Sequence[Arm], codes: Codes) -> tuple[float, float, int]:
    """Variance, its degrees of freedom and the fewest clusters of an arm; NaN where an arm has one cluster."""
    summed, variances, dfs, fewest = np.zeros(int(codes.max()) + 1), [], [], []
    for arm in arms:
        weight: Floats = np.bincount(codes, arm.weight).astype(np.float64)
        held = weight[weight > 0]
        fewest.append(len(held))
        if len(held) < 2:
            return math.nan, math.nan, 1
        factor, df = _few_clusters(held)
        part = math.sqrt(factor) * np.bincount(codes, arm.influence)
        summed += part
        variances.append(float(part @ part))
        dfs.append(df)
    variance = float(summed @ summed)
    if len(arms) == 1:
        return variance, dfs[0], fewest[0]
    parts = sum(found**2 / df for found, df in zip(variances, dfs, strict=True))
    welch = sum(variances) ** 2 / parts if parts else min(dfs)
    return variance, min(welch, len(summed) - 1), min(fewest)


def _few_clusters(weight: Floats) -> tuple[float, float]:
    """What makes ``sum of (w_g (m_g - m))^2`` unbiased, and its degrees of freedom, for cluster means m_g of equal
    variance with weights w_g that sum to 1: trace and square of the trace of the quadratic form's matrix.
    """
    square = weight**2
    size = float(square.sum())  # 1 / effective number of clusters
    kept = 1 - 2 * weight + size
    trace = float(square @ kept)
    # sum over g != h of w_g^2 w_h^2 (size - w_g - w_h)^2, by its moments
    w3, w4 = float(square @ weight), float(square @ square)
    across = size**4 + 2 * size * w4 + 2 * w3**2 - 4 * size**2 * w3 - float(square**2 @ (size - 2 * weight) ** 2)
    return size / trace, max(1.0, trace**2 / (float((square * kept) @ (square * kept)) + across))
