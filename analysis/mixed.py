"""Linear models with random effects of people, of what is theirs, of prompts and of raters, estimated by REML.

``y = X b + (inner within outer) + crossed + e``: an attribute (or a pair) belongs to one person, so its effects are
taken out of the likelihood by formula, whatever their number; raters and prompts cut across people and are few, so they
stay as a dense system, Henderson's equations. What the likelihood needs of the data are sums over the inner groups,
made once; each value of the likelihood then costs the same for a thousand answers and for a million.

The variances, as multiples of the residual's, are those that maximise the restricted likelihood with the residual's
variance and ``b`` profiled out; one may be 0. Intervals and p values of ``b`` are Student's t with Satterthwaite's
degrees of freedom, from the curvature of the restricted likelihood, as in R's lmerTest. A yes/no answer is modelled as
0/1 (a linear probability model): its coefficients are differences of shares.

Sources: C. R. Henderson (1953), Biometrics 9, 226-252; D. Bates and others (2015), J. Statistical Software 67(1), 1-48
(profiled REML); R. W. Fai and P. L. Cornelius (1996), J. Statistical Computation and Simulation 54, 363-378 (degrees of
freedom); A. Kuznetsova and others (2017), J. Statistical Software 82(13).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize, sparse
from scipy.special import stdtr, stdtrit

from analysis.clusters import Codes, Estimate, Floats, undefined
from analysis.intervals import LEVEL

MOST_CROSSED = 2000  # levels of all crossed effects together: a dense matrix of that width is factored some 100 times
_STARTS = (0.5, 0.1)  # standard deviations as multiples of the residual's
_NONE = 1e-3  # a standard deviation below that share of the residual's is none
_MOST = 100.0  # where a standard deviation as a multiple of the residual's is taken to have no end
_STEP = 1e-2  # of the logarithm of a variance, for derivatives
_FLAT = 1e-6  # curvature below that is none: the data do not tell two effects apart


@dataclass(frozen=True)
class Effects:
    """Who and what each answer belongs to, as whole numbers per answer.

    ``inner`` groups lie within ``outer`` ones (an attribute is one person's); either may be missing. ``kind`` parts the
    outer groups, constant within each: every kind then has a variance of its own (real people may vary more than
    synthetic ones). ``crossed``: by name, what cuts across (raters, prompts).
    """

    outer: Codes | None = None
    inner: Codes | None = None
    kind: Codes | None = None
    crossed: Mapping[str, Codes] | None = None


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
    sums = _sums_of(y, x, effects)
    ratios = _best_ratios(sums)
    found = sums.profile(ratios)
    if ratios.size and ratios.max() > (0.99 * _MOST) ** 2:
        return _nothing(x.shape[1], len(y), "the effects leave nothing unexplained")
    dfs = _satterthwaite(sums, ratios, found)
    coefficients = []
    for value, variance, df in zip(found.beta, np.diag(found.covariance), dfs, strict=True):
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
        return f"more than {MOST_CROSSED} crossed levels"
    return ""


def _nothing(columns: int, n: int, reason: str) -> MixedFit:
    return MixedFit((undefined(math.nan, reason),) * columns, {}, n, reason)


@dataclass(frozen=True)
class _Profile:
    """The model at given variance ratios. ``deviance`` is -2 log restricted likelihood, up to a constant."""

    deviance: float
    beta: Floats
    covariance: Floats  # of beta
    residual: float
    log_determinant: float  # of what does not depend on the residual variance
    squares: float  # y' P y with the residual variance 1


@dataclass(frozen=True)
class _Size:
    """The inner groups with ``size`` answers each: ``count`` of them, ``products`` of their sums, ``within`` the sums
    over each outer group, and how many of them it has.
    """

    size: int
    count: int
    products: Floats
    within: Floats
    held: Floats


@dataclass(frozen=True)
class _Sums:
    """All that the likelihood needs of the data; columns are those of X, then y, then every crossed level."""

    names: tuple[str, ...]
    n: int
    columns: int
    products: Floats
    sizes: tuple[_Size, ...]
    inner: bool
    kind: Codes | None  # of each outer group; None without outer groups
    crossed: tuple[int, ...]  # levels of each

    def profile(self, ratios: Floats) -> _Profile:
        """The restricted likelihood at variances ``ratios`` (in the order of ``names``) times the residual's."""
        reduced, log_determinant = self._nested_out(ratios)
        p = self.columns + 1
        spread = np.sqrt(np.repeat(ratios[len(ratios) - len(self.crossed) :], self.crossed))
        normal = np.eye(len(spread)) + spread[:, None] * reduced[p:, p:] * spread
        factor = linalg.cholesky(normal, lower=True)
        seen = linalg.solve_triangular(factor, spread[:, None] * reduced[p:, :p], lower=True)
        rest = reduced[:p, :p] - seen.T @ seen
        log_determinant += 2 * float(np.log(np.diag(factor)).sum())
        inverse = np.linalg.inv(rest[:-1, :-1])
        beta = inverse @ rest[:-1, -1]
        squares = max(float(rest[-1, -1] - rest[:-1, -1] @ beta), 1e-300)
        log_determinant += float(np.linalg.slogdet(rest[:-1, :-1])[1])
        free = self.n - self.columns
        deviance = log_determinant + free * math.log(squares / free)
        return _Profile(deviance, beta, inverse * (squares / free), squares / free, log_determinant, squares)

    def _nested_out(self, ratios: Floats) -> tuple[Floats, float]:
        """``T' W^-1 T`` and log|W| with W = I + inner + outer, both by Woodbury's identity."""
        inner = float(ratios[0]) if self.inner else 0.0
        reduced, log_determinant = self.products.copy(), 0.0
        within, weight = np.zeros(()), np.zeros(())
        for group in self.sizes:
            shrunk = 1 + group.size * inner
            if inner:
                reduced -= (inner / shrunk) * group.products
                log_determinant += group.count * math.log(shrunk)
            within = within + group.within / shrunk
            weight = weight + group.held * (group.size / shrunk)
        if self.kind is not None:
            outer = ratios[int(self.inner) :][self.kind]
            kept = 1 + outer * weight
            reduced -= within.T @ ((outer / kept)[:, None] * within)
            log_determinant += float(np.log(kept).sum())
        return reduced, log_determinant


def _sums_of(y: Floats, x: Floats, effects: Effects) -> _Sums:
    inner, outer, kind, crossed = _identified(effects, len(y))
    table = sparse.hstack([sparse.csr_matrix(np.column_stack([x, y])), *map(_indicators, crossed.values())], "csr")
    products = (table.T @ table).toarray()
    sizes = _without_inner(table, outer) if inner is None else _by_size(table, inner, outer)
    names = ["inner"] if inner is not None else []
    if kind is not None:
        kinds = int(kind.max()) + 1
        names += ["outer"] if kinds == 1 else [f"outer {number}" for number in range(kinds)]
    levels = tuple(int(codes.max()) + 1 for codes in crossed.values())
    return _Sums((*names, *crossed), len(y), x.shape[1], products, sizes, inner is not None, kind, levels)


def _identified(effects: Effects, n: int) -> tuple[Codes | None, Codes | None, Codes | None, dict[str, Codes]]:
    """The effects numbered from 0, without those that have one answer at each level; ``kind`` of each outer group."""
    inner, outer = _numbered(effects.inner), _numbered(effects.outer)
    crossed = {name: np.unique(codes, return_inverse=True)[1] for name, codes in (effects.crossed or {}).items()}
    inner = None if inner is None or inner.max() + 1 == n else inner
    outer = None if outer is None or outer.max() + 1 == n else outer
    if inner is not None and outer is not None:
        pairs = len(np.unique(inner * (int(outer.max()) + 1) + outer))
        if pairs > inner.max() + 1:
            raise ValueError("an inner group lies in two outer groups; give it to crossed instead")
        if pairs == outer.max() + 1:  # one inner group in each outer one: the same effect twice
            inner = None
    crossed = _apart(crossed, n, *(codes for codes in (inner, outer) if codes is not None))
    if outer is None:
        return inner, None, None, crossed
    kind = np.zeros(int(outer.max()) + 1, dtype=np.int64)
    if effects.kind is not None:
        kind[outer] = np.unique(effects.kind, return_inverse=True)[1]
    return inner, outer, kind, crossed


def _apart(crossed: Mapping[str, Codes], n: int, *others: Codes) -> dict[str, Codes]:
    """``crossed`` without what parts the answers as the residual or an effect before it does."""
    kept: dict[str, Codes] = {}
    for name, codes in crossed.items():
        levels = int(codes.max()) + 1
        known = [other for other in (*others, *kept.values()) if other.max() + 1 == levels]
        same = any(len(np.unique(other * levels + codes)) == levels for other in known)
        if levels < n and not same:
            kept[name] = codes
    return kept


def _numbered(codes: Codes | None) -> Codes | None:
    return None if codes is None else np.unique(codes, return_inverse=True)[1]


def _indicators(codes: Codes) -> sparse.csr_matrix:
    n = len(codes)
    return sparse.csr_matrix((np.ones(n), codes, np.arange(n + 1)), shape=(n, int(codes.max()) + 1))


def _without_inner(table: sparse.csr_matrix, outer: Codes | None) -> tuple[_Size, ...]:
    if outer is None:
        return ()
    within = (_indicators(outer).T @ table).toarray()
    return (_Size(1, table.shape[0], np.zeros((0, 0)), within, np.bincount(outer).astype(np.float64)),)


def _by_size(table: sparse.csr_matrix, inner: Codes, outer: Codes | None) -> tuple[_Size, ...]:
    summed = (_indicators(inner).T @ table).tocsr()
    size = np.bincount(inner)
    belongs = np.zeros(len(size), dtype=np.int64)
    if outer is not None:
        belongs[inner] = outer
    outers = int(belongs.max()) + 1
    found = []
    for answers in np.unique(size):
        chosen = np.flatnonzero(size == answers)
        rows, place = summed[chosen], belongs[chosen]
        gather = sparse.csr_matrix((np.ones(len(chosen)), (place, np.arange(len(chosen)))), (outers, len(chosen)))
        held = np.bincount(place, minlength=outers).astype(np.float64)
        products, within = (rows.T @ rows).toarray(), (gather @ rows).toarray()
        found.append(_Size(int(answers), len(chosen), products, within, held))
    return tuple(found)


def _best_ratios(sums: _Sums) -> Floats:
    """Variance ratios of the highest restricted likelihood, searched from several places; 0 below ``_NONE`` squared."""
    if not sums.names:
        return np.zeros(0)

    def deviance(deviations: Floats) -> float:
        return sums.profile(deviations**2).deviance

    bounds = [(0.0, _MOST)] * len(sums.names)
    best, lowest = np.zeros(len(sums.names)), math.inf
    for start in _STARTS:
        place = np.full(len(sums.names), start)
        result = optimize.minimize(
            deviance, place, method="L-BFGS-B", jac="3-point", bounds=bounds, options={"ftol": 1e-13, "gtol": 1e-6}
        )
        if float(result.fun) < lowest - 1e-7:
            best, lowest = result.x, float(result.fun)
    return np.where(best < _NONE, 0.0, best) ** 2


def _satterthwaite(sums: _Sums, ratios: Floats, found: _Profile) -> Floats:
    """Degrees of freedom of each coefficient: ``2 v^2 / (g' A g)`` with v its variance, g the gradient of v by the
    logarithms of the variances that are not 0, A their covariance. Variances at 0 are taken as known to be 0.
    """
    active = np.flatnonzero(ratios > 0)
    centre = np.log(np.append(ratios[active], 1.0) * found.residual)

    def at(logs: Floats) -> tuple[float, Floats]:
        residual = math.exp(logs[-1])
        moved = ratios.copy()
        moved[active] = np.exp(logs[:-1]) / residual
        profile = sums.profile(moved)
        free = sums.n - sums.columns
        deviance = profile.log_determinant + free * logs[-1] + profile.squares / residual
        return deviance, np.diag(profile.covariance) / profile.residual * residual

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
    noise = 2 * (along**2).sum(axis=0)
    most = float(sums.n - sums.columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        dfs = 2 * np.diag(found.covariance) ** 2 / noise
    return np.clip(np.where(noise > 0, dfs, most), 1.0, most)
