from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from analysis.attribute_quality import quality_answers
from analysis.calibration import CALIBRATION_SCHEMA, CALIBRATION_SUMMARY_SCHEMA, calibration, calibration_summary
from analysis.longform import long_form
from analysis.release import Release
from analysis.schema import ATTRIBUTE_QUALITY
from tests.analysis.frames import campaign, judgment, release_of, unit_of


def _release(attributes: list[tuple[float | None, list[str]]]) -> Release:
    """Each attribute of a person of its own: the extractor's confidence and the raters' values."""
    names = [f"a{n:03}" for n in range(len(attributes))]
    return release_of(
        people=[{"person": f"of {name}", "corpus": "wildchat", "corpus_kind": "human"} for name in names],
        runs=[{"run": "x", "stage": "extract", "model": "llama"}],
        attributes=[
            {"attribute": name, "person": f"of {name}", "run": "x", "confidence": confidence}
            for name, (confidence, _) in zip(names, attributes, strict=True)
        ],
        campaigns=[campaign("c", ATTRIBUTE_QUALITY)],
        judgments=[
            judgment("c", unit_of(ATTRIBUTE_QUALITY, name), f"r{n}", value)
            for name, (_, values) in zip(names, attributes, strict=True)
            for n, value in enumerate(values)
        ],
    )


def _random(n: int = 80) -> Release:
    rng = np.random.default_rng(3)
    confidences = rng.choice([0.4, 0.55, 0.7, 0.82, 0.9, 0.97, 1.0], n)
    words = {True: "accepted", False: "rejected"}
    return _release([(float(c), [words[bool(rng.random() < c - 0.2)] for _ in range(3)]) for c in confidences])


def test_calibration_worked_example() -> None:
    # bin 0.9-1.0: confidences 0.9 0.9 1.0 1.0, mean 0.95, accepted 3 of 4; bin 0.4-0.5: 0.4 0.4, accepted 1 of 2
    release = _release([(0.9, ["accepted"] * 2), (1.0, ["accepted", "uncertain"]), (0.4, ["accepted", "rejected"])])
    long = long_form(release)
    table = calibration(long, release)
    assert table.schema == CALIBRATION_SCHEMA
    rows = table.select("bin_low", "bin_high", "n", "confidence", "accepted").rows()
    assert rows == [(0.4, 0.5, 2, 0.4, 0.5), (0.9, 1.0, 4, pytest.approx(0.95), 0.75)]
    # ECE: 2/6 * 0.1 + 4/6 * 0.2 = 1/6; Brier: (2 * 0.01 + 0 + 1 + 0.36 + 0.16) / 6; over: (0.4 * 2 + 3.8 - 4) / 6
    summary = calibration_summary(long, release)
    assert summary.schema == CALIBRATION_SUMMARY_SCHEMA
    assert summary.select("figure", "value").rows() == [
        ("ece", pytest.approx(1 / 6)),
        ("brier", pytest.approx(1.54 / 6)),
        ("overconfidence", pytest.approx(0.1)),
    ]


def test_calibration_equals_scikit_learn() -> None:
    release = _random()
    long = long_form(release)
    answers = quality_answers(long, release)
    accepted, confidence = (answers["value"] == "accepted").to_numpy(), answers["confidence"].to_numpy()
    assert calibration(long, release)["bin_low"].to_list() == [0.4, 0.5, 0.7, 0.8, 0.9]  # 0.7 is in the bin it begins
    halves = calibration(long, release, bins=2)
    share, mean = calibration_curve(accepted, confidence, n_bins=2)  # no confidence lies on 0.5
    assert halves["accepted"].to_list() == pytest.approx(share.tolist())
    assert halves["confidence"].to_list() == pytest.approx(mean.tolist())
    brier = calibration_summary(long, release).filter(figure="brier")["value"].item()
    assert brier == pytest.approx(brier_score_loss(accepted, confidence))


def test_calibration_intervals_hold_what_was_planted() -> None:
    release = _random(400)
    long = long_form(release)
    over = calibration_summary(long, release).filter(figure="overconfidence").row(0, named=True)
    assert over["low"] < 0.2 < over["high"]
    ece = calibration_summary(long, release).filter(figure="ece").row(0, named=True)
    assert 0 < ece["low"] < 0.2 < ece["high"]


def test_calibration_leaves_out_what_has_no_confidence_and_counts_it() -> None:
    release = _release([(0.9, ["accepted", "rejected"]), (0.8, ["accepted"]), (None, ["accepted"] * 3)])
    long = long_form(release)
    assert calibration(long, release)["n"].sum() == 3
    assert set(calibration_summary(long, release)["not_known"]) == {3}


def test_calibration_of_nothing_is_empty_and_of_one_person_without_an_interval() -> None:
    for release in (release_of(), _release([(None, ["accepted"])])):
        assert calibration(long_form(release), release).is_empty()
        assert calibration_summary(long_form(release), release).is_empty()
    release = _release([(0.5, ["accepted", "rejected"])])
    long = long_form(release)
    assert calibration(long, release)["reason"].to_list() == ["only one person"]
    assert calibration_summary(long, release).select(pl.col("low").is_nan().all()).item()
    assert not math.isnan(calibration_summary(long, release)["value"][0])
