"""All figures of agreement of one campaign with their bootstrap replicates, over units and over raters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.agreement_codes import ALL, MODELS, PEOPLE, Coded, Floats, Ints, Mask
from analysis.agreement_counts import GroupFigures, group_figures, mixed_figures
from analysis.agreement_pairwise import FIGURES as PAIR_FIGURES
from analysis.agreement_pairwise import Pairs, pair_figures, pairs_of
from analysis.bootstrap import (
    REPLICATES,
    Part,
    Percentiles,
    Weights,
    chunk_for,
    percentiles,
    rater_weights,
    replicated,
    summed,
    unit_weights,
)
from analysis.intervals import SEED

RATER_MODEL = "rater_model"
SUMMARY_GROUPS = (PEOPLE, MODELS, ALL, RATER_MODEL)
FEWEST_CLUSTERS = 10  # people (units, where it is not known whose they are) in common for an interval of a pair
BLOCK = 20_000  # pairs whose replicates are in memory at once
# Means over the pairs of a group, as the summary calls them, and the figure of the pair.
PAIR_MEANS = {
    "cohen_mean": "kappa",
    "cohen_linear_mean": "kappa_linear",
    "cohen_quadratic_mean": "kappa_quadratic",
    "spearman": "spearman",
}
_MEANS = [PAIR_FIGURES.index(name) for name in PAIR_MEANS.values()]
_KAPPA = PAIR_FIGURES.index("kappa")


class Draws(NamedTuple):
    """How the bootstrap is drawn; ``replicates`` 0 for no intervals."""

    replicates: int = REPLICATES
    seed: int = SEED


class PairResults(NamedTuple):
    """Of each pair: places of its raters, common units, ``PAIR_FIGURES`` (figures, pairs), the kappa over units."""

    first: Ints
    second: Ints
    n: Ints
    figures: Floats
    kappa: Percentiles


class Figures(NamedTuple):
    """Figures of one group: values, (figures,), and replicates, (replicates, figures)."""

    n_units: int
    n_raters: int
    names: list[str]
    value: Floats
    over_units: Floats
    over_raters: Floats


class Resampled(NamedTuple):
    """A campaign's pairs, and the figures of those of ``SUMMARY_GROUPS`` in which somebody answered something."""

    pairs: PairResults
    groups: dict[str, Figures]


def resample(coded: Coded, *, min_n: int = 1, draws: Draws | None = None) -> Resampled:
    """Every figure of ``coded``; pairs with fewer than ``min_n`` common units are left out, of means too.

    All figures are made from the same draws: one pass over the replicates, as long as there are no more than ``BLOCK``
    pairs.
    """
    chosen = draws or Draws()
    pairs = pairs_of(coded)
    blocks = [_Block(coded, pairs.block(at, at + BLOCK), min_n) for at in range(0, max(1, len(pairs)), BLOCK)]
    groups = {group: group_figures(coded, group) for group in (PEOPLE, MODELS)}
    if all(groups.values()):
        groups |= {ALL: group_figures(coded, ALL), RATER_MODEL: mixed_figures(coded)}
    there = {group: figures for group, figures in groups.items() if figures is not None}
    by_units, by_raters = _over_units(coded, blocks, there, chosen), _over_raters(coded, blocks, there, chosen)
    results = [block.results(drawn) for block, drawn in zip(blocks, by_units, strict=False)]
    means = [block.means(by_units[place], by_raters[place]) for place, block in enumerate(blocks)]
    added = [np.sum([part[kind] for part in means], axis=0) for kind in range(3)]
    with np.errstate(invalid="ignore", divide="ignore"):
        value, units, raters = (part[..., 0] / part[..., 1] for part in added)
    found = {}
    for place, (group, figures) in enumerate(there.items(), len(blocks)):
        at = SUMMARY_GROUPS.index(group)
        names = [*figures.names, *PAIR_MEANS]
        found[group] = Figures(
            figures.n_units,
            figures.n_raters,
            names,
            np.concatenate([figures.value, value[at]]),
            np.concatenate([by_units[place], units[:, at]], axis=1),
            np.concatenate([by_raters[place], raters[:, at]], axis=1),
        )
    return Resampled(_joined(results), found)


def _over_units(coded: Coded, blocks: list[_Block], groups: dict[str, GroupFigures], draws: Draws) -> list[Floats]:
    """Replicates of every block and every group, from the same weights; further blocks draw them again."""
    parts: list[Part] = [block.over_units for block in blocks]
    counted: list[Part] = [figures.over_units for figures in groups.values()]
    if not draws.replicates:
        return [np.zeros((0, *part(_ones(coded.n_units)).shape[1:])) for part in (*parts, *counted)]
    chunk = chunk_for(coded.n_units, *(block.width for block in blocks[:1]))

    def drawn(wanted: list[Part]) -> list[Floats]:
        weights = unit_weights(coded.cluster, chunk, replicates=draws.replicates, seed=draws.seed)
        return replicated(weights, wanted)

    first, *rest = drawn([parts[0], *counted])
    return [first, *(drawn([part])[0] for part in parts[1:]), *rest]


