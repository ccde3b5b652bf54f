"""Rank correlation with intervals over answers that hang together in several ways."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
from scipy.special import stdtr, stdtrit

from analysis.clusters import Clusters, Codes, Estimate, Floats, crossed, undefined
from analysis.intervals import LEVEL

_AT_ONCE = 4_000_000  # numbers held at a time


def spearman(x: Floats, y: Floats, clusters: Clusters, *, level: float = LEVEL) -> Estimate:
    """Spearman's rank correlation in [-1, 1] of two scores of the same units, ties at their mean rank.

    Interval: symmetric in atanh(rho) (Fisher's z), its variance by leaving out one cluster at a time, for each
    set of dimensions, put together as in ``analysis.clusters`` (Cameron, Gelbach and Miller) and never less than the
    largest of them; t with the smallest dimension's clusters less one. NaN with fewer than three units, or when either
    score does not vary; low and high NaN where a dimension has one cluster or the correlation is -1 or 1 (no width can
    be seen there).
    Source: C. Spearman (1904), Am. J. Psychology 15, 72-101; the jackknife: B. Efron (1982), The Jackknife, ch. 3.
    """
    if len(x) < 3:
        return undefined(math.nan, "fewer than three units")
    cells, shape = _cells(x, y)
    whole = float(_of_tables(np.bincount(cells, minlength=shape[0] * shape[1])[None, :].astype(np.float64), shape)[0])
    if math.isnan(whole):
        return undefined(math.nan, "a score that does not vary")
    total, largest, fewest = 0.0, 0.0, len(x)
    for size in range(1, len(clusters) + 1):
        for names in combinations(clusters, size):
            codes = crossed([np.unique(clusters[name], return_inverse=True)[1] for name in names])
            count = int(codes.max()) + 1
            if count < 2:
                return undefined(whole, f"only one {names[0]}")
            variance = _jackknife(cells, shape, codes, count)
            total += variance if size % 2 else -variance
            largest, fewest = max(largest, variance), min(fewest, count)
    variance = max(total, largest)
    if abs(whole) > 1 - 1e-12 or math.isnan(variance):
        return undefined(whole, "the order is the same in all clusters" if abs(whole) > 1 - 1e-12 else "too few units")
    se, df = math.sqrt(variance), float(fewest - 1)
    half = se * float(stdtrit(df, (1 + level) / 2))
    centre = math.atanh(whole)
    p = 2 * float(stdtr(df, -abs(centre) / se)) if se else math.nan
    return Estimate(whole, math.tanh(centre - half), math.tanh(centre + half), se * (1 - whole**2), df, p, "")


def _cells(x: Floats, y: Floats) -> tuple[Codes, tuple[int, int]]:
    """The cell of each unit in the table of all values of x by all values of y, and its shape."""
    x_values, x_codes = np.unique(x, return_inverse=True)
    y_values, y_codes = np.unique(y, return_inverse=True)
    return x_codes * len(y_values) + y_codes, (len(x_values), len(y_values))


def _of_tables(tables: Floats, shape: tuple[int, int]) -> Floats:
    """Spearman's rho of each table of counts, given flat, shape (tables, cells); NaN where a margin does not vary."""
    counts = tables.reshape(-1, *shape)
    n = tables.sum(axis=1)
    rows, columns = counts.sum(axis=2), counts.sum(axis=1)
    a, b = _centred_ranks(rows, n), _centred_ranks(columns, n)
    both = np.einsum("ti,tij,tj->t", a, counts, b, optimize=True)
    spread = np.sqrt((rows * a**2).sum(axis=1) * (columns * b**2).sum(axis=1))
    rho: Floats = np.divide(both, spread, out=np.full(len(n), math.nan), where=spread > 0)
    return rho


def _centred_ranks(margin: Floats, n: Floats) -> Floats:
    """Mean rank of each value less the mean of all ranks, (n + 1) / 2."""
    ranks: Floats = np.cumsum(margin, axis=1) - margin / 2 - n[:, None] / 2
    return ranks


def _jackknife(cells: Codes, shape: tuple[int, int], codes: Codes, count: int) -> float:
    """(G - 1) / G times the squares of atanh(rho) without each cluster about their mean."""
    size = shape[0] * shape[1]
    whole = np.bincount(cells, minlength=size).astype(np.float64)
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(count + 1))
    found = np.empty(count)
    step = max(1, _AT_ONCE // size)
    for first in range(0, count, step):
        last = min(first + step, count)
        rows = order[bounds[first] : bounds[last]]
        place = (codes[rows] - first) * size + cells[rows]
        own = np.bincount(place, minlength=(last - first) * size).reshape(last - first, size)
        found[first:last] = _of_tables(whole - own, shape)
    z = np.arctanh(np.clip(found, -1 + 1e-12, 1 - 1e-12))
    return float((count - 1) / count * ((z - z.mean()) ** 2).sum())
