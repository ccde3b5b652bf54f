"""What models and baselines would select at other thresholds of their own scores."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from analysis.clusters import Floats
from analysis.longform import named_votes
from analysis.release import Release
from analysis.schema import RELEVANCE
from analysis.selection import YES, LabelSource, labels_of

MOST_POINTS = 200  # of one curve

CURVES_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "rater": pl.String,
        "kind": pl.String,
        "n": pl.Int64,
        "threshold": pl.Float64,
        "precision": pl.Float64,
        "recall": pl.Float64,
        "f1": pl.Float64,
        "share": pl.Float64,
    }
)
THRESHOLDS_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "rater": pl.String,
        "kind": pl.String,
        "n": pl.Int64,
        "share_label": pl.Float64,
        "average_precision": pl.Float64,
        "best_threshold": pl.Float64,
        "best_f1": pl.Float64,
    }
)


def threshold_curves(
    long: pl.DataFrame, release: Release, *, source: LabelSource = "judgments", min_judgments: int = 1
) -> pl.DataFrame:
    """Precision, recall, F1 and share selected if every unit with a score of at least ``threshold`` were.

    Columns: ``CURVES_SCHEMA``, highest threshold first, one row for each score that occurs (of more than
    ``MOST_POINTS``, as many, evenly among them, both ends kept). Scores: ``model_votes.raw_score``, a baseline's own
    number or a model's probability of yes; who gives none has no curve. ``n`` units have a score and a label (see
    ``selection.selection``). A rule by rank (the best k of each person) is no threshold, so a baseline's own choice
    need not lie on its curve. Recall and F1 are NaN where the label calls nothing relevant.
    """
    rows = []
    for names, scores, wanted in _scored(long, release, source, min_judgments):
        thresholds, precision, recall, f1, share = _curve(scores, wanted)
        last = len(thresholds) - 1
        kept = np.unique(np.linspace(0, last, min(last + 1, MOST_POINTS)).round().astype(np.int64))
        points = np.column_stack([thresholds, precision, recall, f1, share])[kept]
        rows += [(*names, len(scores), *point) for point in points.tolist()]
    frame = pl.DataFrame(rows, schema=CURVES_SCHEMA, orient="row")
    return frame.sort("campaign", "kind", "rater", "threshold", descending=[False, False, False, True])


def thresholds(
    long: pl.DataFrame, release: Release, *, source: LabelSource = "judgments", min_judgments: int = 1
) -> pl.DataFrame:
    """One row for each curve: ``THRESHOLDS_SCHEMA``.

    ``average_precision``: precision at each score, weighted by the recall it adds, in [0, 1]; ``share_label`` is what
    chance would reach. ``best_f1`` at ``best_threshold`` (the highest of equal ones) was chosen on the very labels it
    is held against, so it is a ceiling for thresholds and no estimate of what a threshold would reach elsewhere. NaN
    where the label calls nothing relevant.
    """
    rows = []
    for names, scores, wanted in _scored(long, release, source, min_judgments):
        cuts, precision, recall, f1, _ = _curve(scores, wanted)
        average = float(precision @ np.diff(recall, prepend=0.0))
        best = int(np.argmax(f1)) if wanted.any() else 0
        chosen = (float(cuts[best]), float(f1[best])) if wanted.any() else (math.nan, math.nan)
        rows.append((*names, len(scores), float(wanted.mean()), average, *chosen))
    return pl.DataFrame(rows, schema=THRESHOLDS_SCHEMA, orient="row").sort("campaign", "kind", "rater")


def _scored(
    long: pl.DataFrame, release: Release, source: LabelSource, min_judgments: int
) -> list[tuple[tuple[object, ...], Floats, Floats]]:
    """(campaign, rater, kind), scores and wanted (1.0 or 0.0) of everybody who gave scores."""
    labels = labels_of(long, release, source, min_judgments).drop_nulls("label").select("campaign", "unit", "label")
    votes = named_votes(release).filter((pl.col("instrument") == RELEVANCE) & pl.col("raw_score").is_not_null())
    scored = (
        votes.select("campaign", "unit", "rater", "kind", "raw_score")
        .collect()
        .join(labels, on=["campaign", "unit"])
        .with_columns((pl.col("label") == YES).cast(pl.Float64).alias("wanted"))
        .sort("campaign", "kind", "rater", "unit")
    )
    groups = scored.group_by("campaign", "rater", "kind", maintain_order=True)
    return [(names, own["raw_score"].to_numpy(), own["wanted"].to_numpy()) for names, own in groups]


def _curve(scores: Floats, wanted: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Distinct scores from the highest, and precision, recall, F1 and share selected at each."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=math.nan))  # the last unit of each score
    selected, found, total = ends + 1.0, np.cumsum(wanted[order])[ends], float(wanted.sum())
    recall = found / total if total else np.full(len(ends), math.nan)
    f1 = 2 * found / (selected + total) if total else np.full(len(ends), math.nan)
    return scores[order][ends], found / selected, recall, f1, selected / len(scores)
