"""Every figure by hand once, and what becomes of it where there is too little to divide by."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analysis import intervals
from analysis.intervals import Interval
from annotation.domain.signals import SIGNALS, RaterSignals, compare, measures, signals_for, signals_of
from annotation.domain.signals.haste import hasty_raters, least_seconds
from annotation.domain.signals.material import _rows, read_material
from annotation.domain.signals.measures import (
    UNKNOWN,
    Agreement,
    Hidden,
    Pace,
    Sameness,
    Share,
    agreement_by_difference,
    agreement_by_majority,
    hidden_of,
    left_preferred,
    pace_of,
    sameness_of,
    sds_below_mean,
)
from annotation.domain.signals.standing import robust_distances
from annotation.enums import AssignmentState, ItemRole, RaterState, ReturnReason
from annotation.models import Assignment, Expected, Item, Judgment, Rater
from pipeline.enums import InstrumentName, Side
from tests import factories

nan = math.nan


def ints(*values):
    return np.array(values, dtype=np.int64)


def near(expected):
    return pytest.approx(expected, abs=5e-4, nan_ok=True)


# One rater's figures


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


# Among the others


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


# From the database


def answered(rater, item, *values, state=AssignmentState.SUBMITTED, minute=0, **fields):
    """A page with an answer to each question, values by the questions' positions."""
    at = timezone.now() - timedelta(minutes=100 - minute)
    fields = {"order": list(range(len(values))), "side": Side.LEFT if item.pair_id else Side.NONE} | fields
    page = Assignment.objects.create(
        campaign=rater.campaign, item=item, rater=rater, state=state, submitted_at=at, **fields
    )
    for question, value in zip(item.questions.order_by("position"), values, strict=True):
        Judgment.objects.create(
            question=question, rater=rater, assignment=page, instrument=question.instrument, value=value, made_at=at
        )
    return page


def by_rater(campaign):
    return {one.rater.pk: one for one in signals_of(campaign)}


def test_signals_of_relevance(study):
    campaign = factories.make_campaign(study, n_items=2, n_questions=2)
    first, second = campaign.items.order_by("position")
    a, b, c = (factories.make_rater(campaign) for _ in range(3))
    answered(a, first, "yes", "no", minute=2, seconds=10, hidden_seconds=30, pastes=2)
    answered(a, second, "no", "no", minute=1, seconds=30, order=[1, 0], state=AssignmentState.SURPLUS)
    answered(b, first, "yes", "yes")
    answered(c, first, "yes", "yes")
    answered(c, second, "yes", "no", hidden_seconds=0)
    found = by_rater(campaign)
    # 30/2 = 15 and 10/2 = 5: median 10; 40/4 = 10
    assert (found[a.pk].pace.n, found[a.pk].pace.median, found[a.pk].pace.whole) == (2, 10, 10)
    # as given: no no (the second item came first), yes no: longest 2 of 4; others yes yes yes yes yes no
    same = found[a.pk].sameness
    assert (same.n, same.longest, same.share) == (4, 2, 0.5)
    assert (same.entropy, same.entropy_others) == (near(0.8113), near(0.6500))
    # majorities of the others: yes (agrees), yes (no), yes of one (no), no of one (agrees): 2 of 4
    assert (found[a.pk].agreement.n, found[a.pk].agreement.value) == (4, 0.5)
    assert (found[a.pk].hidden, found[a.pk].pastes, found[a.pk].late) == (Hidden(1, 30, 0.75), 2, 1)
    # b at the second question of the first item: a says no, c says yes, a tie
    assert (found[b.pk].agreement.n, found[b.pk].agreement.n_tied, found[b.pk].agreement.value) == (1, 1, 1)
    assert (found[b.pk].pace.n, found[b.pk].hidden.n, found[b.pk].pastes, found[b.pk].late) == (0, 0, None, 0)
    assert (found[c.pk].hidden.n, found[c.pk].hidden.seconds) == (1, 0)  # never out of sight is a report, too


