from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
import scipy.stats

from analysis.longform import long_form
from analysis.preference import PREFERENCE_SCHEMA, preference, preference_overall
from analysis.release import Release
from analysis.schema import PREFERENCE
from tests.analysis.frames import campaign, item, judgment, release_of, unit_of, vote


def _release(scores: dict[str, dict[str, list[str]]], votes: dict[str, str] | None = None) -> Release:
    """``scores``: generator -> pair -> one value per rater (personalized on the right, so value = score)."""
    pairs = {pair: generator for generator, found in scores.items() for pair in found}
    units = {pair: unit_of(PREFERENCE, "a1", pair) for pair in pairs}
    judged = [
        judgment("p", units[pair], f"r{number}", value)
        for found in scores.values()
        for pair, values in found.items()
        for number, value in enumerate(values)
    ]
    return release_of(
        campaigns=[campaign("p", PREFERENCE)],
        items=[item("p", units.values())],
        response_pairs=[
            {"pair": pair, "generator": generator, "person": f"of {pair}", "prompt": f"for {pair}"}
            for pair, generator in pairs.items()
        ],
        judgments=judged,
        model_votes=[vote(units[pair], "m", value) for pair, value in (votes or {}).items()],
    )


def _row(release: Release, **settings: Any) -> dict[str, Any]:
    return preference(long_form(release), release, **settings).row(0, named=True)


def test_preference_worked_example() -> None:
    # x1: 1 5 5 (mean 11/3, better), x2: 3 3 3 (mean 3, no better): mean 20/6; judgments <= 3: 4 of 6; pairs: 1 of 2
    row = _row(_release({"g": {"x1": ["1", "5", "5"], "x2": ["3", "3", "3"]}}))
    assert (row["generator"], row["judge"], row["judges"], row["pairs"], row["n"]) == ("g", "all raters", 3, 2, 6)
    assert row["mean"] == pytest.approx(20 / 6)
    assert row["no_better_judgments"] == pytest.approx(4 / 6)
    assert row["no_better_pairs"] == pytest.approx(1 / 2)
    # each pair has a person and a prompt of its own, raters r0 r1 r2 gave 1+3, 5+3, 5+3. Squared parts of the mean's
    # error: pairs ((11-10)/6)^2 twice, times 2/1; raters ((4-20/3)/6)^2 + 2 ((8-20/3)/6)^2, times 3/2; pair and rater
    # (1 - 10/3)^2/36 + 2 (5/3)^2/36 + 3 (1/3)^2/36, times 6/5. Persons and prompts are the same clusters here, so that
    # inclusion and exclusion leave pairs + raters - pair and rater; more than any of them alone
    pairs, raters = 2 * 2 / 36, 1.5 * ((8 / 3) ** 2 + 2 * (4 / 3) ** 2) / 36
    crossed = 1.2 * ((7 / 3) ** 2 + 2 * (5 / 3) ** 2 + 3 * (1 / 3) ** 2) / 36
    variance = max(pairs + raters - crossed, pairs, raters, crossed)
    # Satterthwaite: 2 pairs have 1 degree of freedom (counted for person and for prompt), 3 raters 2
    df = max(variance**2 / (2 * pairs**2 / 1 + raters**2 / 2), 1)
    half = float(scipy.stats.t.ppf(0.975, df)) * math.sqrt(variance)
    assert (row["low"], row["high"]) == pytest.approx((20 / 6 - half, 20 / 6 + half))
    assert 0 <= row["no_better_pairs_low"] < 0.5 < row["no_better_pairs_high"] <= 1


def test_preference_readings_differ_where_a_few_like_it_much() -> None:
    # 3 3 5: mean 11/3 > 3, yet two of three see no gain; 2 2 4: worse by the mean only when 3 is the border
    release = _release({"g": {"x1": ["3", "3", "5"]}})
    assert _row(release)["no_better_pairs"] == 0.0
    assert _row(release, pair_rule="majority")["no_better_pairs"] == 1.0
    assert _row(release, neutral_is_no_better=False)["no_better_judgments"] == 0.0


def test_preference_keeps_generators_people_and_models_apart() -> None:
    release = _release({"g": {"x1": ["1"]}, "h": {"y1": ["5"]}}, {"x1": "4", "y1": "2"})
    table = preference(long_form(release), release)
    assert table.schema == PREFERENCE_SCHEMA
    assert table.select("generator", "judge", "kind", "mean").rows() == [
        ("g", "all raters", "human", 1.0),
        ("g", "m", "model", 4.0),
        ("h", "all raters", "human", 5.0),
        ("h", "m", "model", 2.0),
    ]


def test_preference_of_one_pair_has_no_interval_and_says_why() -> None:
    row = _row(_release({"g": {"x1": ["4", "5"]}}))
    assert math.isnan(row["low"])
    assert math.isnan(row["high"])
    assert row["reason"] == "only one person"


def test_preference_majority_counts_half_as_no_better() -> None:
    release = _release({"g": {"x1": ["3", "5"], "x2": ["5", "4"]}})
    assert _row(release, pair_rule="majority")["no_better_pairs"] == 1 / 2
    assert _row(release)["no_better_pairs"] == 0.0


def test_preference_overall_is_over_all_answers() -> None:
    # g: 5 5 5, h: 2: mean 17/4; judgments <= 3: 1 of 4; pairs: 1 of 2
    release = _release({"g": {"x1": ["5", "5", "5"]}, "h": {"y1": ["2"]}})
    row = preference_overall(long_form(release), release).row(0, named=True)
    assert (row["generator"], row["pairs"], row["n"], row["mean"]) == ("all generators", 2, 4, 17 / 4)
    assert (row["no_better_judgments"], row["no_better_pairs"]) == (1 / 4, 1 / 2)


def test_preference_without_answers_is_empty() -> None:
    release = _release({"g": {"x1": []}})
    assert preference(pl.DataFrame(schema=long_form(release).schema), release).is_empty()
