"""Roll-ups: what counts, by value, on both databases; only campaigns that have changed are counted again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from analysis.longform import long_form
from analysis.schema import VALUES
from annotation.domain.judging import Answer, Submission, revise_assignment
from annotation.domain.rolling import OVERLAP, campaigns_to_roll_up, roll_up
from annotation.domain.withdrawing import withdraw_rater
from annotation.models import Campaign, Judgment, Revision, Rollup
from annotation.releases.live import live_release
from pipeline.enums import InstrumentName
from studies.models import AuditEvent, Study
from tests import factories


def answer(campaign: Campaign, *values: str) -> None:
    for value in values:
        factories.submit(factories.claim(factories.make_rater(campaign)), value)


def long_ago() -> None:
    """Everything that has happened so far happened an hour ago."""
    earlier = timezone.now() - timedelta(hours=1)
    Revision.objects.update(made_at=earlier)
    AuditEvent.objects.update(made_at=earlier)
    Rollup.objects.update(made_at=earlier + OVERLAP + timedelta(seconds=1))


def test_roll_up_counts_units_by_their_values(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=2, k=3)
    answer(campaign, "yes", "no", "yes")
    rollup = roll_up(campaign=campaign)
    rollup.refresh_from_db()
    assert rollup.patterns == [[[1, 2], 2]]  # no, yes: two units with one no and two yes
    assert (rollup.n_units, rollup.n_judgments) == (2, 6)
    assert roll_up(campaign=campaign).pk == rollup.pk


def test_roll_up_turns_preferences_towards_the_personalized_response(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=1, k=2, instrument=InstrumentName.PREFERENCE)
    answer(campaign, "5", "5")  # the seats have the personalized response left and right: 1 and 5 towards it
    assert roll_up(campaign=campaign).patterns == [((1, 0, 0, 0, 1), 1)]


@pytest.mark.parametrize("erase", [False, True])
def test_roll_up_leaves_out_who_withdrew(study: Study, erase: bool) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=2, k=2)
    answer(campaign, "yes", "no")
    withdraw_rater(rater=campaign.raters.order_by("pk")[0], erase=erase)
    assert roll_up(campaign=campaign).patterns == [((1, 0), 2)]


@pytest.mark.parametrize("instrument", InstrumentName)
def test_roll_up_counts_what_the_analysis_counts(study: Study, instrument: InstrumentName) -> None:
    """Held against the long form of the campaign's live state: the same units with the same answers."""
    campaign = factories.make_campaign(study, n_items=3, n_questions=2, k=3, instrument=instrument)
    values = VALUES[instrument]
    for number in range(3):
        rater = factories.make_rater(campaign)
        for place in range(3 - number):
            factories.submit(factories.claim(rater), values[(number + place) % len(values)])
    long = long_form(live_release(campaign))
    expected: dict[tuple[int, ...], int] = {}
    for unit in long.partition_by("unit"):
        given = unit["value"].to_list()
        counts = tuple(given.count(value) for value in values)
        expected[counts] = expected.get(counts, 0) + 1
    assert dict(roll_up(campaign=campaign).patterns) == expected
    assert len(long) == Judgment.objects.count() == 12


def test_campaigns_to_roll_up_are_those_that_changed(study: Study) -> None:
    still, busy, empty = (factories.make_campaign(study, n_items=2, n_questions=1, k=2) for _ in range(3))
    answer(still, "yes")
    answer(busy, "yes")
    assert campaigns_to_roll_up() == [still, busy]
    for campaign in campaigns_to_roll_up():
        roll_up(campaign=campaign)
    assert empty not in campaigns_to_roll_up()
    long_ago()
    assert campaigns_to_roll_up() == []
    answer(busy, "no")
    assert campaigns_to_roll_up() == [busy]


def test_campaigns_to_roll_up_sees_a_change_of_mind(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=1, k=2)
    assignment = factories.submit(factories.claim(factories.make_rater(campaign)), "yes")
    assert roll_up(campaign=campaign).patterns == [((0, 1), 1)]
    long_ago()
    revise_assignment(assignment=assignment, submission=Submission(key="again", answers={0: Answer("no")}))
    assert campaigns_to_roll_up() == [campaign]
    assert roll_up(campaign=campaign).patterns == [((1, 0), 1)]


def test_campaigns_to_roll_up_sees_a_withdrawal(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, n_questions=1, k=2)
    rater = factories.make_rater(campaign)
    factories.submit(factories.claim(rater), "yes")
    roll_up(campaign=campaign)
    long_ago()
    withdraw_rater(rater=rater, erase=False)  # adds no revision: the audit trail says so
    assert campaigns_to_roll_up() == [campaign]
