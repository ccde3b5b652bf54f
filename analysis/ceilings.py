"""How far one person agrees with the other people: the ceiling that a model can be expected to reach."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix

from analysis.agreement_codes import PEOPLE, Coded, Codes, Floats, Ints, coded_campaigns
from analysis.agreement_pairwise import distances, percents, scarce, settled_kappas, settled_spearmans
from analysis.bootstrap import (
    REPLICATES,
    Percentiles,
    bounded,
    chunk_for,
    intervals,
    replicated,
    share,
    symmetric,
    unit_weights,
)
from analysis.intervals import SEED
from analysis.jackknife import Weights, jackknife, jackknife_of_parts, left_out, part_of
from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE, RELEVANCE

MEAN = "all raters"  # the row of the people's mean
FIGURES = {
    ATTRIBUTE_QUALITY: ("agreement", "kappa"),
    RELEVANCE: ("agreement", "kappa", "f1"),
    PREFERENCE: ("spearman",),
}
_LEAST = {"agreement": 0.0, "kappa": -1.0, "f1": 0.0, "spearman": -1.0}
_SCARCE = ("kappa", "f1")  # that follow the answers other than the commonest
RELEVANT = 1  # place of "yes" in the scale of relevance
CEILINGS_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("campaign", "rater", "kind", "figure"), pl.String),
        "n": pl.Int64,
        **dict.fromkeys(("value", "low", "high"), pl.Float64),
        "undefined": pl.Int64,
    }
)


class _Held(NamedTuple):
    """Answers held against what the people said, one entry an answer, and how many values that can have."""

    rater: Codes
    value: Codes
    reference: Ints
    unit: Codes
    n_references: int


def ceilings(long: pl.DataFrame, *, replicates: int = REPLICATES, seed: int = SEED) -> pl.DataFrame:
    """Each rater held against what the other people said.

    Columns: ``CEILINGS_SCHEMA``, sorted by campaign, people before machines, rater. figure: agreement, kappa (Cohen's)
    and, for relevance, f1 (of "yes", the majority taken as the truth) against the majority, the value that more than
    half of the others gave; where they have none the answer is left out. spearman, for preference, against the others'
    mean score. n: units that it rests on. low and high: 95 % bootstrap interval over units (``bootstrap.intervals``),
    NaN where these are of fewer than ten people, and for the kappa or f1 of one rater where fewer than ten answers, of
    the rater or of the others, are not the commonest one (``agreement_pairwise.scarce``). Those of shares (agreement,
    f1) are Wilson's (``bootstrap.share``); of the mean over people's kappas symmetric, each having few units, so that
    replicates lean where the mean does not. undefined: replicates without a value.

    A person is held against one answer fewer than a unit has, and with three answers only where the two others agree,
    which are the easier units. So that nothing but the rater differs, a model (or baseline) is held against the very
    same: the people of a unit with each of them left out in turn. Its f1 against the label of all is in ``selection``.
    The row "all raters" is the mean over people, each with the same weight, those without a value left out: the human
    ceiling. Its n is the sum of theirs, its interval is over units too.
    NaN where a figure is not defined (nobody else answered, one value throughout; f1 where neither says yes).
    """
    rows: list[tuple[Any, ...]] = []
    for campaign in coded_campaigns(long):
        rows += _rows(campaign, replicates, seed)
    order = pl.when(pl.col("rater") == MEAN).then(0).when(pl.col("kind").is_in(("model", "baseline"))).then(2)
    return pl.DataFrame(rows, schema=CEILINGS_SCHEMA, orient="row").sort(
        "campaign", order.otherwise(1), "rater", maintain_order=True
    )


def _rows(coded: Coded, replicates: int, seed: int) -> Iterator[tuple[Any, ...]]:
    person = coded.members(PEOPLE)
    if not person.any():
        return
    held = _held(coded)
    if not len(held.rater):
        return
    figures = _Figures(coded, held)
    drawn, moved = figures.value[None][:0], [figures.value[None][:0] for _ in coded.ways]
    if replicates:
        chunk = chunk_for(coded.n_units, figures.cells.shape[0])
        drawn = replicated(unit_weights(coded.person, chunk, replicates=replicates, seed=seed), [figures.made])[0]
        without = [(left_out(way, chunk), partial(figures.made, way=at)) for at, way in enumerate(coded.ways)]
        moved = [replicated(weights, [part])[0] for weights, part in without]
    n = _distinct(held.rater, held.unit, len(coded.raters))
    units = [int(n[person].sum()), *n.tolist()]
    kind = coded.kinds[int(np.flatnonzero(person)[0])]
    for place, (rater, of_kind) in enumerate([(MEAN, kind), *zip(coded.raters, coded.kinds, strict=True)]):
        ends = figures.ends(place, drawn[:, place], [part[:, place] for part in moved])
        for at, name in enumerate(figures.names):
            interval = (float(ends.low[at]), float(ends.high[at]), int(ends.undefined[at]))
            yield (coded.campaign, rater, of_kind, name, units[place], float(figures.value[place, at]), *interval)


class _Figures:
    """The figures of all people's mean, place 0, and of each rater from 1 on.

    ``value``: as they are shown, (places, figures); ``centre``: what their intervals are about, with chance from what
    all people's references come to. ``cells``: sparse, a row for each rater, value and reference, a column for each
    unit. ``rest_on``: on how many groups of each way each rater's figures rest.
    """

    def __init__(self, coded: Coded, held: _Held) -> None:
        self.names, self.ways, self.person = FIGURES[coded.instrument], coded.ways, coded.members(PEOPLE)
        self.shape = (len(coded.raters), len(coded.values), held.n_references)
        rows = np.ravel_multi_index((held.rater, held.value, held.reference), self.shape)
        ones = np.ones(len(rows), dtype=np.float32)
        self.cells = csr_matrix((ones, (rows, held.unit)), shape=(int(np.prod(self.shape)), coded.n_units))
        self.rest_on = [_distinct(held.rater, way.group[held.unit], len(coded.raters)) for way in coded.ways]
        self.people = coded.ways[0].rest_on(held.unit)
        once = np.ones((coded.n_units, 1), dtype=np.float32)
        self.scarce = scarce(self._tables(once))[:, 0]
        self.value, self.centre = self.made(once, settled=False)[0], self.made(once)[0]

    def _tables(self, weights: Weights) -> Floats:
        return np.asarray((self.cells @ weights).astype(np.float64).reshape(*self.shape, -1))

    def made(self, weights: Weights, *, settled: bool = True, way: int | None = None) -> Floats:
        """(replicates, places, figures) under weights on units; ``way``: that of the weights that leave some out."""
        tables = self._tables(weights)
        own = tables.sum(axis=1)
        said = np.broadcast_to(tables[self.person].sum(axis=(0, 1)), own.shape) if settled else own
        raters = np.stack([_FIGURE[name](tables, said) for name in self.names])
        averaged = raters if way is None else part_of(raters, self.centre[1:].T, self.rest_on[way])
        people = _mean(averaged[:, self.person])
        return np.concatenate([people[:, None], raters], axis=1).transpose(2, 1, 0)

    def ends(self, place: int, drawn: Floats, moved: list[Floats]) -> Percentiles:
        """The intervals of one place, from its replicates and its figures with some left out (``ceilings``)."""
        if place == 0:
            spread, bell = jackknife(moved, self.ways, self.people), symmetric
        else:
            spread = jackknife_of_parts(moved, [np.full(len(self.names), on[place - 1]) for on in self.rest_on])
            bell = intervals
        value, least = self.centre[place], np.array([_LEAST[name] for name in self.names])
        both = zip(bell(value, drawn, spread), share(value, drawn, spread), strict=True)
        ends = bounded(self.value[place], Percentiles(*(np.where(least < 0, *pair) for pair in both)), least)
        if place == 0 or not self.scarce[place - 1]:
            return ends
        none = np.isin(self.names, _SCARCE)
        return Percentiles(np.where(none, np.nan, ends.low), np.where(none, np.nan, ends.high), ends.undefined)


def _distinct(rater: Codes, what: Codes | Ints, n_raters: int) -> Ints:
    """How many different ``what`` (units, people) each rater's answers are on."""
    span = int(what.max()) + 1
    return np.bincount(np.unique(rater.astype(np.int64) * span + what) // span, minlength=n_raters).astype(np.int64)


def _mean(figures: Floats) -> Floats:
    """Mean over raters, axis 1, of the defined; NaN where none is."""
    defined = ~np.isnan(figures)
    n = defined.sum(axis=1)
    total = np.where(defined, figures, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0))


def _held(coded: Coded) -> _Held:
    """People's answers against the other people's of the unit, machines' against the same references."""
    person = coded.members(PEOPLE)
    people, machines = coded.of(person), coded.of(~person)
    others = people.counts()[people.unit]
    others[np.arange(len(people.unit)), people.value] -= 1
    if coded.instrument == PREFERENCE:
        reference, n_references = _means(others, coded.scores)
    else:
        reference, n_references = _majorities(others), len(coded.values)
    sizes = np.diff(people.starts)[machines.unit]
    answer = np.repeat(np.arange(len(machines.unit)), sizes)
    nth = np.arange(len(answer)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    omitted = people.starts[machines.unit[answer]] + nth
    against = np.concatenate([reference, reference[omitted]])
    del others, nth, omitted
    known = against >= 0
    own, theirs = known[: len(people.unit)], answer[known[len(people.unit) :]]
    rater, value, unit = (
        np.concatenate([codes[own], others[theirs]])
        for codes, others in (
            (people.rater, machines.rater),
            (people.value, machines.value),
            (people.unit, machines.unit),
        )
    )
    return _Held(rater, value, against[known], unit, n_references)


def _majorities(counts: Ints) -> Ints:
    """The value that more than half gave, -1 where none: shape (answers,)."""
    return np.where(2 * counts.max(axis=1, initial=0) > counts.sum(axis=1), counts.argmax(axis=1), -1)


def _means(counts: Ints, scores: Floats) -> tuple[Ints, int]:
    """Place of the mean score among the distinct ones, in their order, -1 where nobody answered; and their number."""
    n = counts.sum(axis=1)
    means = np.round((counts @ scores) / np.maximum(n, 1), 9)
    distinct, place = np.unique(means, return_inverse=True)
    return np.where(n > 0, place, -1), max(1, len(distinct))


def _agreement(tables: Floats, said: Floats) -> Floats:
    return percents(tables)


def _kappa(tables: Floats, said: Floats) -> Floats:
    values = np.arange(tables.shape[1], dtype=np.float64)
    return settled_kappas(tables, tables.sum(axis=2), said, distances(values, 0))


def _spearman(tables: Floats, said: Floats) -> Floats:
    return settled_spearmans(tables, tables.sum(axis=2), said)


def _f1(tables: Floats, said: Floats) -> Floats:
    """Twice the units where both say yes by the sum of both counts of yes; NaN where neither ever does."""
    both = tables[:, RELEVANT, RELEVANT]
    either = tables[:, RELEVANT].sum(axis=1) + tables[:, :, RELEVANT].sum(axis=1)
    return np.asarray(np.divide(2 * both, either, out=np.full(both.shape, np.nan), where=either > 0))


# Of tables (raters, values, references, replicates), and of how often each reference stood against each rater.
_FIGURE = {"agreement": _agreement, "kappa": _kappa, "f1": _f1, "spearman": _spearman}
