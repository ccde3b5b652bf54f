"""Models of raters: Dawid and Skene's, and GLAD, from answers as codes.

Both go the steps of the package crowd-kit, starting and stopping where it does, so that its numbers come out
(tests/analysis/test_crowd_models.py holds them against it). They are written out because that package works on tables
of text: at the study's size it takes seconds where sums over codes take hundredths, and at a million answers it would
take most of a gigabyte.

Where the steps end is part of what these models say. Dawid and Skene's is far from its most likely values when it
stops, which is to its good: with some tens of answers a rater these are far off (docs/results.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import expit, log_expit

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

STEPS = 100
TOLERANCE = 1e-5  # gain of a step, for each answer (GLAD: and value), below which it is the last
LEAST = 1e-10
ASCENTS, STEEPNESS = 25, 1e-2  # of GLAD: conjugate gradients in a step, and the slope that ends them


@dataclass(frozen=True)
class Answers:
    """``unit[i]``, ``rater[i]`` and ``value[i]`` of each answer, as places in the sorted names."""

    units: pl.Series
    raters: pl.Series
    values: pl.Series
    unit: Codes
    rater: Codes
    value: Codes


class Confusions(NamedTuple):
    """``probabilities`` (units, values); ``errors`` (raters, answered, true), each column of a rater adding up to 1;
    ``shares`` (values) of the true ones; ``steps`` that it took.
    """

    probabilities: Floats
    errors: Floats
    shares: Floats
    steps: int


def coded(answers: pl.DataFrame) -> Answers:
    """The columns unit, rater and value, in an order that the rows' own does not change: sums of floats depend on it.

    One row for each unit and rater.
    """
    units, raters, values = (answers[name].unique().sort() for name in ("unit", "rater", "value"))
    unit, rater, value = (
        names.search_sorted(answers[name]).to_numpy().astype(np.int64)
        for name, names in (("unit", units), ("rater", raters), ("value", values))
    )
    order = np.lexsort((rater, unit))
    return Answers(units, raters, values, unit[order], rater[order], value[order])


def dawid_skene(answers: Answers) -> Confusions:
    """Every rater has a confusion matrix, estimated together with the values by EM, starting from the shares of each
    unit's answers. At most ``STEPS`` steps, the last being the one that gains less than ``TOLERANCE``.

    What is gained is crowd-kit's lower bound, in which a unit's share counts once for each of its answers.
    """
    given, raters = _given(answers), len(answers.raters)
    of_unit = given.T.tocsr()
    answered = np.bincount(answers.unit, minlength=len(answers.units)).astype(np.float64)
    probabilities = _shares(answers)
    errors, shares = _counted(given, probabilities, raters)
    bound, steps = -math.inf, 0
    while steps < STEPS:
        steps += 1
        probabilities = _normalised(_summed(of_unit, errors) + _log(shares))
        errors, shares = _counted(given, probabilities, raters)
        likelihood = _summed(of_unit, errors) + answered[:, None] * _log(shares)
        before, bound = bound, float((probabilities * (likelihood - _log(probabilities))).sum()) / len(answers.unit)
        if bound - before < TOLERANCE:
            break
    return Confusions(probabilities, errors, shares, steps)


def _given(answers: Answers) -> csr_matrix:
    """1 where a rater (row ``rater * values + value``) gave the unit (column) that answer."""
    k = len(answers.values)
    shape = (len(answers.raters) * k, len(answers.units))
    return csr_matrix((np.ones(len(answers.unit)), (answers.rater * k + answers.value, answers.unit)), shape=shape)


def _shares(answers: Answers) -> Floats:
    """The shares of each unit's answers: (units, values)."""
    k = len(answers.values)
    counts = np.bincount(answers.unit * k + answers.value, minlength=len(answers.units) * k).reshape(-1, k)
    shares: Floats = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _counted(given: csr_matrix, probabilities: Floats, raters: int) -> tuple[Floats, Floats]:
    """Confusions (raters, answered, true) and the values' shares, the truth being ``probabilities``."""
    k = probabilities.shape[1]
    errors = np.maximum((given @ probabilities).reshape(raters, k, k), LEAST)
    return errors / errors.sum(axis=1, keepdims=True), probabilities.mean(axis=0)


