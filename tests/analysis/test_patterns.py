from __future__ import annotations

import math

import krippendorff
import numpy as np
import polars as pl
import pytest
from statsmodels.stats.inter_rater import fleiss_kappa

from analysis.agreement import agreement_summary
from analysis.patterns import PATTERNS_SCHEMA, agreement_of_patterns, patterns_of, scores_of
from analysis.schema import INSTRUMENTS, LEVELS
from tests.analysis.answers import crowd, long_of


def test_patterns_worked_example() -> None:
    # units: yy, yn, ny (the same counts as yn), y
    long = long_of({"a": ["yes", "yes", "no", "yes"], "b": ["yes", "no", "yes", None], "m": ["no"] * 4}, {"m": "model"})
    assert patterns_of(long) == [((0, 1), 1), ((0, 2), 1), ((1, 1), 2)]


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_agreement_of_patterns_is_the_summary_of_the_answers(instrument: str) -> None:
    long = crowd(units=80, raters=8, k=3, models=1, instrument=instrument)
    rolled = agreement_of_patterns(patterns_of(long), scores_of(instrument), LEVELS[instrument][-1])
    summary = agreement_summary(long).filter(pl.col("group") == "raters")
    whole = {row["figure"]: row for row in summary.iter_rows(named=True)}
    for row in rolled.filter(pl.col("figure").is_in(list(whole))).iter_rows(named=True):
        full = whole[row["figure"]]
        assert (row["n_units"], row["level"], row["n_answers"]) == (full["n_units"], full["level"], 240)
        assert row["value"] == pytest.approx(full["value"], abs=1e-12)
        assert (row["low"], row["high"]) == pytest.approx((full["low_units"], full["high_units"]), abs=0.05)
    assert set(rolled["figure"]) >= set(summary.filter(pl.col("figure").str.contains("fleiss|^a|percent"))["figure"])


def test_agreement_of_patterns_equals_statsmodels_and_krippendorff() -> None:
    patterns = [((3, 0, 0), 4), ((2, 1, 0), 3), ((0, 1, 2), 2), ((1, 1, 1), 1)]
    rows = np.array([counts for counts, n in patterns for _ in range(n)])
    found = dict(agreement_of_patterns(patterns, [0, 1, 2], "ordinal").select("figure", "value").iter_rows())
    assert found["fleiss"] == pytest.approx(fleiss_kappa(rows))
    for level in ("nominal", "ordinal"):
        theirs = krippendorff.alpha(value_counts=rows, value_domain=[0, 1, 2], level_of_measurement=level)
        assert found[f"alpha_{level}"] == pytest.approx(theirs)


@pytest.mark.parametrize("patterns", [[], [((1, 0), 5)]], ids=["nothing", "one answer a unit"])
def test_agreement_of_patterns_that_say_nothing_is_nan(patterns: list[tuple[tuple[int, ...], int]]) -> None:
    found = agreement_of_patterns(patterns, [0, 1], "nominal")
    assert found.schema == PATTERNS_SCHEMA
    assert all(math.isnan(value) for value in found["value"])
    assert found["n_units"].to_list() == [0] * 4


def test_patterns_refuse_two_campaigns_and_answers_between_two_values() -> None:
    both = pl.concat([long_of({"a": ["yes"]}), long_of({"a": ["no"]}, campaign="d")])
    with pytest.raises(ValueError, match="2 campaigns"):
        patterns_of(both)
    with pytest.raises(ValueError, match="none of 1, 2, 3, 4, 5"):
        patterns_of(long_of({"a": [3.5]}, instrument="preference"))
    assert patterns_of(both.clear()) == []
