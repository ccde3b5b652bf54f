"""Agreement of raters, people and models alike, from the long form of ``analysis.longform``.

Definitions, scales and degenerate cases of the figures stand where they are computed: ``agreement_pairwise`` (two
raters), ``agreement_tallies`` (any number), ``agreement_icc`` (scales of equal steps). Intervals are 95 % bootstrap
intervals of 1,000 replicates (``bootstrap.intervals``): ``low_units`` to ``high_units`` over units, people drawn with
all theirs, ``low_raters`` to ``high_raters`` over raters. benchmarks/coverage.py holds them against known truths.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from analysis.agreement_codes import ALL, MODELS, PEOPLE, Coded, Floats, coded, coded_campaigns, row_codes
from analysis.agreement_icc import FIGURES as ICC_FIGURES
from analysis.agreement_pairwise import distances
from analysis.agreement_resampled import RATER_MODEL, SUMMARY_GROUPS, Draws, Figures, PairResults, resample
from analysis.agreement_tallies import FIGURES_AT, alpha, ordinal_distances, unit_tallies, weighted_tally
from analysis.bootstrap import REPLICATES, without_intervals
from analysis.intervals import SEED
from analysis.jackknife import FEWEST_CLUSTERS
from analysis.longform import MODEL, PEOPLE_KINDS
from analysis.schema import Level

GROUPS = ("rater_rater", "model_model", RATER_MODEL)

PAIRS_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("campaign", "rater_a", "rater_b", "kind_a", "kind_b"), pl.String),
        "n": pl.Int64,
        **dict.fromkeys(("agreement", "kappa", "kappa_linear", "kappa_quadratic", "spearman"), pl.Float64),
        **dict.fromkeys(("low", "high"), pl.Float64),
        "undefined": pl.Int64,
    }
)
SUMMARY_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("campaign", "group", "figure", "level"), pl.String),
        **dict.fromkeys(("n_units", "n_raters"), pl.Int64),
        **dict.fromkeys(("value", "low_units", "high_units", "low_raters", "high_raters"), pl.Float64),
        **dict.fromkeys(("undefined_units", "undefined_raters"), pl.Int64),
    }
)
_INTERVALS = ("low_units", "high_units", "low_raters", "high_raters")
_SETTLED = ("kappa_settled", *(f"settled_{end}" for end in _INTERVALS))


class Agreement(NamedTuple):
    """All of it from one pass over the replicates."""

    pairs: pl.DataFrame  # agreement_pairs
    groups: pl.DataFrame  # agreement_groups
    summary: pl.DataFrame  # agreement_summary


def agreement(long: pl.DataFrame, *, min_n: int = 1, replicates: int = REPLICATES, seed: int = SEED) -> Agreement:
    """Every figure of agreement of every campaign; ``agreement_pairs``, ``_groups`` and ``_summary`` say what they are.

    Pairs of raters with fewer than ``min_n`` common units are left out, of means over pairs too. ``replicates=0``: no
    intervals (NaN). The same answers, seed and replicates give the same numbers, whatever the order of rows.
    """
    pairs: list[tuple[Any, ...]] = []
    summary: list[tuple[Any, ...]] = []
    for campaign in coded_campaigns(long):
        found = resample(campaign, min_n=min_n, draws=Draws(replicates, seed))
        pairs += _pair_rows(campaign, found.pairs)
        for group in SUMMARY_GROUPS:
            if group in found.groups:
                summary += _summary_rows(campaign, group, found.groups[group])
    frame = pl.DataFrame(pairs, schema=PAIRS_SCHEMA, orient="row").sort("campaign", "rater_a", "rater_b")
    figures = pl.DataFrame(summary, schema=SUMMARY_SCHEMA, orient="row")
    return Agreement(frame, agreement_groups(frame, figures), figures)


def agreement_pairs(long: pl.DataFrame, *, min_n: int = 1, replicates: int = REPLICATES) -> pl.DataFrame:
    """Agreement of every two raters of a campaign who answered at least ``min_n`` same units.

    Columns: ``PAIRS_SCHEMA``; rater_a < rater_b as strings (bytewise), one row a pair, sorted. agreement is a share,
    kappa Cohen's, unweighted; kappa_linear and kappa_quadratic weigh by the difference of scores, they and spearman
    are NaN for relevance, whose values have no order that says more. low and high: of kappa, over units, NaN where
    these are of fewer than ten people (``analysis.jackknife``) or one of the two gave nearly always the same answer
    (``agreement_pairwise.scarce``); undefined: replicates without a kappa. A figure that
    is not defined is NaN, never null.
    """
    return agreement(long, min_n=min_n, replicates=replicates).pairs


def agreement_summary(long: pl.DataFrame, *, min_n: int = 1, replicates: int = REPLICATES) -> pl.DataFrame:
    """Agreement of all raters of a group in one number each.

    Columns: ``SUMMARY_SCHEMA``. group: raters (people), models, all (both, without baselines), rater_model (each person
    with each model). figure: percent, fleiss, alpha_*, ac1, ac2_*, icc* from all answers; cohen_mean,
    cohen_linear_mean, cohen_quadratic_mean and spearman are means over pairs of raters, each pair with the same weight,
    those without a value left out. level: nominal, ordinal or interval, what of the values it looks at; a campaign has
    the figures of its instrument's levels (``schema.LEVELS``) and the nominal ones. rater_model has percent and the
    means alone; all has rows where both people and models answered.
    n_units: units with at least two answers of the group (rater_model: with one of each).
    cohen_settled, cohen_linear_settled, cohen_quadratic_settled and spearman_settled are the same means with chance
    from all that the two raters answered (``agreement_pairwise.settled_figures``): what every two would show on many
    units, where the plain mean of pairs who share few lies too low.
    Intervals are NaN where the value is; over units with fewer than ten people; over raters with fewer than ten raters
    of a kind that the group is of (people, models): of six, those of percent and AC are too narrow. A plain mean over
    pairs has the interval of its settled one, about the same thing, where pairs share the units of ten people on
    average (and it lies in it), and none otherwise.
    undefined_*: replicates in which the figure is not defined; they are left out (``bootstrap.percentiles``).
    """
    return agreement(long, min_n=min_n, replicates=replicates).summary


def agreement_groups(pairs: pl.DataFrame, summary: pl.DataFrame | None = None) -> pl.DataFrame:
    """Unweighted means over the pairs of people, of models, and of one of each.

    From ``agreement_pairs``. Columns: campaign, group (``GROUPS``), pairs, mean_agreement, mean_kappa,
    mean_kappa_linear, mean_kappa_quadratic, mean_spearman, the intervals of mean_kappa (of cohen_mean in ``summary``),
    and kappa_settled with its own (``settled_low_units`` ...; cohen_settled there). NaN without ``summary``. Every pair
    has the same weight, as in the published study. Pairs whose figure is NaN are in ``pairs`` and ``mean_agreement``
    and not in the figure's mean, which is NaN when none is left. Baselines (BM25 and its like) are in no group. A group
    without pairs has no row.
    """
    people_a, people_b = pl.col("kind_a").is_in(PEOPLE_KINDS), pl.col("kind_b").is_in(PEOPLE_KINDS)
    model_a, model_b = pl.col("kind_a") == MODEL, pl.col("kind_b") == MODEL
    group = (
        pl.when(people_a & people_b)
        .then(pl.lit("rater_rater"))
        .when(model_a & model_b)
        .then(pl.lit("model_model"))
        .when((people_a & model_b) | (model_a & people_b))
        .then(pl.lit(RATER_MODEL))
    )
    by = ["campaign", "group"]
    means = [
        pl.col(name).fill_nan(None).mean().fill_null(math.nan).alias(f"mean_{name}")
        for name in ("kappa", "kappa_linear", "kappa_quadratic", "spearman")
    ]
    return (
        pairs.with_columns(group.alias("group"))
        .filter(pl.col("group").is_not_null())
        .sort("campaign", "rater_a", "rater_b")
        .group_by("campaign", "group", maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias("pairs"), pl.col("agreement").mean().alias("mean_agreement"), *means)
        .join(_of_kappa(summary, "cohen_mean", ("mean_kappa", *_INTERVALS)).drop("mean_kappa"), on=by, how="left")
        .join(_of_kappa(summary, "cohen_settled", _SETTLED), on=by, how="left")
        .with_columns(pl.col(*_INTERVALS, *_SETTLED).fill_null(math.nan))
        .with_columns(pl.col("group").cast(pl.Enum(GROUPS)))
        .sort("campaign", "group")
        .with_columns(pl.col("group").cast(pl.String))
    )


def _of_kappa(summary: pl.DataFrame | None, figure: str, names: Sequence[str]) -> pl.DataFrame:
    """campaign, group (``GROUPS``), and value and four ends of ``figure`` by ``names``."""
    given = pl.DataFrame(schema=SUMMARY_SCHEMA) if summary is None else summary
    group = pl.col("group").replace({PEOPLE: "rater_rater", MODELS: "model_model"})
    columns = [pl.col(name).alias(alias) for name, alias in zip(("value", *_INTERVALS), names, strict=True)]
    return given.filter((pl.col("figure") == figure) & (pl.col("group") != ALL)).select("campaign", group, *columns)


def agreement_matrix(pairs: pl.DataFrame, figure: str = "kappa") -> pl.DataFrame:
    """One campaign's pairs as a square: column rater, then one column a rater; people, then models, then baselines.

    ``figure``: a column of ``agreement_pairs``. The diagonal, and pairs that are not in ``pairs``, are null; a figure
    that is not defined is NaN.
    """
    mirrored = {"rater_a": "rater_b", "rater_b": "rater_a", "kind_a": "kind_b", "kind_b": "kind_a"}
    wanted = ["rater_a", "rater_b", "kind_a", figure]
    both = pl.concat([pairs.select(wanted), pairs.rename(mirrored).select(wanted)])
    kind = pl.col("kind_a")
    order = pl.when(kind.is_in(PEOPLE_KINDS)).then(0).when(kind == MODEL).then(1).otherwise(2)
    raters = both.select("rater_a", order.alias("order")).unique().sort("order", "rater_a")["rater_a"].to_list()
    square = both.pivot(on="rater_b", index="rater_a", values=figure, on_columns=raters)
    return (
        pl.DataFrame({"rater": raters}, schema={"rater": pl.String})
        .join(square.rename({"rater_a": "rater"}), on="rater", how="left", maintain_order="left")
        .select("rater", *raters)
    )


def _pair_rows(coded: Coded, found: PairResults) -> Iterator[tuple[Any, ...]]:
    names, kinds = coded.raters, coded.kinds
    numbers = [found.n, *found.figures, found.kappa.low, found.kappa.high, found.kappa.undefined]
    for a, b, *rest in zip(*(column.tolist() for column in (found.first, found.second, *numbers)), strict=True):
        yield (coded.campaign, names[a], names[b], kinds[a], kinds[b], *rest)


def _summary_rows(coded: Coded, group: str, found: Figures) -> Iterator[tuple[Any, ...]]:
    ends = [found.over_units, found.over_raters]
    if not _raters_suffice(coded, group):
        ends[1] = without_intervals(len(found.names))
    wanted = [place for place, name in enumerate(found.names) if level_of(name) in ("nominal", *coded.levels)]
    head = (found.n_units, found.n_raters)
    for place in wanted:
        intervals = [float(part[place]) for end in ends for part in end[:2]]
        undefined = [int(end.undefined[place]) for end in ends]
        name = found.names[place]
        yield (coded.campaign, group, name, level_of(name), *head, float(found.value[place]), *intervals, *undefined)


def _raters_suffice(coded: Coded, group: str) -> bool:
    """Whether there are enough of each kind in the group to say how its figures vary with them."""
    answered = np.isin(np.arange(len(coded.raters)), coded.rater)
    people, models = (int((coded.members(kind) & answered).sum()) for kind in (PEOPLE, MODELS))
    return {PEOPLE: people, MODELS: models}.get(group, min(people, models)) >= FEWEST_CLUSTERS


def level_of(figure: str) -> Level:
    """What of the values a figure of the summary looks at: same or not, their order, their distance."""
    if figure in ICC_FIGURES:
        return "interval"
    for level, names in FIGURES_AT.items():
        if figure in names:
            return level
    return "nominal" if figure in ("percent", "cohen_mean", "cohen_settled") else "ordinal"


def percent_agreement(a: Sequence[str], b: Sequence[str]) -> float:
    """Share of units, in [0, 1], on which two raters gave the same value.

    ``a`` and ``b``: values of shape (n,), unit by unit. NaN for n = 0. Raises ``ValueError`` for unequal lengths.
    """
    _check_lengths(a, b)
    return sum(x == y for x, y in zip(a, b, strict=True)) / len(a) if a else math.nan


def cohen_kappa(a: Sequence[str], b: Sequence[str]) -> float:
    """Cohen's unweighted kappa of two raters: agreement beyond what their own shares of values would give by chance.

    ``(p_o - p_e) / (1 - p_e)``, 1 = perfect, 0 = as by chance, at least -1. Computed in whole numbers,
    ``(n agreed - S) / (n n - S)`` with ``S`` the sum over values of count_a times count_b, so that 0 is exactly 0.
    One rater who never varies against one who does gives 0.0. NaN where chance alone agrees fully (p_e = 1: both gave
    one and the same value throughout; 0/0, neither agreement nor its absence was shown) and for n = 0.
    Raises ``ValueError`` for unequal lengths. Source: J. Cohen (1960), Educ. Psychol. Meas. 20, 37-46.
    """
    _check_lengths(a, b)
    n = len(a)
    agreed = sum(x == y for x, y in zip(a, b, strict=True))
    chance = sum(list(a).count(value) * list(b).count(value) for value in set(a))
    return (n * agreed - chance) / (n * n - chance) if n * n != chance else math.nan


def krippendorff_alpha(long: pl.DataFrame, level: Level) -> tuple[int, float]:
    """Krippendorff's alpha of all answers in ``long`` (one campaign, any number of raters), and its pairable units.

    ``level`` is how two values differ: nominal (same or not), ordinal or interval (both by ``score``). Raters may miss
    units; units with one answer are left out, and the number returned counts the others. Definition, degenerate cases
    and source: ``agreement_tallies.alpha``.
    """
    return _alphas(coded(long), [level])[0] if long.height else (0, math.nan)


def krippendorff_table(long: pl.DataFrame) -> pl.DataFrame:
    """Alpha for each campaign, group and level of its instrument (``schema.LEVELS``).

    Columns: campaign, group, level, n_units, alpha. Groups: ``raters`` (people), ``models``, ``all`` (both, without
    baselines); a group without answers has no row, one without pairable units has n_units 0 and alpha NaN.
    """
    rows = []
    for campaign in coded_campaigns(long):
        for group in (PEOPLE, MODELS, ALL):
            chosen = campaign.of(campaign.members(group))
            levels = campaign.levels if len(chosen.unit) else ()
            found = zip(levels, _alphas(chosen, levels), strict=True)
            rows += [(campaign.campaign, group, level, *numbers) for level, numbers in found]
    schema = {"campaign": pl.String, "group": pl.String, "level": pl.String, "n_units": pl.Int64, "alpha": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _alphas(answers: Coded, levels: Iterable[Level]) -> list[tuple[int, float]]:
    """Pairable units and alpha at each of ``levels``."""
    counts = answers.counts()
    first, pattern = row_codes(list(counts.T))
    units = np.bincount(pattern, minlength=len(first)).astype(np.float64)
    tally = weighted_tally(unit_tallies(counts[first].astype(np.float64)), units[:, None])
    far: dict[Level, Floats] = {"nominal": distances(answers.scores, 0), "interval": distances(answers.scores, 2)}
    far["ordinal"] = ordinal_distances(tally)
    return [(int(tally.pairable[0]), float(alpha(tally, far[level])[0])) for level in levels]


def _check_lengths(a: Sequence[str], b: Sequence[str]) -> None:
    if len(a) != len(b):
        raise ValueError(f"{len(a)} values against {len(b)}; give both raters' values unit by unit")
