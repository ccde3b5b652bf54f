from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.domain.counting import counted_judgments
from annotation.domain.joining import import_rater
from annotation.domain.progress import Progress, progress_for, progress_of
from annotation.domain.withdrawing import withdraw_rater
from annotation.enums import AssignmentState, CampaignState, ItemRole, Origin
from annotation.models import Assignment, Judgment
from tests import factories


def test_progress_of_a_new_campaign_wants_k_of_every_question(study):
    campaign = factories.make_campaign(study, n_items=4, n_questions=5, k=3)
    assert progress_of(campaign) == Progress(items=4, questions=20, wanted=60)
    assert not progress_of(campaign).complete


def test_progress_counts_what_was_submitted_and_names_what_is_held(study):
    campaign = factories.make_campaign(study, n_items=2, n_questions=3, k=2)
    first, second, _ = (factories.make_rater(campaign) for _ in range(3))
    for _ in range(2):
        factories.submit(factories.claim(first))
    factories.submit(factories.claim(second))
    factories.claim(second)
    progress = progress_of(campaign)
    assert (progress.counted, progress.wanted, progress.percent) == (9, 12, 75)
    assert (progress.items_complete, progress.held, progress.raters) == (1, 1, 3)
    assert progress.counted == counted_judgments(Judgment.objects.filter(question__campaign=campaign)).count()


def test_progress_is_complete_exactly_when_every_seat_is_filled(study):
    campaign = factories.make_campaign(study, n_items=1, n_questions=2, k=2)
    for last in (False, True):
        assert not progress_of(campaign).complete
        factories.submit(factories.claim(factories.make_rater(campaign)))
        assert progress_of(campaign).complete is last
    assert (progress_of(campaign).percent, progress_of(campaign).left) == (100, 0)


def test_progress_forgets_a_lease_that_ran_out(study):
    campaign = factories.make_campaign(study)
    factories.claim(factories.make_rater(campaign))
    Assignment.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    assert progress_of(campaign).held == 0


def test_progress_keeps_surplus_and_withdrawn_answers_apart(study):
    campaign = factories.make_campaign(study, n_items=1, n_questions=2, k=1)
    leaver, late = factories.make_rater(campaign), factories.make_rater(campaign)
    gone = factories.claim(leaver)
    Assignment.objects.filter(pk=gone.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    factories.submit(factories.claim(late))
    factories.submit(Assignment.objects.get(pk=gone.pk))
    assert Assignment.objects.get(pk=gone.pk).state == AssignmentState.SURPLUS
    assert (progress_of(campaign).counted, progress_of(campaign).kept) == (2, 2)
    withdraw_rater(rater=late, erase=False)  # the surplus moves up
    progress = progress_of(campaign)
    assert (progress.counted, progress.kept, progress.raters) == (2, 2, 1)


def test_progress_never_counts_gold_or_imported_answers(study):
    campaign = factories.make_campaign(study, n_items=1, n_questions=2, k=1)
    gold = factories.make_item(campaign, 7, 2, role=ItemRole.GOLD)
    rater = factories.make_rater(campaign)
    _answered(gold, rater)
    assert (progress_of(campaign).counted, progress_of(campaign).kept, progress_of(campaign).wanted) == (0, 2, 2)

    imported = factories.make_campaign(study, n_items=1, origin=Origin.IMPORTED, state=CampaignState.CLOSED)
    _answered(imported.items.get(), import_rater(campaign=imported, source_id="r1"))
    progress = progress_of(imported)
    assert (progress.wanted, progress.counted, progress.kept, progress.items_complete) == (0, 0, 2, 0)
    assert not progress.complete


def _answered(item, rater):
    now = timezone.now()
    assignment = Assignment.objects.create(
        campaign=item.campaign, item=item, rater=rater, state=AssignmentState.SUBMITTED, submitted_at=now
    )
    for question in item.questions.all():
        Judgment.objects.create(
            question=question,
            rater=rater,
            assignment=assignment,
            instrument=question.instrument,
            value="yes",
            made_at=now,
        )


def test_progress_says_how_long_it_takes_at_this_pace(study):
    campaign = factories.make_campaign(study, n_items=4, n_questions=1, k=1)
    rater = factories.make_rater(campaign)
    old = factories.submit(factories.claim(rater))
    Assignment.objects.filter(pk=old.pk).update(submitted_at=timezone.now() - timedelta(hours=25))
    assert progress_of(campaign).days_left is None
    factories.submit(factories.claim(rater))
    progress = progress_of(campaign)
    assert (progress.counted, progress.recent, progress.left, progress.days_left) == (2, 1, 2, 2.0)


def test_progress_percent_is_100_only_when_complete():
    assert Progress(wanted=1000, counted=999).percent == 99
    assert Progress(wanted=0).percent == 0


def test_progress_for_takes_the_same_queries_for_one_campaign_and_three(study):
    campaigns = [factories.make_campaign(study) for _ in range(3)]
    with CaptureQueriesContext(connection) as one:
        progress_for(campaigns[:1])
    with CaptureQueriesContext(connection) as three:
        progress_for(campaigns)
    assert len(one) == len(three)
