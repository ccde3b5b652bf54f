"""All figures of agreement of one campaign with their bootstrap replicates, over units and over raters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from analysis.agreement_codes import ALL, MODELS, PEOPLE, Coded, Floats, Ints, Mask
from analysis.agreement_counts import GroupFigures, group_figures, mixed_figures
from analysis.agreement_pairwise import (
    BY_CHANCE,
    Pairs,
    distances,
    kappas,
    pair_figures,
    pairs_of,
    scarce,
    settled_figures,
)
from analysis.agreement_pairwise import FIGURES as PAIR_FIGURES
from analysis.bootstrap import (
    REPLICATES,
    Part,
    Percentiles,
    bounded,
    chunk_for,
    intervals,
    nudged_raters,
    rater_weights,
    replicated,
    spread_over_raters,
    summed,
    unit_weights,
)
from analysis.intervals import SEED
from analysis.jackknife import (
    FEWEST_CLUSTERS,
    Spread,
    Way,
    Weights,
    groups_within,
    jackknife,
    jackknife_of_parts,
    left_out,
    part_of,
)

RATER_MODEL = "rater_model"
SUMMARY_GROUPS = (PEOPLE, MODELS, ALL, RATER_MODEL)
BLOCK = 20_000  # pairs whose tables are in memory at once
# Means over the pairs of a group, as the summary calls them, and the figure of the pair; plain, and settled.
PAIR_MEANS = dict(zip(("cohen_mean", "cohen_linear_mean", "cohen_quadratic_mean", "spearman"), BY_CHANCE, strict=True))
SETTLED_MEANS = {f"{name.removesuffix('_mean')}_settled": figure for name, figure in PAIR_MEANS.items()}
_KAPPA = PAIR_FIGURES.index("kappa")
_BY_CHANCE = slice(_KAPPA, None)  # of PAIR_FIGURES, in the order of PAIR_MEANS


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
    """Figures of one group: values, (figures,), and their intervals."""

    n_units: int
    n_raters: int
    names: list[str]
    value: Floats
    over_units: Percentiles
    over_raters: Percentiles


class Resampled(NamedTuple):
    """A campaign's pairs, and the figures of those of ``SUMMARY_GROUPS`` in which somebody answered something."""

    pairs: PairResults
    groups: dict[str, Figures]


_Moves = tuple[Iterator[Weights], list[Part]]  # weights that leave some out, and what is to be made of them


class _Made(NamedTuple):
    """What a part comes to, replicates first: as it is, in the replicates, and with some left out, by each way in which
    units hang together (over raters: once, with raters nudged).
    """

    itself: Floats
    drawn: Floats
    moved: list[Floats]

    def each(self, change: Callable[[Floats], Floats]) -> _Made:
        return _Made(change(self.itself), change(self.drawn), [change(part) for part in self.moved])


def resample(coded: Coded, *, min_n: int = 1, draws: Draws | None = None) -> Resampled:
    """Every figure of ``coded``; pairs with fewer than ``min_n`` common units are left out, of means too.

    All figures are made from the same draws, in one pass over the replicates.
    """
    chosen = draws or Draws()
    pairs, cells = pairs_of(coded), coded.cells()
    starts = range(0, max(1, len(pairs)), BLOCK)
    blocks = [_Block(coded, pairs.block(at, at + BLOCK), cells, min_n) for at in starts]
    del pairs  # the blocks have all of it
    groups = _groups(coded)
    units, raters = _over_units(coded, blocks, groups, chosen), _over_raters(coded, blocks, groups, chosen)
    results = [block.results(made) for block, made in zip(blocks, units, strict=False)]
    plain = _divided(np.sum([block.plain for block in blocks], axis=0))
    paired = [_means([block.sums(made) for block, made in zip(blocks, over, strict=False)]) for over in (units, raters)]
    found = {}
    for place, (name, group) in enumerate(groups.items(), len(blocks)):
        at = SUMMARY_GROUPS.index(name)
        over_units, over_raters = (
            _beside(own[place], means, at) for own, means in zip((units, raters), paired, strict=True)
        )
        value = np.concatenate([group.value, plain[at], over_units.itself[0, -len(PAIR_MEANS) :]])
        if name in (MODELS, RATER_MODEL):
            over_units = _less_bias(over_units, coded.ways[0])
        found[name] = _figures(coded, group, value, over_units, over_raters, paired=_share_enough(blocks, at))
    return Resampled(_joined(results), found)


def _share_enough(blocks: list[_Block], group: int) -> bool:
    """Whether a group's pairs share the units of ``FEWEST_CLUSTERS`` people, on average: plain means over pairs who
    share fewer lie too low for an interval about them. What the pairs answered does not come into it.
    """
    people = [block.rest_on[0][block.groups[group] > 0] for block in blocks]
    shared = np.concatenate(people)
    return bool(len(shared) and shared.mean() >= FEWEST_CLUSTERS)


