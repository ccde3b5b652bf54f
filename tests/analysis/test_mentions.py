from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
import scipy.stats

from analysis.longform import long_form
from analysis.mentions import (
    MENTION_CORRELATION_SCHEMA,
    MENTION_EFFECT_SCHEMA,
    MENTION_RATES_SCHEMA,
    exact_spearman,
    mention_correlation,
    mention_effect,
    mention_rates,
)
from analysis.schema import PREFERENCE
from tests.analysis.frames import campaign, item, judgment, release_of, unit_of, vote
from tests.analysis.planted import PEOPLE, Planted, preference_release


def _finding(unit: dict[str, Any], value: str | None, run: str = "m") -> dict[str, Any]:
    status = "answered" if value else "unparseable"
    return {**unit, "run": run, "rater": run, "kind": "mention", "status": status, "value": value}


def test_mention_effect_worked_example() -> None:
    # x0 and x1 mention it: 5, 4 and 3, mean 4; x2 and x3 do not: 2, 3 and 1, mean 2; x4 is not known, x5 split
    units = [unit_of(PREFERENCE, "a", f"x{i}") for i in range(6)]
    people = [["5", "4"], ["3"], ["2", "3"], ["1"], ["5"], ["5"]]
    said = [_finding(u, v) for u, v in zip(units, ["yes", "yes", "no", "no", None, "yes"], strict=True)]
    said.append(_finding(units[5], "no", "other"))
    release = release_of(
        campaigns=[campaign("p", PREFERENCE)],
        items=[item("p", units)],
        response_pairs=[{"pair": f"x{i}", "person": f"p{i}", "prompt": f"q{i}", "generator": "m"} for i in range(6)],
        judgments=[
            judgment("p", u, f"r{n}", v) for u, own in zip(units, people, strict=True) for n, v in enumerate(own)
        ],
        model_votes=[vote(u, "m", v) for u, v in zip(units, "4321", strict=False)],
        findings=said,
    )
    table = mention_effect(long_form(release), release)
    assert table.schema == MENTION_EFFECT_SCHEMA
    columns = ["judge", "n", "mentioned", "mean_mentioned", "mean_not", "effect"]
    assert table.select(columns).rows() == [("all raters", 6, 3, 4.0, 2.0, 2.0), ("m", 4, 2, 3.5, 1.5, 2.0)]
    # the model's answers are single ones: Welch's test of 4 3 against 2 1, errors 1/2 and 1/2, two degrees of freedom
    model = table.row(1, named=True)
    assert model["low"] == pytest.approx(2 - scipy.stats.t.ppf(0.975, 2) * math.sqrt(1 / 4 + 1 / 4))
    rates = mention_rates(long_form(release), release)
    assert rates.schema == MENTION_RATES_SCHEMA
    assert rates.select("model", "units", "rate", "reward").rows() == [("m", 4, 0.5, 2.0)]


def test_mention_effects_rates_and_their_correlation_are_those_planted() -> None:
    rates = {"a": 0.2, "b": 0.4, "c": 0.6, "d": 0.8}
    reward = {PEOPLE: 0.0, "a": -0.6, "b": -0.2, "c": 0.2, "d": 0.6}
    release = preference_release(Planted(shift=dict.fromkeys(rates, 0.0), mention=reward), rates)
    long = long_form(release)
    effects = {row["judge"]: row for row in mention_effect(long, release).iter_rows(named=True)}
    for judge, planted in reward.items():
        row = effects["all raters" if judge == PEOPLE else judge]
        assert row["effect"] == pytest.approx(planted, abs=0.15)
        assert row["adjusted"] == pytest.approx(planted, abs=0.15)
        assert row["low"] < row["effect"] < row["high"]
    table = mention_rates(long, release)
    assert table["rate"].to_list() == pytest.approx(list(rates.values()), abs=0.15)
    correlation = mention_correlation(table)
    assert correlation.schema == MENTION_CORRELATION_SCHEMA
    # all four in the same order: 2 of 24 orders are as far from 0
    assert correlation.select("models", "spearman", "p").row(0) == (4, pytest.approx(1.0), pytest.approx(2 / 24))


def test_exact_spearman_of_the_study() -> None:
    # rho 0.9 of five: one swap of neighbours, 4 of 120 orders, 1 order without any, and as many the other way: 10/120.
    # The study prints p = 0.04, the approximation's
    rho, exact, approximate, reason = exact_spearman(np.array([1.0, 2, 3, 4, 5]), np.array([1.0, 2, 3, 5, 4]))
    assert (rho, exact, reason) == (pytest.approx(0.9), pytest.approx(10 / 120), "")
    assert approximate == pytest.approx(0.037, abs=1e-3)


@pytest.mark.parametrize("y", [(3, 1, 2, 5, 4), (1, 1, 2, 2, 5), (2, 2, 1, 2, 2)])
def test_exact_spearman_equals_scipys_permutation_test(y: tuple[int, ...]) -> None:
    x, values = np.array([1.0, 2.0, 3.0, 3.0, 5.0]), np.array(y, dtype=np.float64)

    def absolute(z: np.ndarray) -> float:
        return round(abs(float(scipy.stats.spearmanr(x, z).statistic)), 9)

    wanted = scipy.stats.permutation_test((values,), absolute, permutation_type="pairings", alternative="greater")
    assert exact_spearman(x, values)[1] == pytest.approx(wanted.pvalue)


def test_exact_spearman_of_models_that_are_all_alike_says_so() -> None:
    rho, exact, _, reason = exact_spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0]))
    assert (math.isnan(rho), math.isnan(exact), reason) == (True, True, "does not vary between models")


def test_mentions_without_findings_are_empty() -> None:
    release = release_of()
    assert mention_effect(long_form(release), release).is_empty()
    rates = mention_rates(long_form(release), release)
    assert rates.is_empty()
    assert mention_correlation(rates).is_empty()


def test_mention_correlation_of_two_models_says_why_not() -> None:
    rows = [("p", name, 5, rate, 0.0, 1.0, rate, 0.0, 1.0) for name, rate in (("a", 0.1), ("b", 0.2))]
    row = mention_correlation(pl.DataFrame(rows, schema=MENTION_RATES_SCHEMA, orient="row")).row(0, named=True)
    assert (row["models"], math.isnan(row["p"])) == (2, True)
    assert row["reason"] == "fewer than three models both write and judge"
