from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import bootstrap

from analysis.bootstrap import (
    chunk_for,
    intervals,
    nudged_raters,
    percentiles,
    rater_weights,
    replicated,
    share,
    spread_over_raters,
    summed,
    unit_weights,
)
from analysis.clusters import clustered_share
from analysis.jackknife import Spread, groups_within


def test_percentiles_worked_example() -> None:
    # 41 replicates 0 .. 40: the 2.5 % point stands at place 40 * 0.025 = 1, the 97.5 % point at 39
    low, high, undefined = percentiles(np.arange(41.0)[:, None])
    assert (low[0], high[0], undefined[0]) == pytest.approx((1.0, 39.0, 0))


def test_percentiles_equal_numpy_and_leave_undefined_replicates_out() -> None:
    made = np.random.default_rng(1).normal(size=(300, 2))
    made[:100, 1] = np.nan
    low, high, undefined = percentiles(made)
    assert [low[0], high[0]] == pytest.approx(np.quantile(made[:, 0], [0.025, 0.975]))
    assert [low[1], high[1]] == pytest.approx(np.quantile(made[100:, 1], [0.025, 0.975]))
    assert undefined.tolist() == [0, 100]


def test_percentiles_of_a_figure_seldom_defined_are_nan() -> None:
    made = np.array([[1.0, 1.0], [math.nan, 2.0], [math.nan, 3.0]])
    assert np.isnan(percentiles(made).low).tolist() == [True, False]
    assert np.isnan(percentiles(np.zeros((0, 2))).high).all()


def test_intervals_worked_example() -> None:
    # replicates 0 .. 40: percentiles 1 and 39, median 20; se 2 with so many degrees of freedom that t is 1.96: the ends
    # lie 2 * 1.96 * 2 = 7.84 apart, as much on either side. Squared, 1, 400 and 1521: 399 to 1121 of 1520 below
    spread = Spread(np.array([2.0]), np.array([1e9]))
    low, high, _ = intervals(np.array([5.0]), np.arange(41.0)[:, None], spread)
    assert (low[0], high[0]) == pytest.approx((5 - 3.92, 5 + 3.92), abs=1e-3)
    low, high, _ = intervals(np.array([5.0]), np.arange(41.0)[:, None] ** 2, spread)
    assert (low[0], high[0]) == pytest.approx((5 - 7.84 * 399 / 1520, 5 + 7.84 * 1121 / 1520), abs=1e-3)


def test_the_interval_of_a_share_is_the_clustered_one() -> None:
    hits, clusters = np.random.default_rng(4).random(120) < 0.7, {"answer": np.arange(120)}
    wanted = clustered_share(hits.astype(float), clusters)
    spread = Spread(np.array([wanted.se, 0.0, math.nan]), np.full(3, wanted.df))
    low, high, _ = share(np.array([wanted.value, 1.0, 0.5]), np.zeros((0, 3)), spread)
    assert (low[0], high[0]) == pytest.approx((wanted.low, wanted.high))
    assert (low[1], high[1], np.isnan(low[2])) == (1, 1, True)


def test_intervals_that_cannot_be_told_are_nan_and_full_agreement_has_no_width() -> None:
    made = np.array([[1.0, math.nan, 1.0], [1.0, math.nan, 1.5], [1.0, 2.0, 2.0]])
    low, high, undefined = intervals(np.ones(3), made, Spread(np.array([0.0, 1.0, math.nan]), np.full(3, 9.0)))
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, True, True]
    assert (low[0], high[0], undefined.tolist()) == (1.0, 1.0, [0, 2, 0])


@pytest.mark.parametrize(("of_rater", "of_pair"), [(1.0, 0.0), (0.0, 1.0), (0.5, 1.0)])
def test_spread_over_raters_is_that_of_a_mean_over_pairs(of_rater: float, of_pair: float) -> None:
    # the mean over the pairs of n raters of u_a + u_b + e_ab has variance 4 var(u) / n + var(e) / (number of pairs)
    rng, n = np.random.default_rng(6), 40
    first, second = np.triu_indices(n, 1)
    raters = rng.normal(0, of_rater, (n, 30))  # thirty figures, each of raters of its own
    figures = raters[first] + raters[second] + rng.normal(0, of_pair, (len(first), 30))

    def mean(weights: np.ndarray) -> np.ndarray:
        pair = weights[first].astype(float) * weights[second]
        return np.asarray((pair.T @ figures) / pair.sum(axis=0)[:, None])

    strata = np.zeros(n, dtype=np.int64)
    moved, drawn = replicated(nudged_raters(strata, 16), [mean])[0], replicated(rater_weights(strata, 64), [mean])[0]
    se, df = spread_over_raters(moved, drawn, groups_within(strata)[1])
    assert math.sqrt((se**2).mean()) == pytest.approx(
        math.sqrt(4 * of_rater**2 / n + of_pair**2 / len(first)), rel=0.15
    )
    assert df == pytest.approx(n - 1)


def test_unit_weights_draw_as_many_units_as_there_are_whatever_the_chunk() -> None:
    whole = np.concatenate(list(unit_weights(np.arange(7), 256, replicates=50)), axis=1)
    parts = list(unit_weights(np.arange(7), 8, replicates=50))
    assert [part.shape for part in parts] == [(7, 8)] * 6 + [(7, 2)]
    assert np.array_equal(np.concatenate(parts, axis=1), whole)
    assert set(whole.sum(axis=0)) == {7.0}


def test_units_of_one_person_are_drawn_together() -> None:
    people = np.array([0, 0, 1, 2, 2, 2])
    drawn = np.concatenate(list(unit_weights(people, 16, replicates=40)), axis=1)
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[3:] == drawn[3]).all()
    assert set(drawn[[0, 2, 3]].sum(axis=0)) == {3.0}  # as many people as there are


def test_rater_weights_are_drawn_within_each_stratum() -> None:
    strata = np.array([0, 1, 0, 1, 0, 2])
    drawn = np.concatenate(list(rater_weights(strata, 16, replicates=40)), axis=1)
    assert [set(drawn[strata == stratum].sum(axis=0)) for stratum in (0, 1, 2)] == [{3.0}, {2.0}, {1.0}]


def test_replicated_means_give_the_interval_of_scipy() -> None:
    answers = np.random.default_rng(2).normal(size=60)
    made = replicated(
        unit_weights(np.arange(60), 64, replicates=2000), [lambda weights: summed(answers, weights)[:, None] / 60]
    )[0]
    low, high, _ = percentiles(made)
    theirs = bootstrap((answers,), np.mean, method="percentile", n_resamples=2000, rng=np.random.default_rng(3))
    assert (low[0], high[0]) == pytest.approx(tuple(theirs.confidence_interval), abs=0.02)


def test_summed_keeps_the_shape_of_what_is_summed() -> None:
    parts = np.arange(12.0).reshape(3, 2, 2)
    assert summed(parts, np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 0.0]])).tolist() == [
        (parts[0] + parts[2]).tolist(),
        (2 * parts[1]).tolist(),
    ]
    assert summed(np.zeros((0, 4)), np.zeros((0, 3))).shape == (3, 4)


def test_chunks_are_never_empty() -> None:
    assert (chunk_for(0), chunk_for(10**9)) == (256, 1)