def _groups(coded: Coded) -> dict[str, GroupFigures]:
    """Those of ``SUMMARY_GROUPS`` in which somebody answered something."""
    groups = {group: group_figures(coded, group) for group in (PEOPLE, MODELS)}
    if all(groups.values()):
        groups |= {ALL: group_figures(coded, ALL), RATER_MODEL: mixed_figures(coded)}
    return {group: figures for group, figures in groups.items() if figures is not None}


def _figures(coded: Coded, group: GroupFigures, value: Floats, units: _Made, raters: _Made, *, paired: bool) -> Figures:
    """``value`` with its intervals: over units by ``jackknife``, over raters by ``spread_over_raters``.

    ``paired``: pairs share enough (``_share_enough``) for plain means over them to have those of the settled ones.
    """
    names = [*group.names, *PAIR_MEANS, *SETTLED_MEANS]
    least = np.where([name == "percent" for name in names], 0.0, -np.inf)
    shown = np.where([name in PAIR_MEANS and not paired for name in names], np.nan, value)
    over_units = _ends(shown, units, jackknife(units.moved, coded.ways, group.n_people), least)
    of_groups = groups_within(strata_of(coded))[1]
    over_raters = _ends(shown, raters, spread_over_raters(raters.moved[0], raters.drawn, of_groups), least)
    return Figures(group.n_units, group.n_raters, names, value, over_units, over_raters)


def _ends(value: Floats, made: _Made, spread: Spread, least: Floats | float = -np.inf) -> Percentiles:
    """Intervals about what ``made`` is itself; none where ``value``, which is shown, lies outside.

    It may where it is a plain mean over pairs (``settled_figures``); for others the two are one, but for bias.
    """
    return bounded(value, intervals(made.itself[0], made.drawn, spread), least)


def _less_bias(made: _Made, people: Way) -> _Made:
    """``made`` with the jackknife's estimate of bias taken off means over pairs, about which the intervals then are.

    A chance agreement from one rater's units makes each pair's figure a little too low; a mean over many pairs varies
    so little that it counts. Of pairs with a machine, which answers everything, a pair rests on all of the person's
    people; two people share so few that nothing but noise would be taken off.
    """
    if not len(made.moved[0]):
        return made
    means = slice(-2 * len(PAIR_MEANS), None)
    moved = made.moved[0][:, means]
    known = np.maximum((~np.isnan(moved)).sum(axis=0), 1)
    bias = (people.groups - 1) * (np.nansum(moved, axis=0) / known - made.itself[0, means])
    itself = made.itself.copy()
    itself[:, means] -= np.where(np.isnan(bias), 0.0, bias)
    return made._replace(itself=itself)


def _over_units(coded: Coded, blocks: list[_Block], groups: dict[str, GroupFigures], draws: Draws) -> list[_Made]:
    """Every block and every group over units."""
    of_groups: list[Part] = [figures.over_units for figures in groups.values()]
    parts: list[Part] = [*(block.over_units for block in blocks), *of_groups]
    chunk = chunk_for(coded.n_units, *(block.width for block in blocks))
    drawn = unit_weights(coded.person, chunk, replicates=draws.replicates, seed=draws.seed)
    without: list[_Moves] = [
        (left_out(way, chunk), [*(partial(block.without, at) for block in blocks), *of_groups])
        for at, way in enumerate(coded.ways)
    ]
    return _passed(parts, coded.n_units, drawn, without, draws)


def _over_raters(coded: Coded, blocks: list[_Block], groups: dict[str, GroupFigures], draws: Draws) -> list[_Made]:
    parts: list[Part] = [
        *(block.over_raters for block in blocks),
        *(figures.over_raters for figures in groups.values()),
    ]
    chunk = chunk_for(*(len(block.pairs) for block in blocks), *(figures.width for figures in groups.values()))
    strata = strata_of(coded)
    drawn = rater_weights(strata, chunk, replicates=draws.replicates, seed=draws.seed)
    return _passed(parts, len(coded.raters), drawn, [(nudged_raters(strata, chunk), parts)], draws)


def _passed(parts: list[Part], n: int, drawn: Iterator[Weights], moves: list[_Moves], draws: Draws) -> list[_Made]:
    itself = replicated(iter([np.ones((n, 1), dtype=np.float32)]), parts)
    if not draws.replicates:
        return [_Made(one, one[:0], [one[:0] for _ in moves]) for one in itself]
    replicates, moved = replicated(drawn, parts), [replicated(weights, own) for weights, own in moves]
    made = zip(itself, replicates, zip(*moved, strict=True), strict=True)
    return [_Made(one, again, list(own)) for one, again, own in made]


def strata_of(coded: Coded) -> Ints:
    """Within what raters are drawn: people, models, baselines."""
    return np.array(np.where(coded.members(PEOPLE), 0, np.where(coded.members(MODELS), 1, 2)), dtype=np.int64)


