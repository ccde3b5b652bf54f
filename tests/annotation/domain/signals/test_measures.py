"""One rater's figures by hand once, and what becomes of them where there is too little to divide by."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.intervals import Interval
from annotation.domain.signals.measures import (
    UNKNOWN,
    Hidden,
    Share,
    agreement_by_difference,
    agreement_by_majority,
    hidden_of,
    left_preferred,
    pace_of,
    sameness_of,
    sds_below_mean,
)
from tests.annotation.domain.signals.answering import near

nan = math.nan


def ints(*values):
    return np.array(values, dtype=np.int64)


def test_pace_is_the_median_over_pages_and_the_whole_over_questions():
    # 10/2 = 5, 30/3 = 10, 26/1 = 26: median 10; (10 + 30 + 26) / (2 + 3 + 1) = 11
    pace = pace_of([10, 30, 26], [2, 3, 1])
    assert (pace.n, pace.median, pace.whole) == (3, 10, 11)


def test_pace_without_times_is_not_defined():
    pace = pace_of([], [])
    assert (pace.n, pace.median, pace.whole, pace.sds_below) == (0, near(nan), near(nan), near(nan))


def test_speed_is_in_standard_deviations_below_the_mean():
    # mean of 10, 12, 14 is 12; s = sqrt((4 + 0 + 4) / 2) = 2; who has no times counts nowhere
    assert sds_below_mean([10, 12, 14, nan]) == near([1, 0, -1, nan])


@pytest.mark.parametrize("whole", [[7.0], [7.0, 9.0], [7.0, 9.0, nan], [7.0, 7.0, 7.0], [nan, nan, nan]])
def test_speed_of_too_few_or_all_the_same_is_not_defined(whole):
    assert all(math.isnan(value) for value in sds_below_mean(whole))


def test_sameness_is_the_longest_run_and_the_entropy():
    # a a b b b a: longest 3 of 6; shares 1/2 and 1/2: 1 bit; others 1/4 and 3/4: 1/4 * 2 + 3/4 * 0.4150 = 0.8113
    found = sameness_of(ints(0, 0, 1, 1, 1, 0), ints(3, 3), ints(2, 6))
    assert (found.n, found.longest, found.share, found.entropy) == (6, 3, 0.5, 1)
    assert found.entropy_others == near(0.8113)


def test_sameness_of_one_answer_throughout_and_of_none():
    same = sameness_of(ints(1, 1, 1), ints(0, 3), ints(0, 0))
    assert (same.longest, same.share, same.entropy, same.entropy_others) == (3, 1, 0, near(nan))
    none = sameness_of(ints(), ints(0, 0), ints(1, 1))
    assert (none.n, none.longest, none.share, none.entropy, none.entropy_others) == (0, 0, near(nan), near(nan), 1)


def test_agreement_counts_single_majorities_only():
    # with 2 : 0 agrees, with 1 : 0 does not, 1 : 1 is a tie, nobody else answered the fourth: 1 of 2
    found = agreement_by_majority(ints(0, 1, 1, 0), np.array([[2, 0], [1, 0], [1, 1], [0, 0]]))
    assert (found.n, found.n_tied, found.value) == (2, 1, 0.5)
    # Wilson, z = 1.96: centre 1/2, half = 1.96 * sqrt(1/8 + 3.8415/16) / (1 + 3.8415/2) = 0.4055
    assert found.interval == near(Interval(0.0945, 0.9055))


def test_agreement_without_others_or_with_ties_only_is_not_defined():
    alone = agreement_by_majority(ints(0), np.array([[0, 0]]))
    assert (alone.n, alone.n_tied, alone.value, alone.interval) == (0, 0, near(nan), UNKNOWN)
    tied = agreement_by_majority(ints(0), np.array([[3, 3]]))
    assert (tied.n, tied.n_tied, tied.value) == (0, 1, near(nan))


def test_agreement_on_a_scale_is_the_mean_difference():
    # |5 - 4| = 1, |1 - 1.5| = 0.5, nobody else at the third: 1.5 / 2 = 0.75; draws of two pages lie in 0.5 to 1
    found = agreement_by_difference(np.array([5.0, 1, 3]), np.array([4, 1.5, nan]), ints(7, 8, 9))
    assert (found.n, found.value, found.interval) == (2, 0.75, near(Interval(0.5, 1)))


def test_agreement_on_a_scale_without_others_or_on_one_page():
    alone = agreement_by_difference(np.array([5.0]), np.array([nan]), ints(7))
    assert (alone.n, alone.value) == (0, near(nan))
    one_page = agreement_by_difference(np.array([5.0, 4]), np.array([4.0, 4]), ints(7, 7))
    assert (one_page.value, one_page.interval) == (0.5, near(UNKNOWN))


def test_left_is_of_choices_that_took_a_side():
    assert left_preferred([1, 2, 3, 5]) == Share(2, 3)
    assert math.isnan(left_preferred([3, 3]).share)


def test_hidden_is_a_share_of_all_seconds():
    # 10 hidden, 20 + 10 active: 10 / 40
    assert hidden_of([10, 0], [20, 10]) == Hidden(2, 10, 0.25)
    assert math.isnan(hidden_of([], []).share)
    assert math.isnan(hidden_of([0], [0]).share)
