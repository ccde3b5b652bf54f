"""Figures of agreement of a group of raters from counts of answers, as functions of weights on units or on raters."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from analysis.agreement_codes import MODELS, PEOPLE, Coded, Floats, Ints, row_codes
from analysis.agreement_icc import FIGURES as ICC_FIGURES
from analysis.agreement_icc import answers_per_unit, icc_figures, squares_over_units, unit_squares
from analysis.agreement_sets import cross_percent, rater_squares, rater_tally, sets_of
from analysis.agreement_tallies import FIGURES_AT, count_figures, unit_tallies, weighted_tally
from analysis.bootstrap import summed
from analysis.jackknife import Weights


class GroupFigures(NamedTuple):
    """A group's figures: their names, their values, and what they are for weights: shape (replicates, figures).

    ``n_units``: units that they rest on, ``n_people``: of how many people. ``n_raters``: raters of the group with an
    answer. ``width``: floats that a replicate over raters takes.
    """

    n_units: int
    n_people: int
    n_raters: int
    names: list[str]
    value: Floats
    over_units: Callable[[Weights], Floats]
    over_raters: Callable[[Weights], Floats]
    width: int


def group_figures(coded: Coded, group: str) -> GroupFigures | None:
    """The figures of one of ``MEMBERS`` from counts; None where nobody of the group answered anything."""
    chosen = coded.of(coded.members(group))
    raters = len(np.unique(chosen.rater))
    if not raters:
        return None
    counts = chosen.counts().astype(np.float64)
    first, pattern = row_codes(list(chosen.counts().T))
    patterns = counts[first]
    tallies, squares = unit_tallies(patterns), unit_squares(patterns, coded.scores)
    several = patterns.sum(axis=1) > 1
    grouping = _grouping(pattern, len(patterns))
    sets, k = sets_of(chosen), answers_per_unit(chosen)
    with_icc = "interval" in coded.levels
    cells = chosen.cells(several[pattern]) if with_icc else None
    levels = tuple(dict.fromkeys(("nominal", *coded.levels)))

    def over_units(weights: Weights) -> Floats:
        drawn = grouping @ weights
        found = count_figures(weighted_tally(tallies, drawn), coded.scores, levels)
        if cells is not None:
            table = (cells @ weights).astype(np.float64).reshape(len(coded.raters), len(coded.values), -1)
            n, total = table.sum(axis=1).T, np.einsum("bkr,k->rb", table, coded.scores)
            found |= icc_figures(squares_over_units(summed(squares, drawn), n, total), k)
        return np.stack(list(found.values()), axis=1)

    def over_raters(weights: Weights) -> Floats:
        found = count_figures(rater_tally(sets, weights), coded.scores, levels)
        if with_icc:
            found |= icc_figures(rater_squares(sets, weights, coded.scores), k)
        return np.stack(list(found.values()), axis=1)

    names = ["percent", *(name for level in levels for name in FIGURES_AT[level]), *(ICC_FIGURES if with_icc else ())]
    value = over_units(np.ones((coded.n_units, 1), dtype=np.float32))[0]
    there = several[pattern]
    sizes = (int(there.sum()), len(np.unique(coded.person[there])), raters)
    return GroupFigures(*sizes, names, value, over_units, over_raters, sets.width)


def _grouping(pattern: Ints, n: int) -> csr_matrix:
    """Sparse (patterns, units): adds the weights of units with the same counts."""
    ones = np.ones(len(pattern), dtype=np.float32)
    return csr_matrix((ones, (pattern, np.arange(len(pattern)))), shape=(n, len(pattern)))


def mixed_figures(coded: Coded) -> GroupFigures | None:
    """``percent`` of couples of a person and a model; None where people and models have no unit in common."""
    person, model = coded.members(PEOPLE), coded.members(MODELS)
    chosen = coded.of(person | model)
    people, models = coded.of(person).counts().astype(np.float64), coded.of(model).counts().astype(np.float64)
    couples = people.sum(axis=1) * models.sum(axis=1)
    both = couples > 0
    if not both.any():
        return None
    share = np.divide((people * models).sum(axis=1), couples, out=np.zeros(len(couples)), where=both)
    sets = sets_of(chosen)

    def over_units(weights: Weights) -> Floats:
        units, agreed = summed(np.stack([both, share], axis=1), weights).T
        return np.asarray(np.divide(agreed, units, out=np.full(len(units), np.nan), where=units > 0)[:, None])

    def over_raters(weights: Weights) -> Floats:
        return cross_percent(sets, weights, person.astype(np.float64), coded.scores)[:, None]

    value = over_units(np.ones((coded.n_units, 1), dtype=np.float32))[0]
    raters = len(np.unique(chosen.rater))
    sizes = (int(both.sum()), len(np.unique(coded.person[both])), raters)
    return GroupFigures(*sizes, ["percent"], value, over_units, over_raters, sets.width)