def _summed(of_unit: csr_matrix, errors: Floats) -> Floats:
    """How likely each unit's answers are for each true value, as logarithms: (units, values)."""
    found: Floats = of_unit @ np.log(errors).reshape(-1, errors.shape[2])
    return found


def _log(probabilities: Floats) -> Floats:
    found: Floats = np.log(np.maximum(probabilities, LEAST))
    return found


def _normalised(logarithms: Floats) -> Floats:
    likely: Floats = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    return likely


class _Glad:
    """GLAD of answers to two values or more. ``ability`` of each rater and ``ease`` of each unit (the logarithm of one
    over its difficulty) have normal priors around 1; an answer is right with chance expit(ability * exp(ease)), and
    every wrong value is as likely as another.
    """

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.n_raters, self.n_units, self.n_values = len(answers.raters), len(answers.units), len(answers.values)

    def probabilities(self, place: Floats) -> Floats:
        right, wrong = self._likelihoods(place)
        cell = self.answers.unit * self.n_values + self.answers.value
        gained: Floats = np.bincount(cell, right - wrong, self.n_units * self.n_values).astype(np.float64)
        return _normalised(gained.reshape(self.n_units, self.n_values))

    def expected(self, place: Floats, answered: Floats) -> float:
        """What EM makes as large as it can. ``answered``: the probability of each answer's own value."""
        right, wrong = self._likelihoods(place)
        priors = -0.5 * float((place - 1) @ (place - 1)) - len(place) * 0.5 * math.log(2 * math.pi)
        return float(answered @ right + (1 - answered) @ wrong) + priors

    def slope(self, place: Floats, answered: Floats) -> Floats:
        ability, difficulty = self._of_answers(place)
        surprise = answered - expit(ability * difficulty)
        of_raters = np.bincount(self.answers.rater, surprise * difficulty, self.n_raters)
        of_units = np.bincount(self.answers.unit, surprise * difficulty * ability, self.n_units)
        return np.concatenate([of_raters, of_units]) - (place - 1)

    def _of_answers(self, place: Floats) -> tuple[Floats, Floats]:
        return place[: self.n_raters][self.answers.rater], np.exp(place[self.n_raters :])[self.answers.unit]

    def _likelihoods(self, place: Floats) -> tuple[Floats, Floats]:
        """Logarithms of how likely each answer is where its value is the true one, and where it is not."""
        ability, ease = self._of_answers(place)
        product = ability * ease
        return log_expit(product), log_expit(-product) - math.log(self.n_values - 1)


def glad(answers: Answers) -> Floats:
    """Every rater has an ability and every unit a difficulty, estimated by EM with conjugate gradients from 1
    throughout. Probabilities of shape (units, values).

    At most ``STEPS`` steps, the last being the one that gains less than ``TOLERANCE``. One value: probability 1.
    """
    if len(answers.values) < 2:
        return np.ones((len(answers.units), 1))
    model = _Glad(answers)
    place = np.ones(model.n_raters + model.n_units)
    last, probabilities = -math.inf, np.empty(0)
    for _ in range(STEPS):
        probabilities = model.probabilities(place)
        answered = probabilities[answers.unit, answers.value]
        place = minimize(
            lambda x, p: -model.expected(x, p),
            place,
            (answered,),
            method="CG",
            jac=lambda x, p: -model.slope(x, p),
            tol=STEEPNESS,
            options={"maxiter": ASCENTS},
        ).x
        found = model.expected(place, answered) / (len(answers.unit) * model.n_values)
        if found - last < TOLERANCE:
            break
        last = found
    return probabilities
