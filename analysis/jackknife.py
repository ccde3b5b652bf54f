"""Standard errors over people, and over the prompts that they share, by leaving out one of them at a time.

Units about one person hang together, and so do units on one prompt, whoever they are about; the two cut across each
other. The variance is Cameron, Gelbach and Miller's, as in ``analysis.clusters``: that with each person left out, plus
that with each prompt left out, less that with each person's units on each prompt left out. It is never taken to be less
than the first, which other prompts can only add to.

Where each prompt is asked of one person alone, leaving out the person does it, and with one prompt the figure is about
that very prompt: nothing is added.

Sources: B. Efron and R. J. Tibshirani (1993), An Introduction to the Bootstrap, ch. 11; A. C. Cameron, J. B. Gelbach
and D. L. Miller (2011), J. Business & Economic Statistics 29, 238-249.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.intervals import SEED

FEWEST_CLUSTERS = 10  # people (units, where it is not known whose they are), or raters, for an interval over them
MOST_GROUPS = 250  # that are left out: one person each, or several where there are more people

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float32]  # (units or raters, replicates of one chunk): how often each was drawn


class Spread(NamedTuple):
    """Standard errors of figures and the degrees of freedom of their t, shape (figures,)."""

    se: Floats
    df: Floats


class Way(NamedTuple):
    """A way in which units hang together: each unit's ``group``, and each group's ``stratum``."""

    group: Codes
    stratum: Codes

    @property
    def groups(self) -> int:
        return len(self.stratum)

    def rest_on(self, units: npt.NDArray[Any]) -> int:
        """On how many groups ``units`` (places or mask) are."""
        return len(np.unique(self.group[units]))


def ways_of(
    person: npt.NDArray[np.integer], prompt: npt.NDArray[np.integer], corpus: npt.NDArray[np.integer] | None = None
) -> list[Way]:
    """By person, then by prompt, then by both (module docstring); by person alone where prompts say nothing more.

    ``person``, ``prompt``, ``corpus``: each unit's, whole numbers from 0; of the first two a number of its own for a
    unit without one. ``corpus`` None: all people are of one.
    """
    prompts = int(prompt.max(initial=-1)) + 1
    both, cell = np.unique(person.astype(np.int64) * max(prompts, 1) + prompt, return_inverse=True)
    of = np.zeros(len(person), dtype=np.int64) if corpus is None else corpus
    ways = [_way(person, of)]
    if 1 < prompts < len(both):
        ways += [_way(prompt, np.zeros_like(of)), _way(cell, of)]
    return ways


def _way(codes: npt.NDArray[np.integer], stratum: npt.NDArray[np.integer]) -> Way:
    _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    group, of_group = groups_within(stratum[first])
    return Way(group[place], _pooled(of_group))


def _pooled(stratum: Codes) -> Codes:
    """Strata of one group, in which nothing is seen to vary, are put to the largest."""
    names, place, size = np.unique(stratum, return_inverse=True, return_counts=True)
    return np.asarray(np.where(size[place] > 1, stratum, names[size.argmax()] if len(names) else 0))


def left_out(way: Way, chunk: int) -> Iterator[Weights]:
    """Weights of units, shape (units, chunk), with one group left out each; the last may be narrower."""
    for begin in range(0, way.groups, chunk):
        yield (way.group[:, None] != np.arange(begin, min(begin + chunk, way.groups))).astype(np.float32)


def jackknife(moved: Sequence[Floats], ways: Sequence[Way], people: int) -> Spread:
    """Standard errors of figures that rest on all ``people``, from each way's figures with one group left out each:
    ``moved``, one array of shape (groups, figures) a way.

    A way's variance is ``(G - 1) / G sum (figure without g - their mean)^2``, summed over strata of G groups: with
    other people of the same corpora, as many of each. Unlike the bootstrap's it is not too small where parts of a
    figure rest on a handful of people, as pairs of raters do. NaN for fewer than ``FEWEST_CLUSTERS`` people: of them
    nothing can be said.
    """
    found = [_within_strata(part, way) for part, way in zip(moved, ways, strict=True)]
    return _together(found, np.full(moved[0].shape[1], people))


def jackknife_of_parts(moved: Sequence[Floats], rest_on: Sequence[Codes]) -> Spread:
    """As ``jackknife``, of figures that rest on some of the people: each figure's ``rest_on`` groups of each way are
    the G of ``(G - 1) / G``, and there are no strata, since whom of a corpus a figure rests on is chance as well.
    """
    found = []
    for part, on in zip(moved, rest_on, strict=True):
        several, known = np.where(on > 1, on, np.nan).astype(np.float64), np.maximum((~np.isnan(part)).sum(axis=0), 1)
        off = part - np.nansum(part, axis=0) / known
        found.append(((several - 1) / several * np.nansum(off**2, axis=0), several - 1))
    return _together(found, rest_on[0])


def part_of(moved: Floats, itself: Floats, rest_on: Codes) -> Floats:
    """Figures with one group left out each, moved as far as they should be when a mean over them is taken.

    A figure that rests on few groups moves too far when one of them is left out, by sqrt(G / (G - 1)), which its own
    ``jackknife_of_parts`` undoes. Shapes (..., groups), (...,), (...,): of one group alone it is not defined and drops
    out of the mean, as it should.
    """
    factor = np.sqrt(np.divide(rest_on - 1, rest_on, out=np.ones(rest_on.shape), where=rest_on > 1))
    return np.asarray(itself[..., None] + (moved - itself[..., None]) * factor[..., None])


def _within_strata(moved: Floats, way: Way) -> tuple[Floats, Floats]:
    """Variance of each figure, and its degrees of freedom."""
    variance, df = np.zeros((2, moved.shape[1]))
    if not len(moved):
        return np.full_like(variance, np.nan), np.full_like(df, np.nan)
    for stratum in np.unique(way.stratum):
        own = moved[way.stratum == stratum]
        groups = (~np.isnan(own)).sum(axis=0)
        known = np.maximum(groups, 1)
        off = own - np.nansum(own, axis=0) / known
        variance += (known - 1) / known * np.nansum(off**2, axis=0)
        df += known - 1
    return np.where(df > 0, variance, np.nan), np.where(df > 0, df, np.nan)


def _together(found: Sequence[tuple[Floats, Floats]], people: Codes) -> Spread:
    """Standard errors from variances and degrees of freedom by person, by prompt and by both.

    df: Satterthwaite's over people and prompts, but not less than the smaller of the two.
    """
    variance, df = found[0]
    variance, df = np.where(people >= FEWEST_CLUSTERS, variance, np.nan), np.minimum(df, people - 1)
    if len(found) > 1:
        (prompts, freedom), both = found[1], found[2][0]
        total = np.fmax(variance, variance + prompts - both)
        parts = variance**2 / df + prompts**2 / freedom
        joint = np.divide(total**2, parts, out=np.copy(df), where=parts > 0)
        variance, df = total, np.fmax(np.fmin(df, freedom), joint)
    return Spread(np.sqrt(variance), df)


def groups_within(strata: npt.NDArray[np.integer]) -> tuple[Codes, Codes]:
    """The group of each of the things that ``strata`` has, and each group's stratum: things one by one, or in groups of
    (nearly) one size where a stratum has many, about ``MOST_GROUPS`` in all.
    """
    group = np.zeros(len(strata), dtype=np.int64)
    of_group: list[int] = []
    most = MOST_GROUPS / max(1, len(strata))
    for stratum in np.unique(strata):
        inside = np.flatnonzero(strata == stratum)
        own = _grouped(len(inside), max(1, round(len(inside) * most)))
        group[inside] = own + len(of_group)
        of_group += [int(stratum)] * (int(own.max()) + 1)
    return group, np.array(of_group, dtype=np.int64)


def _grouped(n: int, most: int) -> Codes:
    """The numbers of n things' groups: each its own, or at random ``most`` groups of (nearly) one size."""
    if n <= most:
        return np.arange(n)
    return np.asarray(np.random.default_rng(SEED).permutation(n) % most)
