"""Does personalizing make a response better: scores 1-5 towards the personalized one, 3 = no difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl

from analysis.answers import PEOPLE, comparisons, judge_of, pairs_compared
from analysis.clusters import clustered_coefficients, clustered_mean, clustered_share, codes_of
from analysis.mixed import TOO_MANY, Effects, fit_mixed
from analysis.release import Release
from analysis.schema import PREFERENCE

PairRule = Literal["mean", "majority"]
NEUTRAL = 3.0
MATERIAL = ("person", "prompt")  # what a model's answers are clustered by; people's also by rater
ALL_GENERATORS = "all generators"
MANY_LEVELS = "least squares: too many levels for random effects"
SWAYS = ("side", "length", "mention")

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
        "reason": pl.String,
    }
)
EFFECTS_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "judge": pl.String,
        "kind": pl.String,
        "effect": pl.String,
        "estimate": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "p": pl.Float64,
        "df": pl.Float64,
        "n": pl.Int64,
        "reason": pl.String,
    }
)


def dimensions_of(judge: str) -> tuple[str, ...]:
    """What the answers of ``judge`` are clustered by: a model is one rater, so only its material varies."""
    return (*MATERIAL, "rater") if judge == PEOPLE else MATERIAL


def preference(
    long: pl.DataFrame, release: Release, *, pair_rule: PairRule = "mean", neutral_is_no_better: bool = True
) -> pl.DataFrame:
    """Mean preference for each generator, judged by all people together and by each model.

    Columns: ``PREFERENCE_SCHEMA``. ``judge`` is "all raters" (``judges`` of them) or a model's name.
    ``mean`` of ``n`` answers, 1-5, above 3 = towards personalized. ``no_better_*``: share in [0, 1] of personalized
    responses that are no better than the generic one in two readings, since the published study does not say which is
    its own: ``_judgments`` of answers with score <= 3; ``_pairs`` of ``pairs`` whose answers have a mean <= 3
    (``pair_rule="mean"``, default) or of whose answers at least half are <= 3 (``"majority"``).
    ``neutral_is_no_better=False`` takes < 3 instead of <= 3: worse than generic.
    All intervals are clustered by person and prompt, and people's also by rater (``analysis.clusters``); the pair
    reading's by person and prompt, its raters being part of what a pair is. NaN where a dimension has one cluster,
    with ``reason``. Answers on a pair that the release does not hold are left out (``analysis.check`` names them).
    """
    return _preference(_judged(long, release, neutral_is_no_better), _rule(pair_rule, neutral_is_no_better))


def preference_overall(
    long: pl.DataFrame, release: Release, *, pair_rule: PairRule = "mean", neutral_is_no_better: bool = True
) -> pl.DataFrame:
    """``preference`` over all generators together, as the study's share of responses that are no better.

    The same columns; ``generator`` is "all generators". Every answer has the same weight, so a generator with more
    pairs weighs more.
    """
    answers = _judged(long, release, neutral_is_no_better).with_columns(pl.lit(ALL_GENERATORS).alias("generator"))
    return _preference(answers, _rule(pair_rule, neutral_is_no_better))


def _judged(long: pl.DataFrame, release: Release, neutral_counts: bool) -> pl.DataFrame:
    judge = judge_of(pl.col("kind"), pl.col("rater")).alias("judge")
    no_better = _no_better(pl.col("score"), neutral_counts).cast(pl.Float64).alias("no_better")
    return (
        long.filter(pl.col("instrument") == PREFERENCE)
        .drop("prompt")  # null; the pair's own comes with it
        .join(pairs_compared(release), on="pair")
        .with_columns(judge, no_better)
        .sort("campaign", "unit", "rater")
    )


def _rule(pair_rule: PairRule, neutral_counts: bool) -> pl.Expr:
    by_mean = _no_better(pl.col("score").mean(), neutral_counts)
    return by_mean if pair_rule == "mean" else pl.col("no_better").mean() >= 0.5


def _preference(answers: pl.DataFrame, rule: pl.Expr) -> pl.DataFrame:
    groups = answers.group_by("campaign", "generator", "judge", "kind", maintain_order=True)
    rows = [(*names, *_summary(group, rule, str(names[2]))) for names, group in groups]
    return pl.DataFrame(rows, schema=PREFERENCE_SCHEMA, orient="row").sort("campaign", "generator", "judge", "kind")


def _summary(answers: pl.DataFrame, rule: pl.Expr, judge: str) -> tuple[float | str, ...]:
    """One row's numbers, from ``judges`` onwards, of one judge and one generator."""
    pairs = answers.group_by("pair", *MATERIAL, maintain_order=True).agg(rule.cast(pl.Float64).alias("no_better"))
    clusters = codes_of(answers, *dimensions_of(judge))
    mean = clustered_mean(answers["score"].to_numpy(), clusters)
    by_judgment = clustered_share(answers["no_better"].to_numpy(), clusters)
    by_pair = clustered_share(pairs["no_better"].to_numpy(), codes_of(pairs, *MATERIAL))
    counts = (answers["rater"].n_unique(), pairs.height, answers.height)
    return (*counts, *mean[:3], *by_judgment[:3], *by_pair[:3], mean.reason)


