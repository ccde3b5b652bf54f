"""How attributes fail that were not accepted: by the raters' own reasons, and by models' findings."""

from __future__ import annotations

import polars as pl

from analysis.agreement import cohen_kappa
from analysis.answers import people_answers, with_person
from analysis.clusters import clustered_share, codes_of
from analysis.release import Release
from analysis.schema import ATTRIBUTE_QUALITY, FAILURES

RATERS = "raters"
PROBLEMATIC = ("uncertain", "rejected")

FAILURE_SHARES_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "source": pl.String,
        "category": pl.String,
        "count": pl.Int64,
        "share": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "n": pl.Int64,
        "not_given": pl.Int64,
        "attributes": pl.Int64,
        "reason": pl.String,
    }
)
FAILURE_AGREEMENT_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "a": pl.String,
        "b": pl.String,
        "n": pl.Int64,
        "attributes": pl.Int64,
        "agreement": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "kappa": pl.Float64,
        "reason": pl.String,
    }
)


def failure_shares(release: Release, long: pl.DataFrame) -> pl.DataFrame:
    """Shares of the ways in which attributes fail, by raters and by each model apart.

    Columns: ``FAILURE_SHARES_SCHEMA``; for each campaign and source a row for each of ``schema.FAILURES``, zero counts
    included. Source ``raters``: reasons that raters gave for uncertain and rejected judgments, one judgment one answer,
    interval clustered by person and rater. Source a model's name: its findings on attributes of the campaign that any
    rater did not accept, one attribute one answer, by person. ``share`` = count / n in [0, 1], of the ``n`` answers
    that name a category; ``not_given`` counts the others (no reason given, or a finding that could not be read).
    ``attributes``: how many they are about. A source without any answer has no row.
    """
    rows = []
    for (campaign, source), found in _categories(release, long).group_by("campaign", "source", maintain_order=True):
        named = found.filter(pl.col("category").is_in(FAILURES))
        if not named.height:
            continue
        clusters = codes_of(named, "person", *(("rater",) if source == RATERS else ()))
        for category in FAILURES:
            hits = (named["category"] == category).cast(pl.Float64)
            share = clustered_share(hits.to_numpy(), clusters)
            counts = (named.height, found.height - named.height, named["attribute"].n_unique())
            rows.append((campaign, source, category, int(hits.sum()), *share[:3], *counts, share.reason))
    frame = pl.DataFrame(rows, schema=FAILURE_SHARES_SCHEMA, orient="row")
    return frame.sort("campaign", pl.col("source") != RATERS, "source", maintain_order=True)


def _categories(release: Release, long: pl.DataFrame) -> pl.DataFrame:
    """campaign, source, attribute, person, rater, category ("" where none was given), sorted."""
    columns = ["campaign", "source", "attribute", "rater", "category"]
    quality = long.filter(pl.col("instrument") == ATTRIBUTE_QUALITY)
    people = people_answers(quality, release, "reason").filter(pl.col("value").is_in(PROBLEMATIC))
    given = people.with_columns(pl.lit(RATERS).alias("source"), pl.col("reason").fill_null("").alias("category"))
    failed = people.select("campaign", "attribute").unique()
    models = (
        release.findings.filter(pl.col("kind") == "failure")
        .select("attribute", "rater", pl.col("rater").alias("source"), pl.col("value").fill_null("").alias("category"))
        .collect()
        .join(failed, on="attribute")
    )
    found = pl.concat([given.select(columns), models.select(columns)])
    return with_person(found, release).sort("campaign", "source", "attribute", "rater", "category")


def failure_agreement(release: Release, long: pl.DataFrame) -> pl.DataFrame:
    """How often two sources name the same category for the same attribute.

    Columns: ``FAILURE_AGREEMENT_SCHEMA``. ``a`` = ``raters``, ``b`` a model: each reason of a rater beside the model's
    finding; ``a`` = ``b`` = ``raters``: each two raters who gave a reason for the attribute; two models likewise.
    ``agreement``: share of the ``n`` pairs of answers in [0, 1], interval clustered by person. ``kappa``: Cohen's over
    the same pairs (``agreement.cohen_kappa``); each two raters enter both ways round, so that it does not depend on who
    is called first. A model of several findings runs enters with each. No common attribute, no row.
    """
    found = _categories(release, long).filter(pl.col("category").is_in(FAILURES)).with_row_index("id")
    both = found.join(found, on=["campaign", "attribute"], suffix="_b")
    between = (pl.col("source") < pl.col("source_b")) | ((pl.col("source") == RATERS) & (pl.col("source_b") == RATERS))
    pairs = both.filter(between & (pl.col("id") != pl.col("id_b"))).sort("id", "id_b")
    rows = []
    for (campaign, a, b), own in pairs.group_by("campaign", "source", "source_b", maintain_order=True):
        first, second = (a, b) if b != RATERS else (b, a)
        same = (own["category"] == own["category_b"]).cast(pl.Float64).to_numpy()
        share = clustered_share(same, codes_of(own, "person"))
        kappa = cohen_kappa(own["category"].to_list(), own["category_b"].to_list())
        n = own.height // (2 if a == b else 1)
        rows.append((campaign, first, second, n, own["attribute"].n_unique(), *share[:3], kappa, share.reason))
    frame = pl.DataFrame(rows, schema=FAILURE_AGREEMENT_SCHEMA, orient="row")
    return frame.sort("campaign", pl.col("a") != RATERS, "a", pl.col("b") != RATERS, "b")
