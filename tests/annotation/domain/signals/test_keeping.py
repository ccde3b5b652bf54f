"""Signals that were kept are those that are worked out, and give way where they do not hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.domain.rolling import roll_up
from annotation.domain.signals import campaigns_to_keep, keep_signals, keeping, seen_of, signals_of
from annotation.domain.withdrawing import withdraw_rater
from annotation.enums import AssignmentState, ItemRole, RaterState, ReturnReason
from annotation.models import Assignment, Campaign, Expected, Judgment, Rater, Rollup, SignalRollup
from annotation.tasks import task_keep_signals
from pipeline.enums import InstrumentName
from studies.models import Study, User
from tests import factories
from tests.annotation.domain.signals.answering import answered

PAGE = "/s/figs/c/one/"


@pytest.fixture(params=[InstrumentName.RELEVANCE, InstrumentName.PREFERENCE])
def campaign(request: pytest.FixtureRequest, study: Study) -> Campaign:
    """With something of every figure, and somebody who has none."""
    campaign = factories.make_campaign(study, slug="one", n_items=3, n_questions=1, instrument=request.param)
    values = ("yes", "no") if request.param == InstrumentName.RELEVANCE else ("1", "4")
    checks = [factories.make_item(campaign, 7 + n, 1, role) for n, role in enumerate(ItemRole.mixed_in())]
    for check in checks:
        Expected.objects.create(question=check.questions.get(), values=[values[0]])
    for number in range(4):
        rater = factories.make_rater(campaign)
        for minute, item in enumerate([*campaign.items.all()[:2], *checks]):
            value = values[(number + minute) % 2]
            answered(rater, item, value, minute=minute, seconds=1 + 20 * number, hidden_seconds=minute, pastes=number)
        late = campaign.items.all()[2]
        fields = {"returned_because": ReturnReason.BROKEN} if number else {"submitted_at": timezone.now()}
        state = AssignmentState.RETURNED if number else AssignmentState.SURPLUS
        Assignment.objects.create(campaign=campaign, item=late, rater=rater, state=state, **fields)
    Rater.objects.filter(pk=campaign.raters.order_by("pk")[1].pk).update(state=RaterState.EXCLUDED)
    factories.make_rater(campaign)
    return campaign


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FROM_JUDGMENTS", 1)


def test_kept_signals_are_those_that_are_worked_out(campaign: Campaign) -> None:
    roll_up(campaign=campaign)
    worked_out = signals_of(campaign)
    assert any(one.skips for one in worked_out)
    assert any(one.attention.hits for one in worked_out)
    keep_signals(campaign=campaign)
    Judgment.objects.all().update(value="no" if campaign.instrument == InstrumentName.RELEVANCE else "3")
    seen = seen_of(campaign)
    assert seen.made_at == SignalRollup.objects.get().made_at
    assert repr(seen.signals) == repr(worked_out), "as repr, for which NaN is NaN"


@pytest.mark.usefixtures("large")
def test_signals_are_kept_of_large_campaigns_that_have_changed(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = factories.make_campaign(study, n_items=2, n_questions=1)
    assert campaigns_to_keep() == [], "never counted"
    factories.submit(factories.claim(factories.make_rater(campaign)))
    roll_up(campaign=campaign)
    task_keep_signals()
    assert SignalRollup.objects.filter(campaign=campaign).exists()
    assert campaigns_to_keep() == []
    roll_up(campaign=campaign)
    assert campaigns_to_keep() == [campaign]
    monkeypatch.setattr(keeping, "FROM_JUDGMENTS", 2)
    assert campaigns_to_keep() == [], "it is small"


def test_kept_signals_give_way_when_no_worker_keeps_them_and_when_one_of_them_is_erased(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=2, n_questions=1)
    rater = factories.make_rater(campaign)
    factories.submit(factories.claim(rater))
    roll_up(campaign=campaign)
    kept = keep_signals(campaign=campaign)
    SignalRollup.objects.update(made_at=kept.made_at - keeping.MOST_AGE)
    assert seen_of(campaign).made_at is None, "counted since, and half an hour old"
    Rollup.objects.update(made_at=kept.made_at - timedelta(hours=9))
    assert seen_of(campaign).made_at, "old, and nothing has changed since"
    withdraw_rater(rater=rater, erase=True)
    assert not SignalRollup.objects.exists()


def test_pages_say_of_when_kept_signals_are_and_know_who_came_and_went_since(client, campaign, lead: User) -> None:
    roll_up(campaign=campaign)
    keep_signals(campaign=campaign)
    first = campaign.raters.order_by("pk")[0]
    Rater.objects.filter(pk=first.pk).update(state=RaterState.EXCLUDED)
    new = factories.make_rater(campaign)
    client.force_login(lead)
    page = client.get(f"{PAGE}signals/").content.decode()
    assert "As of <time" in page
    assert new.participant.pseudonym in page
    assert page.count("excluded</span>") == 2
    for rater in (first, new):
        assert client.get(f"{PAGE}raters/{rater.participant.pseudonym}/").status_code == 200