def _no_better(score: pl.Expr, neutral_counts: bool) -> pl.Expr:
    return score <= NEUTRAL if neutral_counts else score < NEUTRAL


def preference_effects(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """What sways each judge besides the personalization, estimated together in one model.

    Columns: ``EFFECTS_SCHEMA``, four rows a judge. Points on the 1-5 scale: ``intercept``, the mean minus 3 at equal
    sides, equal length and no open mention; ``side``, personalized on the right minus on the left; ``length``, per
    doubling of the personalized response's length over the generic one's; ``mention``, an open mention of the attribute
    against none. ``n`` answers, those with all of these known; a model's two orders are two answers. Random effects:
    unit within pair, person, prompt, and rater for people (``analysis.mixed``: REML, t with Satterthwaite's degrees of
    freedom ``df``). With more levels than that holds it is least squares, clustered by person, prompt and rater, and
    ``reason`` says so. An effect that is never known or never varies is left out of the model and NaN with ``reason``.
    """
    frame = comparisons(long, release)
    rows = []
    for (campaign, judge, kind), answers in frame.group_by("campaign", "judge", "kind", maintain_order=True):
        rows += [(campaign, judge, kind, *row) for row in swayed(answers, SWAYS, str(judge))]
    return pl.DataFrame(rows, schema=EFFECTS_SCHEMA, orient="row").sort(
        "campaign", "judge", "kind", maintain_order=True
    )


def swayed(answers: pl.DataFrame, effects: Sequence[str], judge: str) -> list[tuple[object, ...]]:
    """(effect, estimate, low, high, p, df, n, reason) of the intercept and each of ``effects`` for one judge."""
    right = pl.when(pl.col("side") == "right").then(0.5).when(pl.col("side") == "left").then(-0.5)
    known = answers.with_columns(right.alias("side"))
    used = [name for name in effects if known[name].drop_nulls().n_unique() > 1]
    whole = known.drop_nulls(used)
    used = [name for name in used if whole[name].n_unique() > 1]
    codes = codes_of(whole, "pair", "unit", *dimensions_of(judge))
    outer, inner = codes.pop("pair"), codes.pop("unit")
    table = np.column_stack([np.ones(whole.height), *(whole[name].to_numpy() for name in used)])
    score = whole["score"].to_numpy() - NEUTRAL
    fit = fit_mixed(score, table, Effects(outer, inner, crossed=codes))
    many = fit.reason == TOO_MANY
    estimates = clustered_coefficients(score, table, codes) if many else fit.coefficients
    found = dict(zip(["intercept", *used], estimates, strict=True))
    rows: list[tuple[object, ...]] = []
    for name in ("intercept", *effects):
        if name in found:
            one = found[name]
            reason = one.reason or (MANY_LEVELS if many else "")
            rows.append((name, one.value, one.low, one.high, one.p, one.df, fit.n, reason))
        else:
            why = "does not vary" if known[name].drop_nulls().len() else "not known of any answer"
            rows.append((name, *[float("nan")] * 5, 0, f"{name} {why}"))
    return rows
