"""Does personalizing make a response better: scores 1-5 towards the personalized one, 3 = no difference."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from analysis.intervals import cluster_mean_interval, wilson_interval
from analysis.longform import PEOPLE_KINDS
from analysis.release import Release
from analysis.schema import PREFERENCE

PairRule = Literal["mean", "majority"]
NEUTRAL = 3.0
PEOPLE = "all raters"

PREFERENCE_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "generator": pl.String,
        "judge": pl.String,
        "kind": pl.String,
        "judges": pl.Int64,
        "pairs": pl.Int64,
        "n": pl.Int64,
        "mean": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "no_better_judgments": pl.Float64,
        "no_better_judgments_low": pl.Float64,
        "no_better_judgments_high": pl.Float64,
        "no_better_pairs": pl.Float64,
        "no_better_pairs_low": pl.Float64,
        "no_better_pairs_high": pl.Float64,
    }
)


def preference(
    long: pl.DataFrame, release: Release, *, pair_rule: PairRule = "mean", neutral_is_no_better: bool = True
) -> pl.DataFrame:
    """Mean preference for each generator, judged by all people together and by each model.

    Columns: ``PREFERENCE_SCHEMA``. ``judge`` is "all raters" (``judges`` of them) or a model's name.
    ``mean`` of ``n`` answers, 1-5, above 3 = towards personalized; ``low``-``high`` its 95 % bootstrap interval over
    the ``pairs`` (``cluster_mean_interval``; NaN for one pair).
    ``no_better_*``: share in [0, 1] of personalized responses that are no better than the generic one, with Wilson's
    95 % interval, in two readings, since the published study does not say which is its own:
    ``_judgments`` of answers with score <= 3; ``_pairs`` of pairs whose answers have a mean <= 3 (``pair_rule="mean"``,
    default) or of whose answers at least half are <= 3 (``"majority"``).
    ``neutral_is_no_better=False`` takes < 3 instead of <= 3: worse than generic. Answers on a pair that the release
    does not hold are left out (``analysis.check`` names them).
    """
    generators = release.response_pairs.select("pair", "generator").collect()
    judge = pl.when(pl.col("kind").is_in(PEOPLE_KINDS)).then(pl.lit(PEOPLE)).otherwise(pl.col("rater"))
    answers = (
        long.filter(pl.col("instrument") == PREFERENCE)
        .join(generators, on="pair")
        .with_columns(judge.alias("judge"), _no_better(pl.col("score"), neutral_is_no_better).alias("no_better"))
    )
    key = ["campaign", "generator", "judge", "kind"]
    judges = answers.group_by(key).agg(pl.col("rater").n_unique().alias("judges"))
    by_mean = _no_better(pl.col("score").mean(), neutral_is_no_better)
    by_majority = pl.col("no_better").mean() >= 0.5
    pairs = answers.group_by(*key, "pair").agg(
        pl.col("score").sum().alias("sum"),
        pl.len().alias("n"),
        pl.col("no_better").sum().alias("no_better"),
        (by_mean if pair_rule == "mean" else by_majority).alias("pair_no_better"),
    )
    ordered = pairs.join(judges, on=key).sort(*key, "pair")
    groups = ordered.group_by(*key, "judges", maintain_order=True)
    rows = [(*names, *_summary(group)) for names, group in groups]
    return pl.DataFrame(rows, schema=PREFERENCE_SCHEMA, orient="row")


def _summary(pairs: pl.DataFrame) -> tuple[float, ...]:
    """One row's numbers, from ``pairs`` onwards, of one judge and one generator."""
    n, hits, pair_hits = int(pairs["n"].sum()), int(pairs["no_better"].sum()), int(pairs["pair_no_better"].sum())
    sums, counts = pairs["sum"].to_numpy().astype(np.float64), pairs["n"].to_numpy().astype(np.float64)
    mean = float(sums.sum() / counts.sum())
    by_judgment = (hits / n, *wilson_interval(hits, n))
    by_pair = (pair_hits / pairs.height, *wilson_interval(pair_hits, pairs.height))
    return (pairs.height, n, mean, *cluster_mean_interval(sums, counts), *by_judgment, *by_pair)


def _no_better(score: pl.Expr, neutral_counts: bool) -> pl.Expr:
    return score <= NEUTRAL if neutral_counts else score < NEUTRAL
