"""The restricted likelihood of ``analysis.mixed`` from sums over the data, with its slope.

With variances as multiples of the residual's, the answers' covariance is that of the residual times V = W + Z L Z', W
of what is nested (I + inner + outer) and Z L Z' of what is crossed. W is inverted by formula, V through Woodbury's
identity from the dense ``Z' W^-1 Z``. Sources: as in ``analysis.mixed``; S. R. Searle, G. Casella and C. E. McCulloch
(1992), Variance Components, ch. 6 (the slope).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from analysis.clusters import Codes, Floats


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
class Profile:
    """The model at given variance ratios. ``deviance`` is -2 log restricted likelihood, up to a constant."""

    deviance: float
    beta: Floats
    covariance: Floats  # of beta
    residual: float
    log_determinant: float  # of what does not depend on the residual variance
    squares: float  # y' P y with the residual variance 1


@dataclass(frozen=True)
class Size:
    """The inner groups with ``size`` answers each: ``count`` of them, ``products`` of their sums, ``within`` the sums
    over each outer group, and how many of them it has.
    """

    size: int
    count: int
    products: Floats
    within: Floats
    held: Floats


@dataclass(frozen=True)
class Sums:
    """All that the likelihood needs of the data; columns are those of X, then y, then every crossed level.

    ``names`` of the variances in the order in which ``ratios`` give them, as multiples of the residual's.
    """

    names: tuple[str, ...]
    n: int
    columns: int
    products: Floats
    sizes: tuple[Size, ...]
    inner: bool
    kind: Codes | None  # of each outer group; None without outer groups
    crossed: tuple[int, ...]  # levels of each

    def profile(self, ratios: Floats) -> Profile:
        """The restricted likelihood at ``ratios``."""
        nested = self._nested_out(ratios)
        return self._profile(nested, self._crossed_out(nested, ratios))

    def slope(self, ratios: Floats) -> tuple[float, Floats]:
        """The deviance and its derivatives by ``ratios``."""
        nested = self._nested_out(ratios)
        solved = self._crossed_out(nested, ratios)
        found = self._profile(nested, solved)
        seen = nested.products[self.columns + 1 :]
        error = np.append(-found.beta, 1.0)
        weight = (self.n - self.columns) / found.squares * np.outer(error, error)
        weight[:-1, :-1] += found.covariance / found.residual
        # the deviance changes by the trace of ``change`` times the change of ``nested.products``
        frame = np.vstack([np.eye(len(error)), -solved.inner @ seen[:, : len(error)]])
        change = frame @ weight @ frame.T
        change[len(error) :, len(error) :] += solved.inner
        own = seen[:, len(error) :]
        through = seen[:, : len(error)] - own @ (solved.inner @ seen[:, : len(error)])
        each = np.diag(own) - ((own @ solved.inner) * own).sum(axis=1) - ((through @ weight) * through).sum(axis=1)
        ends = np.cumsum((0, *self.crossed))
        crossed = [float(each[a:b].sum()) for a, b in itertools.pairwise(ends)]
        return found.deviance, np.array([*self._nested_slope(nested, ratios, change), *crossed])

    def _profile(self, nested: _Nested, solved: _Crossed) -> Profile:
        rest = solved.rest
        inverse = np.linalg.inv(rest[:-1, :-1])
        beta = inverse @ rest[:-1, -1]
        squares = max(float(rest[-1, -1] - rest[:-1, -1] @ beta), 1e-300)
        log_determinant = nested.log_determinant + solved.log_determinant
        log_determinant += float(np.linalg.slogdet(rest[:-1, :-1])[1])
        free = self.n - self.columns
        deviance = log_determinant + free * math.log(squares / free)
        covariance = (inverse * (squares / free)).astype(np.float64)
        return Profile(deviance, beta, covariance, squares / free, log_determinant, squares)

    def _crossed_out(self, nested: _Nested, ratios: Floats) -> _Crossed:
        p = self.columns + 1
        spread = np.sqrt(np.repeat(ratios[len(ratios) - len(self.crossed) :], self.crossed))
        seen = nested.products[p:]
        normal = np.eye(len(spread)) + spread[:, None] * seen[:, p:] * spread
        factor = linalg.cholesky(normal, lower=True)
        inner = spread[:, None] * linalg.cho_solve((factor, True), np.diag(spread))
        rest = nested.products[:p, :p] - seen[:, :p].T @ (inner @ seen[:, :p])
        return _Crossed(rest, inner, 2 * float(np.log(np.diag(factor)).sum()))

    def _nested_out(self, ratios: Floats) -> _Nested:
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
        if self.kind is None:
            return _Nested(reduced, log_determinant, within, weight)
        outer = ratios[int(self.inner) :][self.kind]
        kept = 1 + outer * weight
        reduced -= within.T @ ((outer / kept)[:, None] * within)
        return _Nested(reduced, log_determinant + float(np.log(kept).sum()), within, weight)

    def _nested_slope(self, nested: _Nested, ratios: Floats, change: Floats) -> list[float]:
        """Derivatives by the inner ratio, if there is one, and by each outer one."""
        inner = float(ratios[0]) if self.inner else 0.0
        kinds = [] if self.kind is None else list(range(int(self.kind.max()) + 1))
        outer = np.zeros(1) if self.kind is None else ratios[int(self.inner) :][self.kind]
        turned = nested.within @ change if kinds else np.zeros((1, 1))
        spread = (turned * nested.within).sum(axis=1) if kinds else np.zeros(1)
        kept = 1 + outer * nested.weight if kinds else np.ones(1)
        found = []
        if self.inner:
            slope = 0.0
            for group in self.sizes:
                shrunk = 1 + group.size * inner
                slope += group.count * group.size / shrunk - float((change * group.products).sum()) / shrunk**2
                if kinds:
                    by_within = (turned * group.within).sum(axis=1) * group.size / shrunk**2
                    by_weight = -group.held * (group.size / shrunk) ** 2
                    slope += float((2 * outer / kept * by_within + (outer / kept) ** 2 * by_weight * spread).sum())
                    slope += float((outer / kept * by_weight).sum())
            found.append(slope)
        each = (nested.weight / kept - spread / kept**2) if kinds else np.zeros(1)
        return found + [float(each[self.kind == kind].sum()) for kind in kinds]


@dataclass(frozen=True)
class _Nested:
    """``T' W^-1 T``, log|W|, and of each outer group ``1' (I + inner)^-1 T`` and ``1' (I + inner)^-1 1``."""

    products: Floats
    log_determinant: float
    within: Floats
    weight: Floats


