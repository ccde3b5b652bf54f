"""Sums over units for any weights of raters: what a bootstrap over raters needs, from units put together by who
answered them.

The weight of a couple of answers depends on the raters of its unit alone, not on the values. So units with the same
raters ("set") are counted together once, by couple of raters and couple of values, and a replicate is one product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from analysis.agreement_codes import Coded, Floats, Ints, row_codes
from analysis.agreement_icc import Squares
from analysis.agreement_tallies import Tally
from analysis.bootstrap import Weights, summed


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
    keys, cells = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for a, b in coded.couples():
        keys.append((set_of_unit[coded.unit[a]] * n_raters + coded.rater[a]) * n_raters + coded.rater[b])
        cells.append(coded.value[a].astype(np.int64) * q + coded.value[b])
    two, place = np.unique(np.concatenate(keys), return_inverse=True)
    return two, _counted(np.concatenate(cells), place, q * q, len(two))


def _counted(rows: Ints, columns: Ints, height: int, width: int) -> csr_matrix:
    """How often each (row, column) is there, sparse."""
    return csr_matrix((np.ones(len(rows), dtype=np.float64), (rows, columns)), shape=(height, width))


def _no_sets(coded: Coded) -> Sets:
    none, q = np.zeros(0, dtype=np.int64), len(coded.values)
    nothing = (csr_matrix((0, len(coded.raters))), none, none, csr_matrix((q, 0)), none, none, none)
    return Sets(q, np.zeros(0), *nothing, csr_matrix((q * q, 0)))


def rater_tally(sets: Sets, weights: Weights) -> Tally:
    """The sums of ``Tally`` with ``weights`` of raters, shape (raters, replicates).

    A unit's n is the sum m of the weights of its raters, its ordered pairs m^2 less the sum of their squares: a rater
    drawn twice is not compared with himself. With weights 1 it is ``weighted_tally`` of the units.
    """
    q = sets.n_values
    drawn = weights.astype(np.float64)
    size = sets.in_set @ drawn
    pairs = size**2 - sets.in_set @ drawn**2
    couple = drawn[sets.two_first] * drawn[sets.two_second] * _inverse(pairs)[sets.two_set]
    agreed = _both_ways(sets.couples @ couple, q)
    coincided = _both_ways(sets.couples @ (couple * size[sets.two_set]), q)
    shares = sets.values @ (drawn[sets.one_rater] * _inverse(size)[sets.one_set])
    units, pairable = summed(sets.sizes, size > 0), summed(sets.sizes, pairs > 0)
    return Tally(units, pairable, shares.T, agreed, coincided)


def rater_squares(sets: Sets, weights: Weights, scores: Floats) -> Squares:
    """The sums of ``agreement_icc`` with ``weights`` of raters, (raters, replicates), over sets of two or more."""
    drawn = weights.astype(np.float64)
    n_raters = drawn.shape[0]
    several = np.asarray(sets.in_set.sum(axis=1)).ravel() > 1
    sizes = sets.sizes * several
    size, doubled = sets.in_set @ drawn, sets.in_set @ drawn**2
    inside = several[sets.one_set]
    rater = sets.one_rater[inside]
    n = np.bincount(rater, sets.sizes[sets.one_set[inside]], n_raters)
    total = np.bincount(rater, (sets.values.T @ scores)[inside], n_raters)
    squares = np.bincount(rater, (sets.values.T @ scores**2)[inside], n_raters)
    own = (sets.values.T @ scores**2)[:, None] * drawn[sets.one_rater] ** 2
    cross = (sets.couples.T @ np.outer(scores, scores).ravel())[:, None] * 2
    per_set = csr_matrix((np.ones(len(own)), (sets.one_set, np.arange(len(own)))), shape=(len(size), len(own)))
    two = len(sets.two_set)
    per_couple = csr_matrix((np.ones(two), (sets.two_set, np.arange(two))), shape=(len(size), two))
    by_set = per_set @ own + per_couple @ (cross * drawn[sets.two_first] * drawn[sets.two_second])
    mean_square = np.divide(total**2, n, out=np.zeros(n_raters), where=n > 0)
    return Squares(
        n=summed(n, drawn),
        total=summed(total, drawn),
        squares=summed(squares, drawn),
        by_unit=summed(several, by_set * _inverse(size)),
        by_rater=summed(mean_square, drawn),
        units=summed(sizes, doubled * _inverse(size)),
        raters=summed(n > 0, drawn),
        unit_sizes=summed(sizes, size**2),
        rater_sizes=summed(n**2, drawn**2),
        repeats=summed(n, drawn**2),
    )


def cross_percent(sets: Sets, weights: Weights, people: Floats, scores: Floats) -> Floats:
    """Mean over units of the share of couples of one person and one model that agree, shape (replicates,).

    ``people``: 1 for a person, 0 for a model, (raters,). Units without one of each are left out.
    """
    drawn = weights.astype(np.float64)
    side = people[:, None]
    couples = (sets.in_set @ (drawn * side)) * (sets.in_set @ (drawn * (1 - side)))
    mixed = people[sets.two_first] != people[sets.two_second]
    couple = drawn[sets.two_first] * drawn[sets.two_second] * mixed[:, None] * _inverse(couples)[sets.two_set]
    agreed = summed(np.eye(len(scores)).ravel(), sets.couples @ couple)
    units = summed(sets.sizes, couples > 0)
    return np.asarray(np.divide(agreed, units, out=np.full(len(units), np.nan), where=units > 0))


def _inverse(values: Floats) -> Floats:
    return np.asarray(np.divide(1.0, values, out=np.zeros_like(values), where=values > 0))


def _both_ways(couples: Floats, q: int) -> Floats:
    """Cells of couples (first, second), shape (q q, replicates), counted in both orders: (replicates, q, q)."""
    tables = couples.T.reshape(-1, q, q)
    return np.asarray(tables + tables.transpose(0, 2, 1))