def test_signals_run_over_answers_as_they_stood_on_the_page(study):
    campaign = factories.make_campaign(study, n_items=1, n_questions=4)
    rater = factories.make_rater(campaign)
    answered(rater, campaign.items.get(), "yes", "no", "yes", "no", order=[0, 2, 1, 3])
    assert by_rater(campaign)[rater.pk].sameness.longest == 2  # yes yes no no


def test_signals_of_preference(study):
    campaign = factories.make_campaign(study, n_items=2, n_questions=1, instrument=InstrumentName.PREFERENCE)
    first, second = campaign.items.order_by("position")
    a, b, c = (factories.make_rater(campaign) for _ in range(3))
    answered(a, first, "1", side=Side.LEFT)  # 5 towards personalized
    answered(a, second, "3", side=Side.RIGHT)  # 3, no side chosen
    answered(b, first, "4", side=Side.RIGHT)  # 4
    answered(c, first, "4", side=Side.LEFT)  # 2
    answered(c, second, "1", side=Side.RIGHT)  # 1
    found = by_rater(campaign)
    # |5 - (4 + 2) / 2| = 2 and |3 - 1| = 2: 2
    assert (found[a.pk].agreement.n, found[a.pk].agreement.value) == (2, 2)
    # |4 - (5 + 2) / 2| = 0.5
    assert (found[b.pk].agreement.n, found[b.pk].agreement.value) == (1, 0.5)
    assert (found[a.pk].left, found[b.pk].left, found[c.pk].left) == (Share(1, 1), Share(0, 1), Share(1, 2))


def test_signals_of_who_left_are_held_against_those_who_stay(study):
    campaign = factories.make_campaign(study, n_items=1, n_questions=1)
    gone, a, b = (factories.make_rater(campaign) for _ in range(3))
    answered(gone, campaign.items.get(), "no", state=AssignmentState.WITHDRAWN)
    Rater.objects.filter(pk=gone.pk).update(state=RaterState.EXCLUDED)
    for rater in (a, b):
        answered(rater, campaign.items.get(), "yes")
    found = by_rater(campaign)
    assert (found[a.pk].agreement.n, found[a.pk].agreement.n_tied, found[a.pk].agreement.value) == (1, 0, 1)
    assert (found[gone.pk].agreement.n, found[gone.pk].agreement.value) == (1, 0)


def test_signals_of_checks_count_gold_answers_and_attention_items(study):
    campaign = factories.make_campaign(study, n_items=1, n_questions=1)
    gold = factories.make_item(campaign, 5, 2, ItemRole.GOLD)
    attention = [factories.make_item(campaign, place, 2, ItemRole.ATTENTION) for place in (6, 7, 8)]
    for item in (gold, *attention):
        Expected.objects.bulk_create(Expected(question=one, values=["yes"]) for one in item.questions.all())
    rater = factories.make_rater(campaign)
    answered(rater, gold, "yes", "no", seconds=50)
    answered(rater, attention[0], "no", "no")  # two wrong answers, one failed item
    answered(rater, attention[1], "yes", "yes")
    answered(rater, attention[2], "no", "yes")  # a right answer after a wrong one does not make it good
    found = by_rater(campaign)[rater.pk]
    assert (found.gold, found.attention) == (Share(1, 2), Share(2, 3))
    assert (found.sameness.n, found.pace.n) == (0, 0)  # of work only


def test_signals_count_skips_by_reason(study):
    campaign = factories.make_campaign(study, n_items=4, n_questions=1)
    rater = factories.make_rater(campaign)
    first, *others = campaign.items.all()
    answered(rater, first, "yes")  # no skip
    for item, reason in zip(others, [ReturnReason.DISTRESS, ReturnReason.DISTRESS, ""], strict=True):
        Assignment.objects.create(
            campaign=campaign, item=item, rater=rater, state=AssignmentState.RETURNED, returned_because=reason
        )
    assert by_rater(campaign)[rater.pk].skips == {"": 1, ReturnReason.DISTRESS: 2}


