"""Open mentions of what is known of a person ("Given your interest in ..."): what they do to ratings, who makes
them."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import polars as pl
from scipy.stats import spearmanr

from analysis.answers import PEOPLE, comparisons
from analysis.clusters import Floats, clustered_difference, clustered_share, codes_of
from analysis.preference import MATERIAL, dimensions_of, preference_effects
from analysis.release import Release

MOST_EXACT = 9  # 9! = 362,880 orders are tried; more are left to the approximation

MENTION_EFFECT_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "judge": pl.String,
        "kind": pl.String,
        "n": pl.Int64,
        "mentioned": pl.Int64,
        "mean_mentioned": pl.Float64,
        "mean_not": pl.Float64,
        "effect": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "p": pl.Float64,
        "adjusted": pl.Float64,
        "adjusted_low": pl.Float64,
        "adjusted_high": pl.Float64,
        "adjusted_p": pl.Float64,
        "reason": pl.String,
    }
)
MENTION_RATES_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "model": pl.String,
        "units": pl.Int64,
        "rate": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "reward": pl.Float64,
        "reward_low": pl.Float64,
        "reward_high": pl.Float64,
    }
)
MENTION_CORRELATION_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "models": pl.Int64,
        "spearman": pl.Float64,
        "p": pl.Float64,
        "p_approximate": pl.Float64,
        "reason": pl.String,
    }
)


def mention_effect(long: pl.DataFrame, release: Release, effects: pl.DataFrame | None = None) -> pl.DataFrame:
    """How each judge's rating changes when the personalized response openly mentions the attribute (study, figure 6).

    Columns: ``MENTION_EFFECT_SCHEMA``. ``effect`` in points of the 1-5 scale: mean score of the ``mentioned`` among the
    ``n`` answers whose unit's mention is known, minus that of the others; interval and p clustered by person and
    prompt, people's also by rater (``clustered_difference``). ``adjusted``: the same with side and length held equal,
    from ``preference_effects``, which is computed unless ``effects`` gives it. NaN where either kind is missing, with
    ``reason``. A judge no answer of whom has a known mention has no row.
    """
    adjusted = preference_effects(long, release) if effects is None else effects
    names = {"estimate": "adjusted", "low": "adjusted_low", "high": "adjusted_high", "p": "adjusted_p"}
    beside = adjusted.filter(pl.col("effect") == "mention").select("campaign", "judge", "kind", *names).rename(names)
    found = _changes(comparisons(long, release))
    return (
        found.drop("adjusted", "adjusted_low", "adjusted_high", "adjusted_p")
        .join(beside, on=["campaign", "judge", "kind"], how="left")
        .with_columns(pl.col(*names.values()).fill_null(math.nan))
        .select(MENTION_EFFECT_SCHEMA.names())
        .sort("campaign", pl.col("judge") != PEOPLE, "kind", "judge")
    )


def _changes(frame: pl.DataFrame) -> pl.DataFrame:
    """``mention_effect`` of the rows of ``comparisons``, ``adjusted`` still NaN."""
    rows = []
    known = frame.drop_nulls("mention")
    for (campaign, judge, kind), answers in known.group_by("campaign", "judge", "kind", maintain_order=True):
        said = (answers["mention"] == 1.0).to_numpy()
        score = answers["score"].to_numpy()
        found = clustered_difference(score, said, codes_of(answers, *dimensions_of(str(judge))))
        counts = (answers.height, int(said.sum()), _mean(score[said]), _mean(score[~said]))
        rows.append((campaign, judge, kind, *counts, *found[:3], found.p, *[math.nan] * 4, found.reason))
    return pl.DataFrame(rows, schema=MENTION_EFFECT_SCHEMA, orient="row")


def mention_rates(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """How often each generator openly mentions an attribute, beside what it rewards as a judge (study, figure 7).

    Columns: ``MENTION_RATES_SCHEMA``, one row a campaign and generator. ``rate``: share in [0, 1] of ``units``
    (attribute and pair, those with a mention finding) whose personalized response mentions the attribute, clustered by
    person and prompt. ``reward``: ``mention_effect`` of the model of the same name as a judge in the campaign, NaN
    where it did not judge or its effect is not defined.
    """
    frame = comparisons(long, release)
    units = frame.drop_nulls("mention").unique(["campaign", "unit"], keep="first", maintain_order=True)
    rows = []
    for (campaign, generator), said in units.group_by("campaign", "generator", maintain_order=True):
        rate = clustered_share(said["mention"].to_numpy(), codes_of(said, *MATERIAL))
        rows.append((campaign, generator, said.height, *rate[:3]))
    found = pl.DataFrame(rows, schema=pl.Schema(list(MENTION_RATES_SCHEMA.items())[:6]), orient="row")
    rewards = _changes(frame).select(
        "campaign",
        pl.col("judge").alias("model"),
        *(pl.col(a).alias(b) for a, b in (("effect", "reward"), ("low", "reward_low"), ("high", "reward_high"))),
    )
    joined = found.join(rewards, on=["campaign", "model"], how="left").with_columns(
        pl.col("reward", "reward_low", "reward_high").fill_null(math.nan)
    )
    return joined.match_to_schema(MENTION_RATES_SCHEMA).sort("campaign", "model")


def mention_correlation(rates: pl.DataFrame) -> pl.DataFrame:
    """Spearman's correlation over models of their rate of open mentions and their reward for them, from
    ``mention_rates``: ``MENTION_CORRELATION_SCHEMA``, one row a campaign.

    ``p`` is exact and two-sided: the share of all orders of the models with a correlation at least as far from 0 (up to
    ``MOST_EXACT`` models, else ``p_approximate``). ``p_approximate`` is scipy's, from Student's t, which the published
    study appears to give: for five models and 0.90 it is 0.04, the exact one 0.08. NaN with fewer than three models
    that have both, or where either does not vary, with ``reason``.
    """
    rows = []
    for (campaign,), models in rates.group_by("campaign", maintain_order=True):
        both = models.filter(pl.col("rate").is_finite() & pl.col("reward").is_finite())
        rows.append((campaign, both.height, *exact_spearman(both["rate"].to_numpy(), both["reward"].to_numpy())))
    return pl.DataFrame(rows, schema=MENTION_CORRELATION_SCHEMA, orient="row").sort("campaign")


def exact_spearman(x: Floats, y: Floats) -> tuple[float, float, float, str]:
    """Spearman's rho, exact two-sided p, approximate p, and why not (see ``mention_correlation``)."""
    if len(x) < 3:
        return math.nan, math.nan, math.nan, "fewer than three models both write and judge"
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan, math.nan, math.nan, "does not vary between models"
    found = spearmanr(x, y)
    rho, approximate = float(found.statistic), float(found.pvalue)
    if len(x) > MOST_EXACT:
        return rho, approximate, approximate, ""
    a, b = _centred(x), _centred(y)
    orders = np.array(list(permutations(range(len(b)))))
    sums = b[orders] @ a
    return rho, float(np.mean(np.abs(sums) >= abs(float(a @ b)) - 1e-9)), approximate, ""


def _centred(x: Floats) -> Floats:
    ranks = (x[:, None] > x).sum(axis=1) + (x[:, None] == x).sum(axis=1) / 2
    centred: Floats = ranks - ranks.mean()
    return centred


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else math.nan
