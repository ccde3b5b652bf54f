from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from analysis.rank import spearman

ANSWERS = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=3, max_size=40)


def test_spearman_worked_example() -> None:
    # x 1 2 3 4 5, y 2 1 4 3 5: differences of ranks 1 1 1 1 0, rho = 1 - 6 * 4 / (5 * 24) = 0.8
    x, y = np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 1, 4, 3, 5])
    found = spearman(x, y, {"x": np.arange(5)})
    assert found.value == pytest.approx(0.8)
    # without one of the first four 1 - 6 * 2 / (4 * 15) = 0.8, without the fifth 1 - 6 * 4 / (4 * 15) = 0.6
    without = [scipy.stats.spearmanr(np.delete(x, i), np.delete(y, i)).statistic for i in range(5)]
    assert without == pytest.approx([0.8, 0.8, 0.8, 0.8, 0.6])
    z = np.arctanh(without)
    half = scipy.stats.t.ppf(0.975, 4) * math.sqrt(4 / 5 * ((z - z.mean()) ** 2).sum())
    assert (found.low, found.high) == pytest.approx(
        (math.tanh(math.atanh(0.8) - half), math.tanh(math.atanh(0.8) + half))
    )


@given(ANSWERS)
def test_spearman_equals_scipy(answers: list[tuple[int, int]]) -> None:
    x, y = (np.array(side, dtype=np.float64) for side in zip(*answers, strict=True))
    found = spearman(x, y, {"x": np.arange(len(x))})
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert (math.isnan(found.value), found.reason) == (True, "a score that does not vary")
    else:
        assert found.value == pytest.approx(scipy.stats.spearmanr(x, y).statistic, abs=1e-12)


def test_spearman_of_two_dimensions_leaves_out_persons_prompts_and_both() -> None:
    rng = np.random.default_rng(2)
    person, prompt = np.repeat(np.arange(9), 20), np.tile(np.repeat(np.arange(5), 4), 9)
    x = np.round(rng.normal(size=9)[person] + rng.normal(size=180))
    y = np.round(0.7 * x + rng.normal(size=5)[prompt] + rng.normal(size=180))

    def variance(codes: np.ndarray) -> float:
        kept = [codes != code for code in np.unique(codes)]
        z = np.arctanh([scipy.stats.spearmanr(x[rows], y[rows]).statistic for rows in kept])
        return float((len(z) - 1) / len(z) * ((z - z.mean()) ** 2).sum())

    parts = [variance(person), variance(prompt), variance(5 * person + prompt)]
    found = spearman(x, y, {"person": person, "prompt": prompt})
    half = scipy.stats.t.ppf(0.975, 4) * math.sqrt(max(parts[0] + parts[1] - parts[2], *parts))
    assert math.atanh(found.high) - math.atanh(found.value) == pytest.approx(half)
    assert found.df == 4


def test_spearman_says_why_it_has_no_interval() -> None:
    x = np.array([1.0, 2.0, 3.0])
    assert spearman(x[:2], x[:2], {"x": np.arange(2)}).reason == "fewer than three units"
    assert spearman(x, x, {"person": np.zeros(3, dtype=np.int64)}).reason == "only one person"
    perfect = spearman(x, x, {"person": np.arange(3)})
    assert (perfect.value, math.isnan(perfect.low)) == (pytest.approx(1.0), True)
    assert spearman(np.zeros(0), np.zeros(0), {"x": np.zeros(0, dtype=np.int64)}).reason == "fewer than three units"
