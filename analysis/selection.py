"""Which attributes matter to a prompt: models and baselines against the people's label."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import polars as pl

from analysis.answers import PEOPLE, answers_by, with_person
from analysis.clusters import Clusters, Floats, clustered_quotient, clustered_share, codes_of
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
        "over_selection": pl.Float64,
        **{
            f"{figure}_{end}": pl.Float64
            for figure in ("precision", "recall", "f1", "accuracy", "share_label", "share_marked", "over_selection")
            for end in ("low", "high")
        },
        "reason": pl.String,
    }
)
BY_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "rater": pl.String,
        "kind": pl.String,
        "by": pl.String,
        "level": pl.String,
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
        "over_selection": pl.Float64,
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
        "reason": pl.String,
    }
)
MATERIAL = ("person", "prompt")
CELLS = ("tp", "fp", "fn", "tn")


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
        wanted, marked = self.tp + self.fn, self.tp + self.fp
        shares = (_ratio(wanted, self.n), _ratio(marked, self.n), _ratio(marked, wanted))
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
    campaign). ``share_label`` and ``share_marked``: share of the n units that the label, and the model, call relevant;
    ``over_selection`` is the second over the first: 1 = as many as people, 2 = twice as many, NaN where people call
    none relevant. Labels on fewer than ``min_judgments`` are left out. Scores and degenerate cases: ``Scores``. A model
    without a labelled unit has no row.
    ``*_low``, ``*_high``: clustered by person (whose attribute it is) and prompt, ``analysis.clusters``; the labels are
    taken as they are, so another set of raters is not part of the interval. NaN with ``reason`` for one person or one
    prompt; those of ``over_selection`` also where so few tell nothing of it (``clustered_quotient``).
    """
    marked = _against_label(long, release, source, min_judgments)
    name = "majority of the judgments" if source == "judgments" else f"release's label by method {source}"
    ties = dict(marked.ties.iter_rows())
    rows = []
    for names, answers in marked.answers:
        cells = {cell: answers[cell].cast(pl.Float64).to_numpy() for cell in CELLS}
        scores = Scores(*(int(cells[cell].sum()) for cell in CELLS))
        ends, reason = _ends(cells, codes_of(answers, *MATERIAL))
        rows.append((*names, name, ties.get(names[0], 0), *scores.row, *ends, reason))
    return pl.DataFrame(rows, schema=SELECTION_SCHEMA, orient="row").sort("campaign", "kind", "rater")


class _Marked(NamedTuple):
    """``answers`` of each model and baseline (campaign, rater, kind), one after the other because each is large: unit,
    person, prompt and the four cells as 0/1. ``ties`` of each campaign.
    """

    answers: Iterator[tuple[tuple[str, str, str], pl.DataFrame]]
    ties: pl.DataFrame


def labels_of(long: pl.DataFrame, release: Release, source: LabelSource, min_judgments: int) -> pl.DataFrame:
    """``majority_labels`` of the relevance campaigns, or ``published_labels``, with at least ``min_judgments``."""
    relevance = long.filter(pl.col("instrument") == RELEVANCE)
    labels = majority_labels(relevance) if source == "judgments" else published_labels(release, source)
    return labels.filter(pl.col("n") >= min_judgments)


def _against_label(long: pl.DataFrame, release: Release, source: LabelSource, min_judgments: int) -> _Marked:
    labels = labels_of(long, release, source, min_judgments)
    ties = labels.filter(pl.col("label").is_null()).group_by("campaign").len()
    return _Marked(_held_against(long, release, labels.drop_nulls("label")), ties)


def _held_against(
    long: pl.DataFrame, release: Release, labels: pl.DataFrame
) -> Iterator[tuple[tuple[str, str, str], pl.DataFrame]]:
    yes, wanted = pl.col("value") == YES, pl.col("label") == YES
    cells = {"tp": yes & wanted, "fp": yes & ~wanted, "fn": ~yes & wanted, "tn": ~yes & ~wanted}
    for names, answers in answers_by(long, RELEVANCE, ~pl.col("kind").is_in(PEOPLE_KINDS)):
        decided = labels.filter(pl.col("campaign") == names[0]).select("unit", "label")
        joined = answers.join(decided, on="unit", maintain_order="left").select("unit", "attribute", "prompt", **cells)
        if joined.height:
            yield names, with_person(joined, release)


