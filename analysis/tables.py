"""Every table of the report, computed once from a release."""

from __future__ import annotations

from dataclasses import dataclass, fields

import polars as pl

from analysis.agreement import agreement_groups, agreement_pairs, krippendorff_table
from analysis.attribute_quality import label_shares
from analysis.longform import IMPORTED_BECAUSE, PEOPLE_KINDS, judgment_outcomes, long_form, vote_outcomes
from analysis.preference import PairRule, preference
from analysis.release import Release
from analysis.selection import LabelSource, marked_relevant, selection


@dataclass(frozen=True)
class Settings:
    """What the published study leaves open or a reader may want otherwise; the report prints them.

    ``min_n``: pairs with fewer common units are left out. ``label_source`` and ``min_judgments``: see ``selection``.
    ``pair_rule`` and ``neutral_is_no_better``: see ``preference``. ``imported_because``: see ``longform``.
    """

    min_n: int = 1
    label_source: LabelSource = "judgments"
    min_judgments: int = 1
    pair_rule: PairRule = "mean"
    neutral_is_no_better: bool = True
    imported_because: tuple[str, ...] = IMPORTED_BECAUSE


@dataclass(frozen=True)
class Tables:
    """The report's tables; columns and definitions stand at the function that makes each (same name, or as noted)."""

    origins: pl.DataFrame  # origin_summary
    campaigns: pl.DataFrame  # campaign_summary
    label_shares: pl.DataFrame
    agreement_pairs: pl.DataFrame
    agreement_groups: pl.DataFrame
    krippendorff: pl.DataFrame  # krippendorff_table
    selection: pl.DataFrame
    marked_relevant: pl.DataFrame
    preference: pl.DataFrame
    vote_outcomes: pl.DataFrame
    judgment_outcomes: pl.DataFrame

    def items(self) -> list[tuple[str, pl.DataFrame]]:
        """(name, frame) in the order above."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


def build_tables(release: Release, settings: Settings | None = None) -> Tables:
    """All tables of ``release``. Pure: the same release and settings give the same frames, rows in the same order."""
    chosen = settings or Settings()
    long = long_form(release, imported_because=chosen.imported_because)
    pairs = agreement_pairs(long, min_n=chosen.min_n)
    outcomes = judgment_outcomes(release, imported_because=chosen.imported_because)
    return Tables(
        origins=origin_summary(long),
        campaigns=campaign_summary(long, release),
        label_shares=label_shares(long, release),
        agreement_pairs=pairs,
        agreement_groups=agreement_groups(pairs),
        krippendorff=krippendorff_table(long),
        selection=selection(long, release, source=chosen.label_source, min_judgments=chosen.min_judgments),
        marked_relevant=marked_relevant(long),
        preference=preference(
            long, release, pair_rule=chosen.pair_rule, neutral_is_no_better=chosen.neutral_is_no_better
        ),
        vote_outcomes=vote_outcomes(release),
        judgment_outcomes=outcomes,
    )


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