@dataclass(frozen=True)
class _Crossed:
    """``[X y]' V^-1 [X y]``; ``inner`` with V^-1 = W^-1 - W^-1 Z inner Z' W^-1; log|V| - log|W|."""

    rest: Floats
    inner: Floats
    log_determinant: float


def sums_of(y: Floats, x: Floats, effects: Effects) -> Sums:
    inner, outer, kind, crossed = _identified(effects, len(y))
    table = sparse.hstack([sparse.csr_matrix(np.column_stack([x, y])), *map(_indicators, crossed.values())], "csr")
    products = (table.T @ table).toarray()
    sizes = _without_inner(table, outer) if inner is None else _by_size(table, inner, outer)
    names = ["inner"] if inner is not None else []
    if kind is not None:
        kinds = int(kind.max()) + 1
        names += ["outer"] if kinds == 1 else [f"outer {number}" for number in range(kinds)]
    levels = tuple(int(codes.max()) + 1 for codes in crossed.values())
    return Sums((*names, *crossed), len(y), x.shape[1], products, sizes, inner is not None, kind, levels)


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


def _without_inner(table: sparse.csr_matrix, outer: Codes | None) -> tuple[Size, ...]:
    if outer is None:
        return ()
    within = (_indicators(outer).T @ table).toarray()
    return (Size(1, table.shape[0], np.zeros((0, 0)), within, np.bincount(outer).astype(np.float64)),)


def _by_size(table: sparse.csr_matrix, inner: Codes, outer: Codes | None) -> tuple[Size, ...]:
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
        found.append(Size(int(answers), len(chosen), products, within, held))
    return tuple(found)
