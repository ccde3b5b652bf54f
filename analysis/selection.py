"""Which attributes matter to a prompt: models and baselines against the people's label."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import polars as pl

from analysis.intervals import wilson_interval
from analysis.longform import PEOPLE_KINDS, campaign_units
from analysis.release import Release
from analysis.schema import RELEVANCE

LabelSource = Literal["judgments", "majority", "adjudicated", "imported"]
YES = "yes"

SELECTION_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "rater": pl.String,
        "kind": pl.String,
        "label": pl.String,
        "ties": pl.Int64,
        "n": pl.Int64,
        "true_positive": pl.Int64,
        "false_positive": pl.Int64,
        "false_negative": pl.Int64,
        "true_negative": pl.Int64,
        "precision": pl.Float64,
        "recall": pl.Float64,
        "f1": pl.Float64,
        "accuracy": pl.Float64,
        "share_label": pl.Float64,
        "share_marked": pl.Float64,
    }
)
MARKED_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "rater": pl.String,
        "kind": pl.String,
        "raters": pl.Int64,
        "n": pl.Int64,
        "marked": pl.Int64,
        "share": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
    }
)


@dataclass(frozen=True)
class Scores:
    """Counts and scores of yes/no answers against a yes/no label; "yes" is the class that is looked for.

    precision = tp / (tp + fp), recall = tp / (tp + fn), f1 = 2 tp / (2 tp + fp + fn), accuracy = (tp + tn) / n, all in
    [0, 1]. Each is NaN where its denominator is 0 (scikit-learn says 0 there by default): a model that never says yes
    has no precision, labels without a yes give no recall.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def n(self) -> int:
        return self.tp + self.fp + self.fn + self.tn

    @property
    def precision(self) -> float:
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def accuracy(self) -> float:
        return _ratio(self.tp + self.tn, self.n)

    @property
    def row(self) -> tuple[float, ...]:
        """The numbers of a row of ``SELECTION_SCHEMA``, from ``n`` onwards."""
        counts = (self.n, self.tp, self.fp, self.fn, self.tn)
        shares = (_ratio(self.tp + self.fn, self.n), _ratio(self.tp + self.fp, self.n))
        return (*counts, self.precision, self.recall, self.f1, self.accuracy, *shares)


def majority_labels(long: pl.DataFrame, *, min_judgments: int = 1) -> pl.DataFrame:
    """The people's majority on every unit that at least ``min_judgments`` of them answered.

    Columns: campaign, unit, label, n, share. ``label`` is the value that more than half of the n answers gave, null
    where none did (a tie, or three ways of thinking); ``share`` in (0, 1] is the largest's. Every campaign has labels
    of its own: answers of people and of simulated raters never meet in one.
    """
    people = long.filter(pl.col("kind").is_in(PEOPLE_KINDS))
    counts = people.group_by("campaign", "unit", "value").agg(pl.len().cast(pl.Int64).alias("votes"))
    total, most = pl.col("votes").sum(), pl.col("votes").max()
    winner = pl.col("value").filter(2 * pl.col("votes") > total).first()
    return (
        counts.group_by("campaign", "unit")
        .agg(winner.alias("label"), total.alias("n"), (most / total).alias("share"))
        .filter(pl.col("n") >= min_judgments)
        .sort("campaign", "unit")
    )


def published_labels(release: Release, method: str = "majority") -> pl.DataFrame:
    """The release's own labels by ``method``, columns as in ``majority_labels``.

    A label that rests on a campaign's judgments is that campaign's only; one that names no campaign (it was imported)
    is every campaign's that asks its unit. Of several labelling runs the newest counts (``created_at``, then id).
    """
    slugs = release.campaigns.select(pl.col("campaign").alias("rests_on"), pl.col("slug").alias("its_slug"))
    return (
        release.labels.filter(pl.col("method") == method)
        .rename({"campaign": "rests_on"})
        .join(slugs, on="rests_on", how="left")
        .join(campaign_units(release), on=["unit", "instrument"])
        .filter((pl.col("rests_on") == "") | (pl.col("its_slug") == pl.col("campaign")))
        .join(release.runs.select("run", "created_at"), on="run", how="left")
        .sort("created_at", "run")
        .unique(["campaign", "unit"], keep="last", maintain_order=True)
        .select("campaign", "unit", pl.col("value").alias("label"), "n", "share")
        .sort("campaign", "unit")
        .collect()
    )


