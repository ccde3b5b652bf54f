from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import bootstrap

from analysis.bootstrap import chunk_for, percentiles, rater_weights, replicated, summed, unit_weights


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
