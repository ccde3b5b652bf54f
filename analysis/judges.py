"""Models that judge in people's place: how far their ratings lie from people's, and what they follow instead."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from analysis.answers import PEOPLE, comparisons
from analysis.clusters import Estimate, clustered_difference, clustered_mean, codes_of, undefined
from analysis.preference import MATERIAL, dimensions_of
from analysis.rank import spearman
from analysis.release import Release

LEAST_COMMON = 10  # units that two must share for a correlation of the two
UNIT = ["campaign", "unit", *MATERIAL]

JUDGES_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "judge": pl.String,
        "kind": pl.String,
        "n": pl.Int64,
        "units": pl.Int64,
        "mean": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "shift": pl.Float64,
        "shift_low": pl.Float64,
        "shift_high": pl.Float64,
        "spearman": pl.Float64,
        "spearman_low": pl.Float64,
        "spearman_high": pl.Float64,
        "ceiling": pl.Float64,
        "spearman_pairwise": pl.Float64,
        "ceiling_pairwise": pl.Float64,
        "order_effect": pl.Float64,
        "order_low": pl.Float64,
        "order_high": pl.Float64,
        "order_units": pl.Int64,
        "reason": pl.String,
    }
)


def judges(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """Each judge of preferences, all people together (first) and every model, one row a campaign and judge.

    Columns: ``JUDGES_SCHEMA``. ``mean`` of ``n`` answers to ``units``, 1-5 towards personalized; a model that answered
    both orders of the sides gave one answer, their mean. ``shift``: the model's answer minus a person's on the same
    unit, mean over people's answers (0 for people). ``spearman``: of the model's answer with people's mean on the unit;
    its ceiling, what people reach themselves, is the mean over raters of each one's correlation with the mean of the
    others. ``spearman_pairwise``: mean over raters of the model's correlation with that rater alone;
    ``ceiling_pairwise``: mean over pairs of raters. Both readings of the study's figure are given; those with fewer
    than ``LEAST_COMMON`` common units, or without variation, are left out of a mean, which is NaN when none is left.
    For people ``spearman`` is the ceiling, without an interval. ``order_effect``: score with the personalized response
    on the right minus on the left, of the ``order_units`` units that the judge answered both ways; ``order_units`` 0:
    between the answers given one way and those given the other. Intervals by person and prompt, people's and the
    shift's also by rater. ``reason`` says why the mean or the correlation has none.
    """
    frame = comparisons(long, release)
    single = frame.group_by(*UNIT, "judge", "kind", "rater", maintain_order=True).agg(pl.col("score").mean())
    rows = []
    for (campaign,), own in frame.group_by("campaign", maintain_order=True):
        answers = single.filter(pl.col("campaign") == campaign)
        people = answers.filter(pl.col("judge") == PEOPLE)
        ceilings = _ceilings(people)
        for (judge, kind), given in answers.sort("kind", "judge").group_by("judge", "kind", maintain_order=True):
            sides = own.filter(pl.col("judge") == judge, pl.col("kind") == kind)
            rows.append((campaign, judge, kind, *_row(str(judge), given, people, sides, ceilings)))
    frame = pl.DataFrame(rows, schema=JUDGES_SCHEMA, orient="row")
    return frame.sort("campaign", pl.col("judge") != PEOPLE, "kind", "judge")


def _row(
    judge: str, given: pl.DataFrame, people: pl.DataFrame, sides: pl.DataFrame, ceilings: tuple[float, float]
) -> tuple[object, ...]:
    """One row's numbers, from ``n`` onwards."""
    given = given.sort("unit", "rater")
    mean = clustered_mean(given["score"].to_numpy(), codes_of(given, *dimensions_of(judge)))
    if judge == PEOPLE:
        shift = (0.0, math.nan, math.nan)
        with_people: tuple[float, ...] = (ceilings[0], math.nan, math.nan, ceilings[0], ceilings[1], ceilings[1])
        reason = mean.reason
    else:
        shift = _shift(given, people)[:3]
        found = _with_mean(given, people)
        with_people = (*found[:3], ceilings[0], _with_each(given, people), ceilings[1])
        reason = mean.reason or found.reason
    effect, units = order_effect(sides, judge)
    return (given.height, given["unit"].n_unique(), *mean[:3], *shift, *with_people, *effect[:3], units, reason)


def _shift(given: pl.DataFrame, people: pl.DataFrame) -> Estimate:
    both = people.join(given.select("unit", pl.col("score").alias("model")), on="unit").sort("unit", "rater")
    if not both.height:
        return undefined(math.nan, "no unit in common with people")
    return clustered_mean((both["model"] - both["score"]).to_numpy(), codes_of(both, *MATERIAL, "rater"))


def _with_mean(given: pl.DataFrame, people: pl.DataFrame) -> Estimate:
    means = people.group_by("unit").agg(pl.col("score").mean().round(9).alias("people"))
    both = given.join(means, on="unit").sort("unit")
    if not both.height:
        return undefined(math.nan, "no unit in common with people")
    return spearman(both["score"].to_numpy(), both["people"].to_numpy(), codes_of(both, *MATERIAL))


def _with_each(given: pl.DataFrame, people: pl.DataFrame) -> float:
    both = people.join(given.select("unit", pl.col("score").alias("other")), on="unit")
    return _mean_correlation(both, "rater")


def _ceilings(people: pl.DataFrame) -> tuple[float, float]:
    """Mean correlation of raters with the mean of the others, and of pairs of raters."""
    others = (pl.col("score").sum() - pl.col("score")) / (pl.len() - 1)
    beside = people.filter(pl.len().over("unit") > 1).with_columns(others.over("unit").round(9).alias("other"))
    answers = people.select("unit", "rater", "score")
    pairs = answers.join(answers.rename({"rater": "second", "score": "other"}), on="unit")
    pairs = pairs.filter(pl.col("rater") < pl.col("second"))
    return _mean_correlation(beside, "rater"), _mean_correlation(pairs, "rater", "second")


def _mean_correlation(both: pl.DataFrame, *by: str) -> float:
    """Unweighted mean over groups of Spearman's correlation of ``score`` and ``other``."""
    found = (
        both.group_by(by)
        .agg(pl.corr("score", "other", method="spearman").alias("rho"), pl.len().alias("n"))
        .filter((pl.col("n") >= LEAST_COMMON) & pl.col("rho").is_finite())
        .sort(by)
    )
    return float(np.mean(found["rho"].to_numpy())) if found.height else math.nan


def order_effect(answers: pl.DataFrame, judge: str) -> tuple[Estimate, int]:
    """Score with the personalized response on the right minus on the left (see ``judges``), and units answered both
    ways. ``answers``: rows of ``comparisons`` of one judge.
    """
    right, left = pl.col("side") == "right", pl.col("side") == "left"
    score = pl.col("score")
    both = (
        answers.group_by("unit", "rater", *MATERIAL)
        .agg(score.filter(right).mean().alias("right"), score.filter(left).mean().alias("left"))
        .drop_nulls(["right", "left"])
        .sort("unit", "rater")
    )
    if both.height:
        difference = (both["right"] - both["left"]).to_numpy()
        return clustered_mean(difference, codes_of(both, *dimensions_of(judge))), both["unit"].n_unique()
    known = answers.filter(right | left)
    on_right = (known["side"] == "right").to_numpy()
    return clustered_difference(known["score"].to_numpy(), on_right, codes_of(known, *dimensions_of(judge))), 0
