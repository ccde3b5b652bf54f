"""How far one person agrees with the other people: the ceiling that a model can be expected to reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix

from analysis.agreement_codes import PEOPLE, Coded, Floats, Ints, coded_campaigns
from analysis.agreement_pairwise import distances, kappas, percents, spearmans
from analysis.bootstrap import REPLICATES, Weights, chunk_for, percentiles, replicated, unit_weights
from analysis.intervals import SEED
from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE, RELEVANCE

MEAN = "all raters"  # the row of the people's mean
FIGURES = {
    ATTRIBUTE_QUALITY: ("agreement", "kappa"),
    RELEVANCE: ("agreement", "kappa", "f1"),
    PREFERENCE: ("spearman",),
}
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

    rater: Ints
    value: Ints
    reference: Ints
    unit: Ints
    n_references: int


def ceilings(long: pl.DataFrame, *, replicates: int = REPLICATES, seed: int = SEED) -> pl.DataFrame:
    """Each rater held against what the other people said.

    Columns: ``CEILINGS_SCHEMA``, sorted by campaign, people before machines, rater. figure: agreement, kappa (Cohen's)
    and, for relevance, f1 (of "yes", the majority taken as the truth) against the majority, the value that more than
    half of the others gave; where they have none the answer is left out. spearman, for preference, against the others'
    mean score. n: units that it rests on. low and high: 95 % bootstrap interval over units; undefined: replicates
    without a value.

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
    names = FIGURES[coded.instrument]
    n_raters, width = len(coded.raters), len(coded.values) * held.n_references
    rows = (held.rater * len(coded.values) + held.value) * held.n_references + held.reference
    ones = np.ones(len(rows), dtype=np.float32)
    cells = csr_matrix((ones, (rows, held.unit)), shape=(n_raters * width, coded.n_units))

    def figures(weights: Weights) -> Floats:
        tables = (cells @ weights).astype(np.float64).reshape(n_raters, len(coded.values), held.n_references, -1)
        made = np.stack([_FIGURE[name](tables) for name in names])
        people = _mean(made[:, person])
        return np.concatenate([people[:, None], made], axis=1).transpose(2, 0, 1)

    value = figures(np.ones((coded.n_units, 1), dtype=np.float32))[0]
    chunk = chunk_for(coded.n_units, n_raters * width)
    weights = unit_weights(coded.cluster, chunk, replicates=replicates, seed=seed)
    drawn = replicated(weights, [figures])[0] if replicates else np.zeros((0, *value.shape))
    n = np.bincount(np.unique(held.rater * coded.n_units + held.unit) // coded.n_units, minlength=n_raters)
    kind = coded.kinds[int(np.flatnonzero(person)[0])]
    heads = [(MEAN, kind, int(n[person].sum())), *zip(coded.raters, coded.kinds, n.tolist(), strict=True)]
    for place, (rater, of_kind, units) in enumerate(heads):
        ends = percentiles(np.where(np.isnan(value[:, place]), np.nan, drawn[:, :, place]))
        for at, name in enumerate(names):
            numbers = (float(value[at, place]), float(ends.low[at]), float(ends.high[at]), int(ends.undefined[at]))
            yield (coded.campaign, rater, of_kind, name, units, *numbers)


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
    left_out = people.starts[machines.unit[answer]] + nth
    both = (
        np.concatenate([people.rater, machines.rater[answer]]),
        np.concatenate([people.value, machines.value[answer]]),
        np.concatenate([reference, reference[left_out]]),
        np.concatenate([people.unit, machines.unit[answer]]),
    )
    rater, value, against, unit = (codes[both[2] >= 0].astype(np.int64) for codes in both)
    return _Held(rater, value, against, unit, n_references)


def _majorities(counts: Ints) -> Ints:
    """The value that more than half gave, -1 where none: shape (answers,)."""
    return np.where(2 * counts.max(axis=1, initial=0) > counts.sum(axis=1), counts.argmax(axis=1), -1)


def _means(counts: Ints, scores: Floats) -> tuple[Ints, int]:
    """Place of the mean score among the distinct ones, in their order, -1 where nobody answered; and their number."""
    n = counts.sum(axis=1)
    means = np.round((counts @ scores) / np.maximum(n, 1), 9)
    distinct, place = np.unique(means, return_inverse=True)
    return np.where(n > 0, place, -1), max(1, len(distinct))


def _kappa(tables: Floats) -> Floats:
    return kappas(tables, distances(np.arange(tables.shape[1], dtype=np.float64), 0))


def _f1(tables: Floats) -> Floats:
    """Twice the units where both say yes by the sum of both counts of yes; NaN where neither ever does."""
    both = tables[:, RELEVANT, RELEVANT]
    either = tables[:, RELEVANT].sum(axis=1) + tables[:, :, RELEVANT].sum(axis=1)
    return np.asarray(np.divide(2 * both, either, out=np.full(both.shape, np.nan), where=either > 0))


_FIGURE = {"agreement": percents, "kappa": _kappa, "f1": _f1, "spearman": spearmans}
