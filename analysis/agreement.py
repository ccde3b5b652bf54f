"""Agreement of raters, people and models alike, from the long form of ``analysis.longform``."""

from __future__ import annotations

import math
from collections.abc import Sequence

import krippendorff
import numpy as np
import polars as pl

from analysis.longform import MODEL, PEOPLE_KINDS
from analysis.schema import LEVELS, Level

PAIR = ["campaign", "rater_a", "rater_b", "kind_a", "kind_b"]
GROUPS = ("rater_rater", "model_model", "rater_model")


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


def agreement_pairs(long: pl.DataFrame, *, min_n: int = 1) -> pl.DataFrame:
    """Percent agreement and Cohen's kappa of every two raters of a campaign who answered at least ``min_n`` same units.

    Columns: campaign, rater_a, rater_b, kind_a, kind_b, n, agreement, kappa; rater_a < rater_b as strings (bytewise),
    one row a pair, sorted. Scales and degenerate cases as in ``percent_agreement`` and ``cohen_kappa``; a kappa that is
    not defined is NaN, never null.
    """
    counts = _confusion(long)
    chance = (
        counts.group_by(*PAIR, pl.col("value_a").alias("value"))
        .agg(pl.col("n").sum().alias("in_a"))
        .join(
            counts.group_by(*PAIR, pl.col("value_b").alias("value")).agg(pl.col("n").sum().alias("in_b")),
            on=[*PAIR, "value"],
        )
        .group_by(PAIR)
        .agg((pl.col("in_a") * pl.col("in_b")).sum().alias("chance"))
    )
    same = pl.col("n").filter(pl.col("value_a") == pl.col("value_b")).sum()
    n, agreed, by_chance = pl.col("n"), pl.col("agreed"), pl.col("chance")
    kappa = pl.when(n * n != by_chance).then((n * agreed - by_chance) / (n * n - by_chance)).otherwise(math.nan)
    return (
        counts.group_by(PAIR)
        .agg(pl.col("n").sum(), same.alias("agreed"))
        .join(chance, on=PAIR, how="left")
        .with_columns(by_chance.fill_null(0))
        .filter(n >= min_n)
        .select(*PAIR, "n", (agreed / n).alias("agreement"), kappa.alias("kappa"))
        .sort("campaign", "rater_a", "rater_b")
    )


def _confusion(long: pl.DataFrame) -> pl.DataFrame:
    """How often each pair gave each two values: ``PAIR``, value_a, value_b, n (Int64)."""
    answers = long.lazy().select("campaign", "unit", "rater", "kind", "value")
    return (
        answers.join(answers, on=["campaign", "unit"], suffix="_b")
        .filter(pl.col("rater") < pl.col("rater_b"))
        .rename({"rater": "rater_a", "kind": "kind_a", "value": "value_a"})
        .group_by(*PAIR, "value_a", "value_b")
        .agg(pl.len().cast(pl.Int64).alias("n"))
        .collect()
    )


def agreement_groups(pairs: pl.DataFrame) -> pl.DataFrame:
    """Unweighted means over the pairs of people, of models, and of one of each.

    From ``agreement_pairs``. Columns: campaign, group (``GROUPS``), pairs, mean_agreement, mean_kappa. Every pair has
    the same weight, as in the published study. Pairs whose kappa is NaN are in ``pairs`` and ``mean_agreement`` and
    not in ``mean_kappa``, which is NaN when none is left. Baselines (BM25 and its like) are in no group. A group
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
        .then(pl.lit("rater_model"))
    )
    return (
        pairs.with_columns(group.alias("group"))
        .filter(pl.col("group").is_not_null())
        .sort("campaign", "rater_a", "rater_b")
        .group_by("campaign", "group", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("pairs"),
            pl.col("agreement").mean().alias("mean_agreement"),
            pl.col("kappa").fill_nan(None).mean().fill_null(math.nan).alias("mean_kappa"),
        )
        .with_columns(pl.col("group").cast(pl.Enum(GROUPS)))
        .sort("campaign", "group")
        .with_columns(pl.col("group").cast(pl.String))
    )


def krippendorff_alpha(long: pl.DataFrame, level: Level) -> tuple[int, float]:
    """Krippendorff's alpha of all answers in ``long`` (one campaign, any number of raters), and its pairable units.

    1 = perfect, 0 = as by chance, negative = worse. ``level`` is how two values differ: nominal (same or not), ordinal
    or interval (both by ``score``). Raters may miss units; units with one answer say nothing about agreement and are
    left out, and n_units counts the others. NaN when fewer than two answers can be paired, or when all pairable
    answers are one value: without variation neither agreement nor its absence can be seen.
    Source: K. Krippendorff (2011), Computing Krippendorff's Alpha-Reliability; computed by the package krippendorff.
    """
    category = "value" if level == "nominal" else "score"
    pairable = long.filter(pl.len().over("unit") > 1)
    if not pairable.height:
        return 0, math.nan
    domain = pairable[category].unique().sort()
    table = (
        pairable.group_by("unit", category)
        .len()
        .sort(category)
        .pivot(on=category, index="unit", values="len", on_columns=domain)
        .sort("unit")  # floats are summed in this order: the same bytes each time
        .drop("unit")
        .fill_null(0)
    )
    if len(domain) < 2:
        return table.height, math.nan
    counts = table.to_numpy().astype(np.float64)
    values = np.arange(len(domain)) if level == "nominal" else domain.to_numpy()
    return table.height, float(krippendorff.alpha(value_counts=counts, value_domain=values, level_of_measurement=level))


def krippendorff_table(long: pl.DataFrame) -> pl.DataFrame:
    """Alpha for each campaign, group and level of its instrument (``schema.LEVELS``).

    Columns: campaign, group, level, n_units, alpha. Groups: ``raters`` (people), ``models``, ``all`` (both, without
    baselines); a group without answers has no row, one without pairable units has n_units 0 and alpha NaN.
    """
    members = {"raters": PEOPLE_KINDS, "models": (MODEL,), "all": (*PEOPLE_KINDS, MODEL)}
    rows = []
    for (campaign, instrument), answers in long.group_by("campaign", "instrument", maintain_order=True):
        for group, kinds in members.items():
            chosen = answers.filter(pl.col("kind").is_in(kinds))
            for level in LEVELS[str(instrument)] if chosen.height else ():
                rows.append((campaign, group, level, *krippendorff_alpha(chosen, level)))
    schema = {"campaign": pl.String, "group": pl.String, "level": pl.String, "n_units": pl.Int64, "alpha": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _check_lengths(a: Sequence[str], b: Sequence[str]) -> None:
    if len(a) != len(b):
        raise ValueError(f"{len(a)} values against {len(b)}; give both raters' values unit by unit")
