from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve

from analysis.longform import long_form
from analysis.release import Release
from analysis.schema import RELEVANCE
from analysis.thresholds import CURVES_SCHEMA, MOST_POINTS, THRESHOLDS_SCHEMA, threshold_curves, thresholds
from tests.analysis.frames import campaign, item, judgment, release_of, unit_of, vote


def _release(scores: list[float | None], wanted: list[bool]) -> Release:
    units = [unit_of(RELEVANCE, f"a{i:04}", "q") for i in range(len(wanted))]
    word = {True: "yes", False: "no"}
    return release_of(
        campaigns=[campaign("c", RELEVANCE)],
        items=[item("c", units)],
        judgments=[judgment("c", unit, "r", word[yes]) for unit, yes in zip(units, wanted, strict=True)],
        model_votes=[vote(unit, "BM25", "yes", raw_score=s) for unit, s in zip(units, scores, strict=True)],
    )


def test_threshold_curves_worked_example() -> None:
    # at 3: one, wanted; at 2: two more, one wanted; at 1: all four, two of three wanted found before, the third now
    release = _release([3.0, 2.0, 2.0, 1.0], [True, True, False, True])
    table = threshold_curves(long_form(release), release)
    assert table.schema == CURVES_SCHEMA
    assert table.select("threshold", "precision", "recall", "f1", "share").rows() == [
        (3.0, 1.0, pytest.approx(1 / 3), pytest.approx(2 / 4), 1 / 4),
        (2.0, pytest.approx(2 / 3), pytest.approx(2 / 3), pytest.approx(4 / 6), 3 / 4),
        (1.0, 3 / 4, 1.0, pytest.approx(6 / 7), 1.0),
    ]
    row = thresholds(long_form(release), release).row(0, named=True)
    assert (row["n"], row["share_label"], row["best_threshold"]) == (4, 3 / 4, 1.0)
    assert row["best_f1"] == pytest.approx(6 / 7)
    assert row["average_precision"] == pytest.approx(1 / 3 * 1 + 1 / 3 * 2 / 3 + 1 / 3 * 3 / 4)


def test_threshold_curves_equal_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    wanted = rng.random(120) < 0.3
    scores = np.round(rng.normal(wanted, 1), 1)
    release = _release(scores.tolist(), wanted.tolist())
    table, row = threshold_curves(long_form(release), release), thresholds(long_form(release), release)
    precision, recall, cuts = precision_recall_curve(wanted, scores)
    assert table["threshold"].to_list() == pytest.approx(cuts[::-1].tolist())
    assert table["precision"].to_list() == pytest.approx(precision[:-1][::-1].tolist())
    assert table["recall"].to_list() == pytest.approx(recall[:-1][::-1].tolist())
    assert row["average_precision"].item() == pytest.approx(average_precision_score(wanted, scores))


def test_threshold_curves_of_many_scores_keep_both_ends() -> None:
    scores = list(np.linspace(0, 1, 900))
    release = _release(scores, [score > 0.7 for score in scores])
    table = threshold_curves(long_form(release), release)
    assert table.height == MOST_POINTS
    assert (table["threshold"][0], table["threshold"][-1]) == (1.0, 0.0)
    assert thresholds(long_form(release), release)["best_f1"].item() == 1.0


def test_threshold_curves_without_scores_or_labels_are_empty() -> None:
    for release in (_release([None, None], [True, False]), release_of()):
        assert threshold_curves(long_form(release), release).is_empty()
        assert thresholds(long_form(release), release).schema == THRESHOLDS_SCHEMA


def test_threshold_curves_where_nothing_is_relevant_have_no_recall() -> None:
    release = _release([0.2, 0.9], [False, False])
    table, row = (
        threshold_curves(long_form(release), release),
        thresholds(long_form(release), release).row(0, named=True),
    )
    assert table["precision"].to_list() == [0.0, 0.0]
    assert all(math.isnan(recall) for recall in table["recall"])
    assert all(math.isnan(row[name]) for name in ("average_precision", "best_threshold", "best_f1"))
