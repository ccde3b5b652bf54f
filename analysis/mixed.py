"""Linear models with random effects of people, of what is theirs, of prompts and of raters, estimated by REML.

``y = X b + (inner within outer) + crossed + e``: an attribute (or a pair) belongs to one person, so its effects are
taken out of the likelihood by formula, whatever their number; raters and prompts cut across people and are few, so they
stay as a dense system, Henderson's equations. What the likelihood needs of the data are sums over the inner groups,
made once; each value of the likelihood then costs the same for a thousand answers and for a million.

The variances, as multiples of the residual's, are those that maximise the restricted likelihood with the residual's
variance and ``b`` profiled out; one may be 0. Intervals and p values of ``b`` are Student's t with Satterthwaite's
degrees of freedom, from the curvature of the restricted likelihood, as in R's lmerTest, but not more than groups allow;
standard errors allow for the variances being estimates. A yes/no answer is modelled as 0/1 (a linear probability
model): its coefficients are differences of shares.

Sources: C. R. Henderson (1953), Biometrics 9, 226-252; D. Bates and others (2015), J. Statistical Software 67(1), 1-48
(profiled REML); R. W. Fai and P. L. Cornelius (1996), J. Statistical Computation and Simulation 54, 363-378 (degrees of
freedom); A. Kuznetsova and others (2017), J. Statistical Software 82(13); M. G. Kenward and J. H. Roger (1997),
Biometrics 53, 983-997 (what a standard error misses because variances are estimates).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import optimize
from scipy.special import stdtr, stdtrit
from threadpoolctl import ThreadpoolController

from analysis.clusters import Estimate, Floats, undefined
from analysis.intervals import LEVEL
from analysis.reml import Effects, Profile, Sums, sums_of

__all__ = ["Effects", "MixedFit", "fit_mixed"]

MOST_CROSSED = 2000  # levels of all crossed effects together: a dense matrix of that width is factored some 100 times
TOO_MANY = f"more than {MOST_CROSSED} crossed levels"
# Thousands of products of small matrices: handing each to several cores costs more than it saves, and hundreds of times
# more where those are busy.
_ONE_CORE = ThreadpoolController()
_STARTS = (0.5, 0.1)  # standard deviations as multiples of the residual's
_NONE = 1e-3  # a standard deviation below that share of the residual's is none
_MOST = 100.0  # where a standard deviation as a multiple of the residual's is taken to have no end
_STEP = 1e-2  # of the logarithm of a variance, for derivatives
_FLAT = 1e-6  # curvature below that is none: the data do not tell two effects apart


@dataclass(frozen=True)
class MixedFit:
    """``coefficients`` in the order of the columns of X. ``deviations``: standard deviations by name: ``inner``,
    ``outer`` (``outer 0``, ``outer 1`` ... by kind), the crossed effects' names, ``residual``. Where nothing can be
    estimated all are NaN and ``reason`` says why; it is "" otherwise.
    """

    coefficients: tuple[Estimate, ...]
    deviations: Mapping[str, float]
    n: int
    reason: str


def fit_mixed(y: Floats, x: Floats, effects: Effects, *, level: float = LEVEL) -> MixedFit:
    """Fit the model of the module docstring to ``y`` (n,) and ``x`` (n, columns; give the column of ones yourself).

    Never raises for what the data cannot say; NaN with ``reason``: no more answers than columns, columns of ``x`` that
    depend on each other, an effect with one level, answers without variance, more crossed levels than
    ``MOST_CROSSED``. An effect that cannot be told from the residual (each level has one answer) is left out.
    Raises ``ValueError`` for inner groups that lie in two outer ones.
    """
    reason = _why_not(y, x, effects)
    if reason:
        return _nothing(x.shape[1], len(y), reason)
    with _ONE_CORE.limit(limits=1, user_api="blas"):
        sums = sums_of(y, x, effects)
        ratios = _best_ratios(sums)
        if ratios.size and ratios.max() > (0.99 * _MOST) ** 2:
            return _nothing(x.shape[1], len(y), "the effects leave nothing unexplained")
        found = sums.profile(ratios)
        dfs, extra = _uncertain(sums, ratios, found)
    dfs = np.minimum(dfs, _most_free(x, effects))
    coefficients = []
    for value, variance, df in zip(found.beta, np.diag(found.covariance) + extra, dfs, strict=True):
        se = math.sqrt(variance)
        half = se * float(stdtrit(df, (1 + level) / 2))
        p = 2 * float(stdtr(df, -abs(value) / se))
        coefficients.append(Estimate(float(value), float(value - half), float(value + half), se, float(df), p, ""))
    scale = np.sqrt(np.append(ratios, 1.0) * found.residual)
    names = (*sums.names, "residual")
    return MixedFit(tuple(coefficients), dict(zip(names, scale.tolist(), strict=True)), len(y), "")


def _why_not(y: Floats, x: Floats, effects: Effects) -> str:
    named = {"outer": effects.outer, "inner": effects.inner, **(effects.crossed or {})}
    levels = {name: len(np.unique(codes)) for name, codes in named.items() if codes is not None}
    if len(y) <= x.shape[1]:
        return f"{len(y)} answers for {x.shape[1]} coefficients"
    if np.linalg.matrix_rank(x.T @ x) < x.shape[1]:
        return "what is compared does not vary by itself"
    if np.ptp(y) == 0:
        return "all answers are the same"
    alone = [name for name, count in levels.items() if count < 2]
    if alone:
        return f"only one {alone[0]}"
    if sum(levels[name] for name in effects.crossed or ()) > MOST_CROSSED:
        return TOO_MANY
    return ""


def _nothing(columns: int, n: int, reason: str) -> MixedFit:
    return MixedFit((undefined(math.nan, reason),) * columns, {}, n, reason)


def _best_ratios(sums: Sums) -> Floats:
    """Variance ratios of the highest restricted likelihood, searched from several places; 0 below ``_NONE`` squared."""
    if not sums.names:
        return np.zeros(0)

    def deviance(deviations: Floats) -> tuple[float, Floats]:
        found, slope = sums.slope(deviations**2)
        return found, 2 * deviations * slope

    bounds = [(0.0, _MOST)] * len(sums.names)
    best, lowest = np.zeros(len(sums.names)), math.inf
    for start in _STARTS:
        place = np.full(len(sums.names), start)
        result = optimize.minimize(
            deviance, place, method="L-BFGS-B", jac=True, bounds=bounds, options={"ftol": 1e-13, "gtol": 1e-6}
        )
        if float(result.fun) < lowest - 1e-7:
            best, lowest = result.x, float(result.fun)
    return np.where(best < _NONE, 0.0, best) ** 2


def _most_free(x: Floats, effects: Effects) -> Floats:
    """The degrees of freedom that a coefficient can have at most: what is the same throughout every group of a nested
    effect is compared between groups, of which there are so many, less one for each such column. Satterthwaite's rule
    takes a variance at 0 as known and would count single answers there.
    """
    most = np.full(x.shape[1], float(len(x) - x.shape[1]))
    for codes in (effects.inner, effects.outer):
        if codes is not None:
            _, first, group = np.unique(codes, return_index=True, return_inverse=True)
            between = (x == x[first][group]).all(axis=0)
            most[between] = np.minimum(most[between], max(1, len(first) - int(between.sum())))
    return most


def _uncertain(sums: Sums, ratios: Floats, found: Profile) -> tuple[Floats, Floats]:
    """What it does to each coefficient that the variances are estimates: its degrees of freedom, and what its variance
    v misses.

    Satterthwaite: ``2 v^2 / (g' A g)`` with g the gradient of v by the logarithms of the variances that are not 0, A
    their covariance. Missing: ``2 h' A h`` with h the gradient of the coefficient itself (Kackar and Harville's term,
    twice as in Kenward and Roger's; 0 in balanced designs). Variances at 0 are taken as known to be 0.
    """
    active = np.flatnonzero(ratios > 0)
    centre = np.log(np.append(ratios[active], 1.0) * found.residual)

    def at(logs: Floats) -> tuple[float, Floats]:
        """Deviance, and the coefficients' variances and values one after the other."""
        residual = math.exp(logs[-1])
        moved = ratios.copy()
        moved[active] = np.exp(logs[:-1]) / residual
        profile = sums.profile(moved)
        free = sums.n - sums.columns
        deviance = profile.log_determinant + free * logs[-1] + profile.squares / residual
        return deviance, np.append(np.diag(profile.covariance) / profile.residual * residual, profile.beta)

    size = len(centre)
    steps = np.eye(size) * _STEP
    ahead, behind = [at(centre + step) for step in steps], [at(centre - step) for step in steps]
    gradient = np.array([(a[1] - b[1]) / (2 * _STEP) for a, b in zip(ahead, behind, strict=True)])
    middle = at(centre)[0]
    curvature = np.zeros((size, size))
    for i in range(size):
        curvature[i, i] = (ahead[i][0] - 2 * middle + behind[i][0]) / _STEP**2
        for j in range(i):
            corners = [at(centre + s * steps[i] + t * steps[j])[0] for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
            curvature[i, j] = curvature[j, i] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * _STEP**2)
    strength, directions = np.linalg.eigh(curvature)
    known = strength > _FLAT
    along = (directions[:, known].T @ gradient) / np.sqrt(strength[known])[:, None]
    noise, missing = np.split(2 * (along**2).sum(axis=0), 2)
    most = float(sums.n - sums.columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        dfs = 2 * np.diag(found.covariance) ** 2 / noise
    return np.clip(np.where(noise > 0, dfs, most), 1.0, most), 2 * missing
