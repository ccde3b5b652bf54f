"""Intraclass correlations of answers on a scale of equal steps, also where not every rater answered every unit.

Model: answer = mean + unit + rater + rest, each with a variance of its own (v_u, v_r, v_e). What is computed are
Henderson's (method I) estimates of the variances: sums of squares set equal to what the model expects of them for the
answers that are there. Nothing is filled in, no unit or rater is dropped for being incomplete. With no cell missing
these are the mean squares of Shrout and Fleiss, and so are the figures.

    icc1        v_u / (v_u + v_w), v_w the variance within units: any raters, rater and rest not told apart
    icc2        v_u / (v_u + v_r + v_e): absolute agreement, raters drawn from many
    icc3        v_u / (v_u + v_e): consistency, a rater's own level left out
    icc1k ...   the same of the mean of k answers (v_w, v_r + v_e or v_e divided by k), k the harmonic mean of the
                answers to a unit

Units with at least two answers are used. Scale: at most 1; 0 or less where units differ no more than chance has them
differ (the estimate of v_u may be negative and is not cut off; what it is compared with is taken to be at least 0,
which in a design without missing cells it always is). NaN with fewer than two
units, for icc2 and icc3 with fewer than two raters, where everything is one value, where the answers that are there
cannot tell the variances apart (each rater alone with own units), and where the variances sum to nothing.
Sources: P. E. Shrout and J. L. Fleiss (1979), Psychol. Bull. 86, 420-428; K. O. McGraw and S. P. Wong (1996), Psychol.
Methods 1, 30-46; C. R. Henderson (1953), Biometrics 9, 226-252; incomplete designs and k: D. ten Hove, T. D. Jorgensen
and L. A. van der Ark (2022), Psychol. Methods 29, 967-979.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.agreement_codes import Coded, Floats
from analysis.agreement_tallies import TINY

FIGURES = ("icc1", "icc2", "icc3", "icc1k", "icc2k", "icc3k")


class Squares(NamedTuple):
    """Sums over answers y with weights c = (weight of unit) (weight m of rater), each of shape (replicates,).

    A unit drawn twice is two units; a rater with weight m is m raters who answer alike (``agreement_sets``).
    """

    n: Floats  # sum of c
    total: Floats  # sum of c y
    squares: Floats  # sum of c y^2
    by_unit: Floats  # over units: (sum of y)^2 / (number of answers)
    by_rater: Floats  # over raters: (sum of y over their units)^2 / (number of their units)
    units: Floats  # number of units
    raters: Floats  # number of raters who answered
    unit_sizes: Floats  # over units: (number of answers)^2
    rater_sizes: Floats  # over raters: (number of their units)^2


class Parts(NamedTuple):
    """Variances of unit, rater and rest, and of all within units (one-way), each of shape (replicates,)."""

    unit: Floats
    rater: Floats
    rest: Floats
    unit_alone: Floats
    within: Floats


def variance_parts(s: Squares) -> Parts:
    """Henderson's method I: the sums of squares solved for the variances; NaN where they cannot be told apart."""
    with np.errstate(invalid="ignore", divide="ignore"):
        level = s.total**2 / s.n
        per_unit, per_rater, per_answer = s.unit_sizes / s.n, s.rater_sizes / s.n, s.n / s.n
        rows = [
            [s.n - per_unit, s.units - per_rater, s.units - per_answer],
            [s.raters - per_unit, s.n - per_rater, s.raters - per_answer],
            [s.n - per_unit, s.n - per_rater, s.n - per_answer],
        ]
        sums = np.stack([s.by_unit - level, s.by_rater - level, s.squares - level], axis=-1)
        unit, rater, rest = _solved(np.stack([np.stack(row, axis=-1) for row in rows], axis=-2), sums)
        room = s.n - s.units
        within = np.where(room > TINY * s.n, (s.squares - s.by_unit) / room, np.nan)
        between = s.by_unit - level - within * (s.units - per_answer)
        alone = np.where(s.n - per_unit > TINY * s.n, between / (s.n - per_unit), np.nan)
    return Parts(unit, rater, rest, alone, within)


def _solved(expected: Floats, sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Solutions of (replicates) systems of three; NaN where a system has none or as good as none."""
    found = np.full(sums.shape, np.nan)
    size = np.abs(expected).max(axis=(1, 2), initial=0.0)
    scaled = expected / np.where(size > 0, size, 1.0)[:, None, None]
    good = np.isfinite(scaled).all(axis=(1, 2)) & (size > 0)
    good[good] = np.abs(np.linalg.det(scaled[good])) > 1e-9
    if good.any():
        found[good] = np.linalg.solve(scaled[good], (sums / np.where(size > 0, size, 1.0)[:, None])[good][..., None])[
            ..., 0
        ]
    return found[:, 0], found[:, 1], found[:, 2]


def icc_figures(squares: Squares, k: float) -> dict[str, Floats]:
    """``FIGURES`` (module docstring), each of shape (replicates,); ``k``: answers that the averages are of."""
    parts = variance_parts(squares)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = squares.squares / squares.n - (squares.total / squares.n) ** 2
    noise = {"icc1": parts.within, "icc2": parts.rater + parts.rest, "icc3": parts.rest}
    unit = {"icc1": parts.unit_alone, "icc2": parts.unit, "icc3": parts.unit}
    found = {}
    for suffix, answers in (("", 1.0), ("k", k)):
        for name, variance in noise.items():
            whole = unit[name] + np.maximum(variance, 0.0) / answers
            with np.errstate(invalid="ignore", divide="ignore"):
                defined = (whole > TINY * spread) & (spread > TINY * squares.squares / squares.n)
                found[name + suffix] = np.where(defined, unit[name] / whole, np.nan)
    return found


def answers_per_unit(coded: Coded) -> float:
    """Harmonic mean of the numbers of answers, over units with at least two; NaN without one."""
    sizes = np.diff(coded.starts)
    sizes = sizes[sizes > 1]
    return float(len(sizes) / (1.0 / sizes).sum()) if len(sizes) else float("nan")


def unit_squares(counts: Floats, scores: Floats) -> Floats:
    """What each unit (or pattern of counts) with two answers or more adds to n, total, squares, by_unit, units and
    unit_sizes: shape (units, 6); others nothing. ``counts``: answers by value, (units, values).
    """
    n = counts.sum(axis=1)
    total, squares = counts @ scores, counts @ scores**2
    each = np.stack([n, total, squares, total**2 / np.maximum(n, 1.0), np.ones_like(n), n**2], axis=1)
    return np.asarray(each * (n > 1)[:, None])


def squares_over_units(unit_sums: Floats, rater_n: Floats, rater_total: Floats) -> Squares:
    """``Squares`` from sums over units, (replicates, 6), and each rater's number and sum, (replicates, raters)."""
    n, total, squares, by_unit, units, unit_sizes = unit_sums.T
    answered = rater_n > 0
    by_rater = np.divide(rater_total**2, rater_n, out=np.zeros_like(rater_n), where=answered).sum(axis=1)
    raters = answered.sum(axis=1).astype(np.float64)
    return Squares(n, total, squares, by_unit, by_rater, units, raters, unit_sizes, (rater_n**2).sum(axis=1))