def test_signals_of_erased_answers_and_of_nobody(study):
    campaign = factories.make_campaign(study, n_items=1, n_questions=1)
    assert signals_of(campaign) == []
    rater = factories.make_rater(campaign)
    answered(rater, campaign.items.get(), "yes")
    Judgment.objects.update(value=None, erased_at=timezone.now())
    found = by_rater(campaign)[rater.pk]
    assert (found.sameness.n, found.agreement.n) == (0, 0)


def test_answers_that_come_in_between_two_reads_are_left_for_the_next(study):
    campaign = factories.make_campaign(study, n_items=1, n_questions=1)
    rater = factories.make_rater(campaign)
    answered(rater, campaign.items.get(), "yes")
    pages = read_material(campaign).pages
    assert len(_rows(campaign, [rater], pages)) == 1
    assert len(_rows(campaign, [rater], {})) == 0
    assert len(_rows(campaign, [], pages)) == 0


def test_signals_take_as_many_queries_for_three_raters_as_for_one(study):
    campaign = factories.make_campaign(study, n_items=2)

    def queries():
        with CaptureQueriesContext(connection) as caught:
            signals_of(campaign)
        return len(caught)

    counts = []
    for number in range(3):
        rater = factories.make_rater(campaign)
        for item in list(campaign.items.all())[: number + 1]:
            answered(rater, item, "yes", "no")
        counts.append(queries())
    assert counts == [4, 4, 4]


def test_signals_of_one_rater_are_theirs_among_all_and_spare_the_intervals_of_the_others(study, monkeypatch):
    campaign = factories.make_campaign(study, n_items=2, n_questions=1, instrument=InstrumentName.PREFERENCE)
    raters = [factories.make_rater(campaign) for _ in range(3)]
    for number, rater in enumerate(raters):
        for item in campaign.items.all():
            answered(rater, item, str(number + 1), seconds=10 + number)
    of_all = by_rater(campaign)
    drawn = []
    measured = intervals.cluster_mean_interval
    monkeypatch.setattr(measures, "cluster_mean_interval", lambda *a, **k: drawn.append(1) or measured(*a, **k))
    found = {one.rater.pk: one for one in signals_of(campaign, of=raters[1])}
    assert len(drawn) == 1
    assert found[raters[1].pk] == of_all[raters[1].pk]
    other = found[raters[0].pk]
    assert other.agreement.value == of_all[raters[0].pk].agreement.value
    assert other.agreement.interval == UNKNOWN


# Clicking through


@pytest.mark.parametrize(
    ("instrument", "words", "questions", "expected"),
    [
        ("preference", 500, 1, 30.0),  # 500 words at 1,000 a minute
        ("relevance", 10, 6, 6.0),  # a second a question is more than ten words
        ("attribute_quality", 6000, 24, 24.0),  # conversations are searched
    ],
)
def test_least_seconds_are_those_of_reading_or_of_answering(instrument, words, questions, expected):
    assert least_seconds(instrument, words, questions) == expected


def test_who_clicks_through_is_told_even_where_there_is_nobody_to_compare_with(study):
    campaign = factories.make_campaign(study, n_items=4, n_questions=1)
    Item.objects.update(words=100)  # six seconds
    clicking, reading, excluded = (factories.make_rater(campaign) for _ in range(3))
    for number, item in enumerate(campaign.items.order_by("pk")):
        answered(clicking, item, "yes", seconds=2 if number else 40, minute=number)
        answered(reading, item, "yes", seconds=60 if number else 2, minute=number)
        answered(excluded, item, "yes", seconds=1, minute=number)
    Rater.objects.filter(pk=excluded.pk).update(state=RaterState.EXCLUDED)
    found = by_rater(campaign)
    assert (found[clicking.pk].hasty, found[reading.pk].hasty) == (Share(3, 4), Share(1, 4))
    assert hasty_raters(campaign) == [clicking.pk]
    Assignment.objects.filter(rater=clicking, seconds=2).update(seconds=None)
    assert hasty_raters(campaign) == [], "no time was told, or of too few pages"
