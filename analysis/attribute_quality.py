"""How good the extracted attributes are: shares of accepted, uncertain and rejected, by corpus and extractor."""

from __future__ import annotations

import polars as pl

from analysis.intervals import wilson_interval
from analysis.release import Release, ReleaseError
from analysis.schema import ATTRIBUTE_QUALITY, VALUES

NOT_STATED = "not stated"
_MAX_DEPTH = 50  # merged, refined, merged again ...: a chain longer than this is a loop

LABEL_SHARES_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "corpus": pl.String,
        "corpus_kind": pl.String,
        "extractor": pl.String,
        "raters": pl.Int64,
        "attributes": pl.Int64,
        "n": pl.Int64,
        "value": pl.String,
        "count": pl.Int64,
        "share": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
    }
)


def extractors(release: Release) -> pl.DataFrame:
    """Which model first inferred each attribute: ``attribute``, ``extractor``.

    Merging and refining make new attributes, so the chain of ``made_from`` is followed to the attributes that were
    made from nothing; their runs' models, joined by " + " where several. "not stated" for a run without a model name
    (some imports). Raises ``ReleaseError`` when ``made_from`` runs in a circle.
    """
    models = release.runs.select("run", pl.col("model").replace("", NOT_STATED)).collect()
    attributes = release.attributes.select("attribute", "run", "made_from").collect()
    parents = attributes.select(pl.col("attribute").alias("ancestor"), "run", "made_from")
    open_ends = attributes.select("attribute", pl.col("attribute").alias("ancestor"))
    roots = []
    for _ in range(_MAX_DEPTH):
        known = open_ends.join(parents, on="ancestor")
        roots.append(known.filter(pl.col("made_from").list.len() == 0).select("attribute", "run"))
        made = known.filter(pl.col("made_from").list.len() > 0)
        if not made.height:
            break
        open_ends = made.select("attribute", pl.col("made_from").alias("ancestor")).explode("ancestor").unique()
    else:
        raise ReleaseError(
            [f"attributes.made_from: {made['attribute'].sort()[0]!r} is made from itself; release again"]
        )
    named = pl.concat(roots).join(models, on="run")
    return named.group_by("attribute").agg(pl.col("model").unique().sort().str.join(" + ").alias("extractor"))


def label_shares(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """Shares of accepted, uncertain and rejected among people's judgments (the judgment reading).

    Columns: ``LABEL_SHARES_SCHEMA``; three rows for each campaign, corpus and extractor, in the order accepted,
    uncertain, rejected, zero counts included. ``n`` judgments by ``raters`` on ``attributes``; ``share`` = count / n in
    [0, 1], with Wilson's 95 % interval over judgments (see ``wilson_interval`` for what it leaves out). Every judgment
    has the same weight, so an attribute judged more often weighs more. Models' votes are not in it.
    """
    people = release.people.select("person", "corpus", "corpus_kind")
    where = (
        release.attributes.select("attribute", "person")
        .join(people, on="person")
        .join(extractors(release).lazy(), on="attribute", how="left")
        .with_columns(pl.col("extractor").fill_null(NOT_STATED))
        .select("attribute", "corpus", "corpus_kind", "extractor")
        .collect()
    )
    judged = long.filter((pl.col("instrument") == ATTRIBUTE_QUALITY) & ~pl.col("kind").is_in(["model", "baseline"]))
    key = ["campaign", "corpus", "corpus_kind", "extractor"]
    totals = (
        judged.join(where, on="attribute")
        .group_by(key, maintain_order=True)
        .agg(
            pl.col("rater").n_unique().alias("raters"),
            pl.col("unit").n_unique().alias("attributes"),
            pl.len().alias("n"),
            *[(pl.col("value") == value).sum().alias(value) for value in VALUES[ATTRIBUTE_QUALITY]],
        )
    )
    rows = []
    for total in totals.sort(key).iter_rows(named=True):
        for value in reversed(VALUES[ATTRIBUTE_QUALITY]):
            interval = wilson_interval(total[value], total["n"])
            head = [total[column] for column in (*key, "raters", "attributes", "n")]
            rows.append((*head, value, total[value], total[value] / total["n"], *interval))
    return pl.DataFrame(rows, schema=LABEL_SHARES_SCHEMA, orient="row")
