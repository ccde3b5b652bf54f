"""How one rater's figure stands among the others', and what stands out."""

from __future__ import annotations

import math

from annotation.domain.signals import SIGNALS, RaterSignals, compare, signals_for
from annotation.domain.signals.measures import (
    UNKNOWN,
    Agreement,
    Hidden,
    Pace,
    Sameness,
    Share,
)
from annotation.domain.signals.standing import robust_distances
from annotation.enums import RaterState
from annotation.models import Rater
from pipeline.enums import InstrumentName
from tests.annotation.domain.signals.answering import near

nan = math.nan


def test_distance_is_in_robust_standard_deviations():
    # median 3, deviations 2 1 0 1 2, MAD 1: 0.6745 * (9 - 3) = 4.047
    assert robust_distances([9, 3, nan], [1, 2, 3, 4, 5]) == near([4.047, 0, nan])
    # more than half the same: MAD 0; mean absolute deviation 5/5 = 1: (6 - 1) / 1.2533 = 3.9895
    assert robust_distances([6], [1, 1, 1, 1, 6]) == near([3.9895])


def test_distance_where_all_are_the_same_or_fewer_than_three():
    assert robust_distances([2, 3, 1], [2, 2, 2]) == [0, math.inf, -math.inf]
    assert robust_distances([2, 9], [2, 9]) == near([nan, nan])


def made(key, hidden=0.0, n=9, gold=(0, 0), left=(0, 0), seconds=nan, state=RaterState.ACTIVE):
    return RaterSignals(
        rater=Rater(pk=key, state=state),
        pace=Pace(n, seconds, seconds),
        sameness=Sameness(0, 0, nan, nan, nan),
        agreement=Agreement(0, 0, nan, UNKNOWN),
        gold=Share(*gold),
        attention=Share(0, 0),
        left=Share(*left),
        hidden=Hidden(n, 0, hidden),
        pastes=None,
        skips={},
        late=0,
        hasty=Share(0, 0),
    )


def far_in(key, raters):
    return [rater for rater, standing in compare(SIGNALS[key], raters).standings.items() if standing.far]


def test_who_is_far_stands_out_among_five():
    # median 0.02, MAD 0.01: 0.6745 * 0.48 / 0.01 = 32.4
    shares = [0, 0.01, 0.02, 0.03, 0.5]
    raters = [made(key, hidden=share) for key, share in enumerate(shares)]
    comparison = compare(SIGNALS["hidden"], raters)
    assert comparison.median == 0.02
    assert comparison.standings[4].distance == near(32.376)
    assert far_in("hidden", raters) == [4]


def test_nobody_stands_out_among_four_and_nothing_is_drawn_of_two():
    raters = [made(key, hidden=share) for key, share in enumerate([0, 0.01, 0.02, 0.5])]
    assert far_in("hidden", raters) == []
    assert compare(SIGNALS["hidden"], raters).drawn
    assert not compare(SIGNALS["hidden"], raters[:2]).drawn
    alone = compare(SIGNALS["hidden"], raters[:1])
    assert math.isnan(alone.standings[0].distance)
    assert math.isnan(compare(SIGNALS["hidden"], []).median)


def test_far_needs_a_difference_that_matters():
    raters = [made(key, hidden=share) for key, share in enumerate([0, 0.001, 0.002, 0.003, 0.05])]
    assert far_in("hidden", raters) == []


def test_who_has_too_little_is_neither_compared_nor_counted():
    raters = [made(key, hidden=0.01 * key) for key in range(5)] + [made(5, hidden=0.9, n=2)]
    comparison = compare(SIGNALS["hidden"], raters)
    assert len(comparison.values) == 5
    assert (comparison.standings[5].compared, comparison.standings[5].far) == (False, False)


def test_who_was_excluded_has_a_place_and_moves_nobody():
    raters = [made(key, hidden=0.01 * key) for key in range(5)]
    gone = [made(key, hidden=0.9, state=RaterState.EXCLUDED) for key in range(5, 11)]
    comparison = compare(SIGNALS["hidden"], raters + gone)
    assert comparison.median == 0.02
    assert comparison.standings[5].far


def test_time_is_compared_in_ratios_and_only_the_quick_stand_out():
    # a tenth of the median and ten times the median are equally far from it
    raters = [made(key, seconds=value) for key, value in enumerate([18, 19, 20, 21, 22, 2, 200])]
    distances = {key: one.distance for key, one in compare(SIGNALS["time"], raters).standings.items()}
    assert distances[5] == near(-distances[6])
    assert far_in("time", raters) == [5]


def test_one_gold_question_missed_stands_out_nowhere():
    perfect = [made(key, gold=(8, 8)) for key in range(6)]
    assert far_in("gold", [*perfect, made(6, gold=(7, 8))]) == []
    assert far_in("gold", [*perfect, made(6, gold=(2, 3))]) == []
    assert far_in("gold", [*perfect, made(6, gold=(5, 8))]) == [6]


def test_figure_whose_interval_holds_the_median_stands_out_nowhere():
    # 9 of 12 left: Wilson 0.468 to 0.911 holds the median of 0.5; 30 of 40 (0.598 to 0.858) does not
    even = [made(key, left=(20 + key % 2, 40)) for key in range(6)]
    assert far_in("left", [*even, made(6, left=(9, 12))]) == []
    assert far_in("left", [*even, made(6, left=(30, 40))]) == [6]
    assert far_in("left", [*even, made(6, left=(10, 40))]) == [6]  # to the right as well


def test_instruments_have_their_own_signals():
    assert {one.key for one in signals_for(InstrumentName.PREFERENCE)} == set(SIGNALS) - {"majority"}
    assert {one.key for one in signals_for(InstrumentName.RELEVANCE)} == set(SIGNALS) - {"difference", "left"}