def _over_raters(coded: Coded, blocks: list[_Block], groups: dict[str, GroupFigures], draws: Draws) -> list[Floats]:
    parts: list[Part] = [
        *(block.over_raters for block in blocks),
        *(figures.over_raters for figures in groups.values()),
    ]
    if not draws.replicates:
        return [np.zeros((0, *part(_ones(len(coded.raters))).shape[1:])) for part in parts]
    chunk = chunk_for(*(len(block.pairs) for block in blocks), *(figures.width for figures in groups.values()))
    weights = rater_weights(strata_of(coded), chunk, replicates=draws.replicates, seed=draws.seed)
    return replicated(weights, parts)


def _ones(n: int) -> Weights:
    return np.ones((n, 1), dtype=np.float32)


def strata_of(coded: Coded) -> Ints:
    """Within what raters are drawn: people, models, baselines."""
    return np.array(np.where(coded.members(PEOPLE), 0, np.where(coded.members(MODELS), 1, 2)), dtype=np.int64)


class _Block:
    """Some of the pairs: their figures, and what they add to the means of each of ``SUMMARY_GROUPS``."""

    def __init__(self, coded: Coded, pairs: Pairs, min_n: int) -> None:
        self.pairs = pairs
        self.scores, self.ordered = coded.scores, "ordinal" in coded.levels
        self.width = len(pairs) * len(coded.values) ** 2
        tables = pairs.tables(_ones(coded.n_units))
        self.n = tables.sum(axis=(1, 2, 3)).astype(np.int64)
        self.kept = self.n >= min_n
        self.figures = pair_figures(tables, self.scores, self.ordered)[:, :, 0]
        masks = [mask & self.kept for mask in _groups_of(coded, pairs).values()]
        self.groups = np.stack(masks).astype(np.float64)
        self.too_few = pairs.clusters(coded.cluster) < FEWEST_CLUSTERS

    def over_units(self, weights: Weights) -> Floats:
        """Kappa of each pair, then the sums of means (``_sums``) laid out flat: shape (replicates, ...)."""
        made = pair_figures(self.pairs.tables(weights), self.scores, self.ordered)
        sums = _sums(made[_MEANS], self.groups).reshape(weights.shape[1], -1)
        return np.concatenate([made[_KAPPA].T, sums], axis=1)

    def over_raters(self, weights: Weights) -> Floats:
        """Sums of means, a pair having the weight of its first rater times that of its second."""
        pair = weights[self.pairs.first].astype(np.float64) * weights[self.pairs.second]
        made = self.figures[_MEANS]
        defined = ~np.isnan(made)
        parts = np.stack([np.where(defined, made, 0.0), defined], axis=-1).transpose(1, 0, 2)
        return summed(self.groups.T[:, :, None, None] * parts[:, None], pair)

    def means(self, by_units: Floats, by_raters: Floats) -> tuple[Floats, Floats, Floats]:
        """Sum and number (last axis) by group and mean: of the figures, of replicates over units, over raters."""
        by_units = by_units[:, len(self.pairs) :].reshape(-1, len(self.groups), len(_MEANS), 2)
        return _sums(self.figures[_MEANS][..., None], self.groups)[0], by_units, by_raters

    def results(self, by_units: Floats) -> PairResults:
        kappas = np.where(np.isnan(self.figures[_KAPPA]), np.nan, by_units[:, : len(self.pairs)])
        low, high, undefined = percentiles(kappas)
        low, high = (np.where(self.too_few, np.nan, end) for end in (low, high))
        kappa = Percentiles(low[self.kept], high[self.kept], undefined[self.kept])
        pairs = self.pairs
        return PairResults(
            pairs.first[self.kept], pairs.second[self.kept], self.n[self.kept], self.figures[:, self.kept], kappa
        )


def _groups_of(coded: Coded, pairs: Pairs) -> dict[str, Mask]:
    """Which pairs are of each of ``SUMMARY_GROUPS``."""
    person, model = coded.members(PEOPLE), coded.members(MODELS)
    first, second = pairs.first, pairs.second
    people, models = person[first] & person[second], model[first] & model[second]
    mixed = (person[first] & model[second]) | (model[first] & person[second])
    return {PEOPLE: people, MODELS: models, ALL: people | models | mixed, RATER_MODEL: mixed}


def _sums(figures: Floats, groups: Floats) -> Floats:
    """Sum and number of defined ``figures`` (figures, pairs, replicates): (replicates, groups, figures, 2)."""
    defined = ~np.isnan(figures)
    parts = [np.where(defined, figures, 0.0), defined]
    by_group = [[part[:, group > 0].sum(axis=1) for group in groups] for part in parts]
    return np.array(by_group, dtype=np.float64).transpose(3, 1, 2, 0)


def _joined(results: list[PairResults]) -> PairResults:
    first, second, n, figures = (np.concatenate([part[place] for part in results], axis=-1) for place in range(4))
    ends = [np.concatenate([part.kappa[place] for part in results]) for place in range(3)]
    return PairResults(first, second, n, figures, Percentiles(*ends))
