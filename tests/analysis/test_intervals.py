from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from analysis.intervals import cluster_mean_interval, wilson_interval


def test_wilson_interval_worked_example() -> None:
    # 8 of 10, z = 1.959964, z^2 = 3.841459: centre (0.8 + 0.1920729) / 1.3841459 = 0.7167402,
    # half = 1.959964 * sqrt(0.016 + 0.0096036) / 1.3841459 = 0.2265777
    low, high = wilson_interval(8, 10)
    assert low == pytest.approx(0.7167402 - 0.2265777, abs=1e-6)
    assert high == pytest.approx(0.7167402 + 0.2265777, abs=1e-6)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_equals_statsmodels(case: tuple[int, int]) -> None:
    assert tuple(wilson_interval(*case)) == pytest.approx(proportion_confint(*case, method="wilson"), abs=1e-12)


def test_wilson_interval_has_a_width_where_all_or_none_are_hits() -> None:
    assert wilson_interval(0, 10)[0] == 0.0 < wilson_interval(0, 10)[1]
    assert wilson_interval(10, 10)[0] < 1.0 == wilson_interval(10, 10)[1]


def test_wilson_interval_of_nothing_is_nan_and_of_nonsense_refused() -> None:
    assert all(math.isnan(end) for end in wilson_interval(0, 0))
    with pytest.raises(ValueError, match="3 hits among 2"):
        wilson_interval(3, 2)


def test_cluster_mean_interval_worked_example() -> None:
    # two clusters with one answer each, 1 and 3: a draw gives 1, 2 or 3 with chances 1/4, 1/2, 1/4, so the
    # 2.5 % and 97.5 % points are 1 and 3
    assert tuple(cluster_mean_interval(np.array([1.0, 3.0]), np.array([1.0, 1.0]))) == (1.0, 3.0)


def test_cluster_mean_interval_agrees_with_cluster_robust_errors_of_statsmodels() -> None:
    rng = np.random.default_rng(1)
    clusters, size = 300, 4
    answers = rng.normal(3, 1, clusters)[:, None] + rng.normal(0, 0.5, (clusters, size))
    groups = np.repeat(np.arange(clusters), size)
    model = sm.OLS(answers.ravel(), np.ones(clusters * size)).fit(cov_type="cluster", cov_kwds={"groups": groups})
    low, high = cluster_mean_interval(answers.sum(axis=1), np.full(clusters, float(size)))
    expected = model.conf_int()[0]
    assert low == pytest.approx(expected[0], abs=0.02)
    assert high == pytest.approx(expected[1], abs=0.02)


def test_cluster_mean_interval_is_the_same_each_time_and_nan_for_one_cluster() -> None:
    sums, counts = np.array([3.0, 8.0, 4.0]), np.array([1.0, 2.0, 1.0])
    assert cluster_mean_interval(sums, counts) == cluster_mean_interval(sums, counts)
    assert all(math.isnan(end) for end in cluster_mean_interval(sums[:1], counts[:1]))
