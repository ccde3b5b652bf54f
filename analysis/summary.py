"""What a release is about, counted: where its judgments come from, and what each campaign is."""

from __future__ import annotations

import polars as pl

from analysis.longform import PEOPLE_KINDS
from analysis.release import Release


def origin_summary(long: pl.DataFrame) -> pl.DataFrame:
    """Where the judgments come from, one row an origin: origin (human, imported or simulated), raters, judgments.

    A rater of several campaigns is one rater here, by the pseudonym that is the same in all of them.
    """
    return (
        long.filter(pl.col("kind").is_in(PEOPLE_KINDS))
        .group_by(pl.col("kind").alias("origin"))
        .agg(pl.col("rater").n_unique().cast(pl.Int64).alias("raters"), pl.len().cast(pl.Int64).alias("judgments"))
        .sort("origin")
    )


def campaign_summary(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """What each campaign is and what of it is in the numbers, one row a campaign, sorted by slug.

    Columns: campaign (slug), title, instrument, origin, state, k, items (work items), raters, judgments, judged_units,
    models, baselines, votes. The counts from ``raters`` on are of the long form: what the other tables rest on.
    """
    people = pl.col("kind").is_in(PEOPLE_KINDS)
    counts = (
        long.lazy()
        .group_by("campaign")
        .agg(
            pl.col("rater").filter(people).n_unique().alias("raters"),
            people.sum().alias("judgments"),
            pl.col("unit").filter(people).n_unique().alias("judged_units"),
            pl.col("rater").filter(pl.col("kind") == "model").n_unique().alias("models"),
            pl.col("rater").filter(pl.col("kind") == "baseline").n_unique().alias("baselines"),
            (~people).sum().alias("votes"),
        )
    )
    items = release.items.filter(pl.col("role") == "work").group_by("campaign").agg(pl.len().alias("items"))
    whole = pl.selectors.unsigned_integer()
    return (
        release.campaigns.join(items, on="campaign", how="left")
        .drop("campaign")
        .rename({"slug": "campaign"})
        .join(counts, on="campaign", how="left")
        .select(
            *("campaign", "title", "instrument", "origin", "state", "k", "items"),
            *("raters", "judgments", "judged_units", "models", "baselines", "votes"),
        )
        .with_columns(whole.fill_null(0).cast(pl.Int64))
        .sort("campaign")
        .collect()
    )