def selection(
    long: pl.DataFrame, release: Release, *, source: LabelSource = "judgments", min_judgments: int = 1
) -> pl.DataFrame:
    """Precision, recall, F1 and accuracy of every model and baseline against the people's label, relevance only.

    Columns: ``SELECTION_SCHEMA``. ``source``: ``judgments`` computes the majority here from the judgments that count
    (default); the name of a method takes the release's labels by it. The column ``label`` says which. ``n`` units have
    both an answer of the model and a label; units without a majority have no label and are counted in ``ties`` (of the
    campaign). ``share_label`` and ``share_marked``: share of the n units that the label, and the model, call relevant.
    Labels on fewer than ``min_judgments`` are left out. Scores and degenerate cases: ``Scores``. A model without a
    labelled unit has no row.
    """
    relevance = long.filter(pl.col("instrument") == RELEVANCE)
    computed = source == "judgments"
    labels = majority_labels(relevance) if computed else published_labels(release, source)
    labels = labels.filter(pl.col("n") >= min_judgments)
    name = "majority of the judgments" if computed else f"release's label by method {source}"
    tied = labels.filter(pl.col("label").is_null()).group_by("campaign").len()
    ties: dict[str, int] = dict(tied.iter_rows())
    decided = labels.drop_nulls("label").select("campaign", "unit", "label")
    machines = relevance.filter(~pl.col("kind").is_in(PEOPLE_KINDS))
    yes, wanted = pl.col("value") == YES, pl.col("label") == YES
    cells = {"tp": yes & wanted, "fp": yes & ~wanted, "fn": ~yes & wanted, "tn": ~yes & ~wanted}
    counts = (
        machines.join(decided, on=["campaign", "unit"])
        .group_by("campaign", "rater", "kind")
        .agg(cell.sum().alias(key) for key, cell in cells.items())
    )
    rows = []
    for campaign, rater, kind, *found in counts.sort("campaign", "kind", "rater").rows():
        scores = Scores(*found)
        rows.append((campaign, rater, kind, name, ties.get(campaign, 0), *scores.row))
    return pl.DataFrame(rows, schema=SELECTION_SCHEMA, orient="row")


def marked_relevant(long: pl.DataFrame) -> pl.DataFrame:
    """Share of their own units that each rater and model called relevant, and all people of a campaign together.

    Columns: ``MARKED_SCHEMA``; the people together stand as rater "all raters" with ``raters`` counting them (1 for
    everybody else). ``share`` = marked / n in [0, 1] with Wilson's 95 % interval over answers. Raters need not have
    seen the same units, so two shares may differ by what was asked.
    """
    relevance = long.filter(pl.col("instrument") == RELEVANCE)
    people = relevance.filter(pl.col("kind").is_in(PEOPLE_KINDS))
    together = people.with_columns(pl.lit("all raters").alias("rater"), pl.col("rater").alias("who"))
    each = relevance.with_columns(pl.col("rater").alias("who"))
    counts = (
        pl.concat([together, each])
        .group_by("campaign", "rater", "kind")
        .agg(
            pl.col("who").n_unique().alias("raters"),
            pl.len().alias("n"),
            (pl.col("value") == YES).sum().alias("marked"),
        )
        .sort("campaign", "kind", "rater")
    )
    rows = [(*row, row[5] / row[4], *wilson_interval(row[5], row[4])) for row in counts.rows()]
    return pl.DataFrame(rows, schema=MARKED_SCHEMA, orient="row")


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
