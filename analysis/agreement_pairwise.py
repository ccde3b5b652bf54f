"""Agreement of two raters at a time, for all pairs and all bootstrap replicates at once, from tables of counts.

A table of a pair is how often the first gave value k and the second value l: shape (values, values). Everything here
takes tables of shape (pairs, values, values, replicates), counts or weighted counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from analysis.agreement_codes import Coded, Codes, Floats, Ints
from analysis.jackknife import Weights

FEWEST_ANSWERS = 10
FIGURES = ("agreement", "kappa", "kappa_linear", "kappa_quadratic", "spearman")
BY_CHANCE = FIGURES[1:]  # that hold the two answers against what chance would have had


@dataclass(frozen=True)
class Pairs:
    """Every pair of raters with common units: ``first`` and ``second`` (places, first < second), and their tables.

    ``cells``: sparse, one row a cell of a table (pair by pair, value of first, value of second), one column a unit;
    1 where the two gave these values to the unit.
    """

    first: Ints
    second: Ints
    n_values: int
    cells: csr_matrix

    def __len__(self) -> int:
        return len(self.first)

    def block(self, begin: int, end: int) -> Pairs:
        """The pairs from place ``begin`` to before ``end``."""
        if begin == 0 and end >= len(self):
            return self  # the rows would be copied
        width = self.n_values**2
        rows = self.cells[begin * width : end * width]
        return Pairs(self.first[begin:end], self.second[begin:end], self.n_values, rows)

    def rest_on(self, group: npt.NDArray[np.integer]) -> Ints:
        """On how many groups each pair's common units are; ``group`` is each unit's."""
        width = self.n_values**2
        ends = self.cells.indptr[::width]  # one pair after the other: together they would be sorted many times over
        found = [len(np.unique(group[self.cells.indices[a:b]])) for a, b in pairwise(ends)]
        return np.array(found, dtype=np.int64)

    def tables(self, weights: Weights) -> Floats:
        """Weighted tables, shape (pairs, values, values, replicates), for weights of shape (units, replicates)."""
        found: Floats = (self.cells @ weights).astype(np.float64)
        return found.reshape(len(self), self.n_values, self.n_values, weights.shape[1])


def pairs_of(coded: Coded) -> Pairs:
    """All pairs of raters of ``coded`` who answered a same unit, sorted by first and second."""
    own = [np.unique(_pair(coded, *couple)) for couple in coded.couples()]
    if not own:
        none = np.zeros(0, dtype=np.int64)
        return Pairs(none, none, len(coded.values), csr_matrix((0, coded.n_units), dtype=np.float32))
    found = np.unique(np.concatenate(own))
    shape = (len(found) * len(coded.values) ** 2, coded.n_units)
    row, unit = _places(coded, found, np.int32 if shape[0] < 2**31 else np.int64)
    cells = csr_matrix((np.ones(len(row), dtype=np.float32), (row, unit)), shape=shape)
    return Pairs(found // len(coded.raters), found % len(coded.raters), len(coded.values), cells)


def _pair(coded: Coded, first: Ints, second: Ints) -> Ints:
    """Which two raters gave each couple of answers, in one number."""
    return np.asarray(coded.rater[first].astype(np.int64) * len(coded.raters) + coded.rater[second])


def _places(coded: Coded, found: Ints, size: type[np.signedinteger[Any]]) -> tuple[npt.NDArray[Any], Codes]:
    """Row and unit in ``Pairs.cells`` of every couple of answers; ``found``: the pairs, as ``_pair`` has them.

    Written into place batch by batch: couples are many times as many as answers.
    """
    sizes, q = np.diff(coded.starts), len(coded.values)
    total, begin = int((sizes * (sizes - 1) // 2).sum()), 0
    row, unit = np.empty(total, dtype=size), np.empty(total, dtype=np.int32)
    for first, second in coded.couples():
        own = slice(begin, begin + len(first))
        cell = coded.value[first].astype(np.int64) * q + coded.value[second]
        row[own] = np.searchsorted(found, _pair(coded, first, second)) * q**2 + cell
        unit[own] = coded.unit[first]
        begin = own.stop
    return row, unit


def scarce(tables: Floats) -> npt.NDArray[np.bool_]:
    """Whether one of the two gave fewer than ``FEWEST_ANSWERS`` other answers than the commonest, to the common units:
    shape (pairs, replicates). A kappa then follows those few, and no interval about it holds.
    """
    margins = [tables.sum(axis=axis) for axis in (1, 2)]
    return np.asarray(np.min([m.sum(axis=1) - m.max(axis=1) for m in margins], axis=0) < FEWEST_ANSWERS)


def distances(scores: Sequence[float] | Floats, power: int) -> Floats:
    """How far two values are apart: 0 or 1 (``power`` 0), by difference of scores (1), by its square (2)."""
    given = np.asarray(scores, dtype=np.float64)
    if power == 0:
        return np.asarray(1.0 - np.eye(len(given)))
    return np.asarray(np.abs(given[:, None] - given[None, :]) ** power)


def kappas(tables: Floats, distance: Floats) -> Floats:
    """Cohen's kappa of each table, weighted by ``distance`` (values, values): shape (pairs, replicates).

    ``1 - n D_o / D_e``: D_o the distance of the two answers summed over units, D_e the sum over values k, l of
    count_first(k) count_second(l) distance(k, l). 1 = perfect, 0 = as by chance, at least -1 for two values. With whole
    counts 0 is exactly 0. NaN where D_e = 0 (chance alone agrees fully: both gave one and the same value throughout)
    and for a table without units.
    Sources: J. Cohen (1960), Educ. Psychol. Meas. 20, 37-46; weighted: J. Cohen (1968), Psychol. Bull. 70, 213-220.
    """
    first, second = tables.sum(axis=2), tables.sum(axis=1)
    seen, chance = np.zeros_like(first[:, 0]), np.zeros_like(first[:, 0])
    for one, other in np.argwhere(distance):
        far = distance[one, other]
        seen += far * tables[:, one, other]
        chance += far * first[:, one] * second[:, other]
    return _divided(chance - first.sum(axis=1) * seen, chance)


def percents(tables: Floats) -> Floats:
    """Share of units on which the two gave the same value, in [0, 1]: shape (pairs, replicates); NaN without units."""
    return _divided(np.trace(tables, axis1=1, axis2=2), tables.sum(axis=(1, 2)))


def spearmans(tables: Floats) -> Floats:
    """Spearman's rank correlation of each table, whose values stand in order: shape (pairs, replicates).

    Pearson's correlation of the ranks, ties with the mean of their ranks; in [-1, 1]. NaN where one of the two gave one
    value throughout (no order to compare), and without units.
    Source: C. Spearman (1904), American Journal of Psychology 15, 72-101; ties as in M. G. Kendall (1948).
    """
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    first, second = _ranks(rows), _ranks(columns)
    spread = (rows * first**2).sum(axis=1) * (columns * second**2).sum(axis=1)
    together = sum(first[:, k] * (tables[:, k] * second).sum(axis=1) for k in range(tables.shape[1]))
    return np.clip(_divided(together, np.sqrt(spread)), -1.0, 1.0)


def _ranks(counts: Floats) -> Floats:
    """Mean rank of each value less the mean of all ranks, from its count: shape as ``counts``, (pairs, values, ...)."""
    below = np.cumsum(counts, axis=1) - counts
    return np.asarray(below + counts / 2 - counts.sum(axis=1, keepdims=True) / 2)


def pair_figures(tables: Floats, scores: Floats, ordered: bool) -> Floats:
    """``FIGURES`` of each table: shape (figures, pairs, replicates). Weighted ones are NaN unless ``ordered``."""
    nominal = [percents(tables), kappas(tables, distances(scores, 0))]
    if not ordered:
        return np.stack([*nominal, *[np.full_like(nominal[0], np.nan)] * 3])
    weighted = [kappas(tables, distances(scores, power)) for power in (1, 2)]
    return np.stack([*nominal, *weighted, spearmans(tables)])


def settled_figures(tables: Floats, first: Floats, second: Floats, scores: Floats, ordered: bool) -> Floats:
    """``BY_CHANCE`` of each table, but with chance from all that the two raters answered: shape (figures, pairs, ...).

    ``first``, ``second``: how often each pair's raters gave each value at all, (pairs, values, replicates). Their mean
    over pairs is what it would be if every two had answered many units: two who share five have shares of values, and
    so a chance agreement, that follow those five by chance, and plain figures lie too low. Where two answered the very
    same units, these are the plain figures. They take the common units to be like the raters' others. NaN as the plain
    ones are, from all answers; weighted ones are NaN unless ``ordered``.
    """
    kappa = settled_kappas(tables, first, second, distances(scores, 0))
    if not ordered:
        return np.stack([kappa, *[np.full_like(kappa, np.nan)] * 3])
    weighted = [settled_kappas(tables, first, second, distances(scores, power)) for power in (1, 2)]
    return np.stack([kappa, *weighted, settled_spearmans(tables, first, second)])


def settled_kappas(tables: Floats, first: Floats, second: Floats, distance: Floats) -> Floats:
    """``1 - d_o / d_e`` (``settled_figures``): d_o the mean distance in common units, d_e of any two answers."""
    n, of_first, of_second = tables.sum(axis=(1, 2)), first.sum(axis=1), second.sum(axis=1)
    seen, chance = np.zeros_like(n), np.zeros_like(n)
    for one, other in np.argwhere(distance):
        seen += distance[one, other] * tables[:, one, other]
        chance += distance[one, other] * first[:, one] * second[:, other]
    return _divided(n * chance - of_first * of_second * seen, n * chance)


def settled_spearmans(tables: Floats, first: Floats, second: Floats) -> Floats:
    """Mean product of ranks in common units by the spread of ranks (``settled_figures``), ranks from all answers.

    What each rank is counted from, the mean of all, holds the common answers too, which pulls the product towards 0:
    of n common ones among a and b in all, by ``1 - 1/a - 1/b + n/(a b)``, which it is divided by, as the spreads are by
    ``1 - 1/a`` and ``1 - 1/b``. May exceed 1.
    """
    n, of_first, of_second = tables.sum(axis=(1, 2)), first.sum(axis=1), second.sum(axis=1)
    ranks, others = _ranks(first), _ranks(second)  # up to the numbers of answers, which stand below as well
    spread = _divided((first * ranks**2).sum(axis=1), of_first) * _divided((second * others**2).sum(axis=1), of_second)
    together = sum(ranks[:, k] * (tables[:, k] * others).sum(axis=1) for k in range(tables.shape[1]))
    both = of_first * of_second
    kept = _divided(both - of_first - of_second + n, np.sqrt(both * (of_first - 1) * (of_second - 1)))
    return _divided(together, n * kept * np.sqrt(spread))


def _divided(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