class _Block:
    """Some of the pairs: their figures, and what they add to the means of each of ``SUMMARY_GROUPS``.

    ``plain``: sums and numbers (last axis) by group and mean of the figures; of the replicates those of
    ``settled_figures``.
    """

    def __init__(self, coded: Coded, pairs: Pairs, cells: csr_matrix, min_n: int) -> None:
        self.pairs, self.cells = pairs, cells
        self.scores, self.ordered = coded.scores, "ordinal" in coded.levels
        self.width = len(pairs) * len(coded.values) ** 2
        everybody = np.ones((coded.n_units, 1), dtype=np.float32)
        tables = pairs.tables(everybody)
        self.n = tables.sum(axis=(1, 2, 3)).astype(np.int64)
        self.kept = self.n >= min_n
        self.scarce = scarce(tables)[:, 0]
        self.figures = pair_figures(tables, self.scores, self.ordered)[:, :, 0]
        masks = [mask & self.kept for mask in _groups_of(coded, pairs).values()]
        self.groups = np.stack(masks).astype(np.float64)
        self.plain = _sums(self.figures[_BY_CHANCE][..., None], self.groups)[0]
        self.settled = self._settled(tables, everybody)[..., 0]
        self.rest_on = [pairs.rest_on(way.group) for way in coded.ways]

    def _settled(self, tables: Floats, weights: Weights) -> Floats:
        given = (self.cells @ weights).astype(np.float64).reshape(-1, self.pairs.n_values, weights.shape[1])
        first, second = given[self.pairs.first], given[self.pairs.second]
        return settled_figures(tables, first, second, self.scores, self.ordered)

    def over_units(self, weights: Weights) -> Floats:
        """Kappa of each pair, then the sums of means (``_sums``) laid out flat: shape (replicates, ...)."""
        tables = self.pairs.tables(weights)
        return self._flat(tables, self._settled(tables, weights))

    def without(self, way: int, weights: Weights) -> Floats:
        """``over_units`` with groups of a way left out, of which pairs may share but few (``part_of``)."""
        tables = self.pairs.tables(weights)
        return self._flat(tables, part_of(self._settled(tables, weights), self.settled, self.rest_on[way]))

    def _flat(self, tables: Floats, settled: Floats) -> Floats:
        sums = _sums(settled, self.groups).reshape(tables.shape[-1], -1)
        return np.concatenate([kappas(tables, distances(self.scores, 0)).T, sums], axis=1)

    def over_raters(self, weights: Weights) -> Floats:
        """Sums of means laid out flat, a pair having the weight of its first rater times that of its second."""
        pair = weights[self.pairs.first].astype(np.float64) * weights[self.pairs.second]
        defined = ~np.isnan(self.settled)
        parts = np.stack([np.where(defined, self.settled, 0.0), defined], axis=-1).transpose(1, 0, 2)
        return summed(self.groups.T[:, :, None, None] * parts[:, None], pair).reshape(weights.shape[1], -1)

    def sums(self, made: _Made) -> _Made:
        """The sums of means alone, (replicates, groups, means, 2)."""
        shape = (-1, *self.plain.shape)
        return made.each(lambda part: part[:, part.shape[1] - self.plain.size :].reshape(shape))

    def results(self, made: _Made) -> PairResults:
        of_pairs = made.each(lambda part: part[:, : len(self.pairs)])
        kappa = _ends(self.figures[_KAPPA], of_pairs, jackknife_of_parts(of_pairs.moved, self.rest_on))
        kept, pairs = self.kept, self.pairs
        low, high = (np.where(self.scarce, np.nan, end)[kept] for end in kappa[:2])
        ends = Percentiles(low, high, kappa.undefined[kept])
        return PairResults(pairs.first[kept], pairs.second[kept], self.n[kept], self.figures[:, kept], ends)


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


def _divided(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def _means(sums: list[_Made]) -> _Made:
    """Means of all blocks' pairs, (replicates, groups, means)."""
    itself, drawn, moved = zip(*sums, strict=True)
    whole = [_divided(np.sum(parts, axis=0)) for parts in (itself, drawn, *zip(*moved, strict=True))]
    return _Made(whole[0], whole[1], whole[2:])


def _beside(own: _Made, means: _Made, group: int) -> _Made:
    """A group's figures from counts and its means over pairs, plain and settled, (replicates, figures).

    What the plain means would be on many units is the settled ones: their intervals are the same.
    """
    parts = zip([own.itself, own.drawn, *own.moved], [means.itself, means.drawn, *means.moved], strict=True)
    both = [np.concatenate([part, mean[:, group], mean[:, group]], axis=1) for part, mean in parts]
    return _Made(both[0], both[1], both[2:])


def _joined(results: list[PairResults]) -> PairResults:
    first, second, n, figures = (np.concatenate([part[place] for part in results], axis=-1) for place in range(4))
    ends = [np.concatenate([part.kappa[place] for part in results]) for place in range(3)]
    return PairResults(first, second, n, figures, Percentiles(*ends))
