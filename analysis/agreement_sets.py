"""Sums over units for any weights of raters: what a bootstrap over raters needs, from units put together by who
answered them.

The weight of an answer is its rater's, that of a couple of answers the product of the two; what it is divided by (the
couples of its unit) stays as it is without weights. So the sums are linear in the weights, units with the same raters
("set") are counted together once, by couple of raters and couple of values, and a replicate is one product. A rater
with weight 2 is two who answer alike and are not compared with each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix

from analysis.agreement_codes import Coded, Floats, Ints, row_codes
from analysis.agreement_icc import Squares
from analysis.agreement_tallies import Tally
from analysis.bootstrap import summed
from analysis.jackknife import Weights


@dataclass(frozen=True)
class Sets:
    """Distinct sets of raters, and what they answered. S sets, B raters, q values.

    ``sizes``: units of each set, (S,); ``in_set``: sparse (S, B), 1 for a rater of the set.
    ``one_*``: members of sets, with ``values`` sparse (q, members): how often each gave each value.
    ``two_*``: couples of members, with ``couples`` sparse (q q, couples): how often they gave each two values.
    """

    n_values: int
    sizes: Floats
    in_set: csr_matrix
    one_set: Ints
    one_rater: Ints
    values: csr_matrix
    two_set: Ints
    two_first: Ints
    two_second: Ints
    couples: csr_matrix

    @property
    def width(self) -> int:
        """Floats that a replicate takes in an array."""
        return max(len(self.one_set), len(self.two_set))

    @cached_property
    def raters(self) -> Floats:
        """Raters of each set, (S,)."""
        return np.asarray(self.in_set.sum(axis=1), dtype=np.float64).ravel()


def sets_of(coded: Coded) -> Sets:
    """The answers of ``coded`` put together by set of raters."""
    width, n_raters = np.diff(coded.starts), len(coded.raters)
    answered = np.flatnonzero(width)
    if not len(answered):
        return _no_sets(coded)
    columns = []
    for place in range(int(width.max())):
        there = width[answered] > place
        at = np.where(there, coded.starts[:-1][answered] + place, 0)
        columns.append(np.where(there, coded.rater[at] + 1, 0))
    first, number = row_codes(columns)
    set_of_unit = np.zeros(coded.n_units, dtype=np.int64)
    set_of_unit[answered] = number
    sizes = np.bincount(number, minlength=len(first)).astype(np.float64)
    q = len(coded.values)
    one, one_place = np.unique(set_of_unit[coded.unit] * n_raters + coded.rater, return_inverse=True)
    values = _counted(coded.value.astype(np.int64), one_place, q, len(one))
    two, couples = _couples(coded, set_of_unit)
    one_set, one_rater = one // n_raters, one % n_raters
    shape = (len(sizes), n_raters)
    in_set = csr_matrix((np.ones(len(one), dtype=np.float32), (one_set, one_rater)), shape=shape)
    pair = two % n_raters**2
    return Sets(
        *(q, sizes, in_set, one_set, one_rater, values),
        *(two // n_raters**2, pair // n_raters, pair % n_raters, couples),
    )


def _couples(coded: Coded, set_of_unit: Ints) -> tuple[Ints, csr_matrix]:
    n_raters, q = len(coded.raters), len(coded.values)
    found, counts = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for a, b in coded.couples():  # counted batch by batch: couples are many times as many as answers
        key = (set_of_unit[coded.unit[a]] * n_raters + coded.rater[a]) * n_raters + coded.rater[b]
        cell = coded.value[a].astype(np.int64) * q + coded.value[b]
        distinct, count = np.unique(key * (q * q) + cell, return_counts=True)
        found.append(distinct)
        counts.append(count)
    every = np.concatenate(found)
    two, place = np.unique(every // (q * q), return_inverse=True)
    return two, _counted(every % (q * q), place, q * q, len(two), np.concatenate(counts))


def _counted(rows: Ints, columns: Ints, height: int, width: int, counts: Ints | None = None) -> csr_matrix:
    """How often each (row, column) is there, sparse; each entry ``counts`` times, or once."""
    times = np.ones(len(rows)) if counts is None else counts.astype(np.float64)
    return csr_matrix((times, (rows, columns)), shape=(height, width))


def _no_sets(coded: Coded) -> Sets:
    none, q = np.zeros(0, dtype=np.int64), len(coded.values)
    nothing = (csr_matrix((0, len(coded.raters))), none, none, csr_matrix((q, 0)), none, none, none)
    return Sets(q, np.zeros(0), *nothing, csr_matrix((q * q, 0)))


def rater_tally(sets: Sets, weights: Weights) -> Tally:
    """The sums of ``Tally`` with ``weights`` of raters, shape (raters, replicates): with 1, those of the units."""
    q, size = sets.n_values, sets.raters
    one, two = _one(sets, weights) / size[sets.one_set][:, None], _two(sets, weights)
    couple = two / (size * np.maximum(size - 1, 1))[sets.two_set][:, None]
    agreed = _both_ways(sets.couples @ couple, q)
    coincided = _both_ways(sets.couples @ (couple * size[sets.two_set][:, None]), q)
    units = summed(sets.sizes[sets.one_set], one)
    return Tally(units, 2 * summed(sets.sizes[sets.two_set], couple), (sets.values @ one).T, agreed, coincided)


def rater_squares(sets: Sets, weights: Weights, scores: Floats) -> Squares:
    """The sums of ``agreement_icc`` with ``weights`` of raters, (raters, replicates), over sets of two or more.

    Scores are taken from their mean: it is in some sums by answers and in some by couples, which weights tell apart.
    """
    inside = sets.raters[sets.one_set] > 1
    rater, width = sets.one_rater[inside], sets.raters[sets.one_set[inside]][:, None]
    sizes = sets.sizes[sets.one_set[inside]]
    given = sets.values.T[inside]
    y = scores - (given @ scores).sum() / max(1.0, sizes.sum())
    one, two = _one(sets, weights)[inside], 2 * _two(sets, weights)
    n, total, squares = (np.bincount(rater, part, len(weights)) for part in (sizes, given @ y, given @ y**2))
    products, per_couple = sets.couples.T @ np.outer(y, y).ravel(), sets.sizes[sets.two_set]
    among = two / sets.raters[sets.two_set][:, None]
    answers, units = summed(n, weights), summed(sizes, one / width)
    counted = _ratio(answers, units + summed(per_couple, among))  # answers by weight for answers by couples
    mean_square = np.divide(total**2, n, out=np.zeros(len(n)), where=n > 0)
    return Squares(
        n=answers,
        total=summed(total, weights),
        squares=summed(squares, weights),
        by_unit=(summed(given @ y**2, one / width) + summed(products, among)) * counted,
        by_rater=summed(mean_square, weights),
        units=units * counted,
        raters=summed(n > 0, weights),
        unit_sizes=summed(sizes, one) + summed(per_couple, two),
        rater_sizes=summed(n**2, weights),
    )


def cross_percent(sets: Sets, weights: Weights, people: Floats, scores: Floats) -> Floats:
    """Mean over units of the share of couples of one person and one model that agree, shape (replicates,).

    ``people``: 1 for a person, 0 for a model, (raters,). Units without one of each are left out.
    """
    couples = (sets.in_set @ people) * (sets.in_set @ (1 - people))
    mixed = people[sets.two_first] != people[sets.two_second]
    couple = _two(sets, weights)[mixed] / couples[sets.two_set[mixed]][:, None]
    agreed = summed(np.eye(len(scores)).ravel(), sets.couples[:, mixed] @ couple)
    return _ratio(agreed, summed(sets.sizes[sets.two_set[mixed]], couple))


def _one(sets: Sets, weights: Weights) -> Floats:
    return weights[sets.one_rater].astype(np.float64)


def _two(sets: Sets, weights: Weights) -> Floats:
    return weights[sets.two_first].astype(np.float64) * weights[sets.two_second]


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def _both_ways(couples: Floats, q: int) -> Floats:
    """Cells of couples (first, second), shape (q q, replicates), counted in both orders: (replicates, q, q)."""
    tables = couples.T.reshape(-1, q, q)
    return np.asarray(tables + tables.transpose(0, 2, 1))