def _ends(cells: dict[str, Floats], clusters: Clusters) -> tuple[list[float], str]:
    """Low and high of each figure in the order of ``SELECTION_SCHEMA``, and why there are none."""
    tp, fp, fn, tn = (cells[cell] for cell in CELLS)
    found = [
        clustered_share(tp, clusters, tp + fp),
        clustered_share(tp, clusters, tp + fn),
        clustered_share(2 * tp, clusters, 2 * tp + fp + fn),
        clustered_share(tp + tn, clusters),
        clustered_share(tp + fn, clusters),
        clustered_share(tp + fp, clusters),
        clustered_quotient(tp + fp, tp + fn, clusters),
    ]
    reason = found[3].reason if math.isnan(found[3].low) else ""
    return [end for estimate in found for end in estimate[1:3]], reason


def selection_by(
    long: pl.DataFrame,
    release: Release,
    by: Literal["person", "prompt"],
    *,
    source: LabelSource = "judgments",
    min_judgments: int = 1,
) -> pl.DataFrame:
    """``selection`` for each person or each prompt by itself: ``BY_SCHEMA``, ``by`` and the ``level`` it is.

    Figures as in ``selection``, NaN where a denominator is 0; no intervals: one person's or one prompt's units are few
    and say nothing of others.
    """
    tp, fp, fn, tn = (pl.col(cell) for cell in ("true_positive", "false_positive", "false_negative", "true_negative"))
    n = pl.col("n")
    figures = {
        "precision": tp / (tp + fp),
        "recall": tp / (tp + fn),
        "f1": 2 * tp / (2 * tp + fp + fn),
        "accuracy": (tp + tn) / n,
        "share_label": (tp + fn) / n,
        "share_marked": (tp + fp) / n,
        "over_selection": pl.when(tp + fn > 0).then((tp + fp) / (tp + fn)).otherwise(math.nan),
    }
    names = BY_SCHEMA.names()[6:10]
    counts = [pl.col(cell).sum().cast(pl.Int64).alias(name) for cell, name in zip(CELLS, names, strict=True)]
    found = [BY_SCHEMA.to_frame().select(*BY_SCHEMA.names()[:10])]
    for (campaign, rater, kind), answers in _against_label(long, release, source, min_judgments).answers:
        head = {"campaign": pl.lit(campaign), "rater": pl.lit(rater), "kind": pl.lit(kind), "by": pl.lit(by)}
        levels = answers.group_by(level=by).agg(pl.len().cast(pl.Int64).alias("n"), *counts)
        found.append(levels.select(**head, level="level", n="n", **{name: name for name in names}))
    return (
        pl.concat(found).with_columns(**figures).match_to_schema(BY_SCHEMA).sort("campaign", "kind", "rater", "level")
    )


def marked_relevant(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """Share of their own units that each rater and model called relevant, and all people of a campaign together.

    Columns: ``MARKED_SCHEMA``; the people together stand as rater "all raters" with ``raters`` counting them (1 for
    everybody else). ``share`` = marked / n in [0, 1], its 95 % interval clustered by person and prompt, that of all
    raters also by rater; NaN with ``reason`` where there is one of them. Raters need not have seen the same units, so
    two shares may differ by what was asked.
    """
    people = long.filter((pl.col("instrument") == RELEVANCE) & pl.col("kind").is_in(PEOPLE_KINDS))
    together = people.select("campaign", "kind", "rater", "attribute", "prompt", "value")
    rows = []
    for (campaign, kind), answers in together.group_by("campaign", "kind", maintain_order=True):
        own = with_person(answers, release)
        rows.append((campaign, PEOPLE, kind, own["rater"].n_unique(), *_marked(own, *MATERIAL, "rater")))
    for names, answers in answers_by(long, RELEVANCE):
        rows.append((*names, 1, *_marked(with_person(answers, release), *MATERIAL)))
    return pl.DataFrame(rows, schema=MARKED_SCHEMA, orient="row").sort("campaign", "kind", "rater")


def _marked(answers: pl.DataFrame, *dimensions: str) -> tuple[int, int, float, float, float, str]:
    """A row of ``MARKED_SCHEMA`` from ``n`` onwards."""
    marked = (answers["value"] == YES).cast(pl.Float64)
    found = clustered_share(marked.to_numpy(), codes_of(answers, *dimensions))
    return answers.height, int(marked.sum()), *found[:3], found.reason


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
