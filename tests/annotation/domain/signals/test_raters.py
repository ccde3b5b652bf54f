"""Every figure from the database."""

from __future__ import annotations

import math

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analysis import intervals
from annotation.domain.signals import measures, signals_of
from annotation.domain.signals.material import _answers, read_material
from annotation.domain.signals.measures import (
    UNKNOWN,
    Hidden,
    Share,
)
from annotation.enums import AssignmentState, ItemRole, RaterState, ReturnReason
from annotation.models import Assignment, Expected, Judgment, Rater
from pipeline.enums import InstrumentName, Side
from tests import factories
from tests.annotation.domain.signals.answering import answered, by_rater, near

nan = math.nan


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
    other = {page + 1: of_page for page, of_page in pages.items()}
    assert [len(_answers(campaign, [rater], known).code) for known in (pages, {}, other)] == [1, 0, 0]
    assert len(_answers(campaign, [], pages).code) == 0


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
    assert counts == [5, 5, 5]


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
