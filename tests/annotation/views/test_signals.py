"""The lead's page of signals and a rater's own: shown, and nothing follows from it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.models import Assignment, Rater, Remark
from studies.models import AuditEvent
from tests import factories
from tests.annotation.domain.signals.answering import answered

PAGE = "/s/figs/c/one/signals/"


@pytest.fixture
def campaign(study):
    return factories.make_campaign(study, slug="one", n_items=3, n_questions=1)


def work(campaign, rater, hidden=0.0):
    return [answered(rater, item, "yes", seconds=10, hidden_seconds=hidden) for item in campaign.items.all()]


def test_pages_show_who_stands_out_and_change_nothing(client, campaign, lead):
    raters = [factories.make_rater(campaign) for _ in range(6)]
    for number, rater in enumerate(raters):
        work(campaign, rater, hidden=90 if number == 5 else number / 10)
    page = Assignment.objects.filter(rater=raters[5])[0]
    now = timezone.now()
    note = {"kind": "note", "position": 0, "text": "Figs again.", "looked_with": "rules"}
    Remark.objects.create(assignment=page, made_at=now, **note)
    before = [list(model.objects.order_by("pk").values()) for model in (Rater, Assignment, AuditEvent)]
    client.force_login(lead)
    listed = client.get(PAGE).content.decode()
    own = client.get(f"/s/figs/c/one/raters/{raters[5].participant.pseudonym}/").content.decode()
    for text in (listed, own):
        assert "The page was out of sight 90 % of the time" in text
    assert "1 of 6 raters with answers stands out" in listed
    assert "Figs again." in own
    assert before == [list(model.objects.order_by("pk").values()) for model in (Rater, Assignment, AuditEvent)]


def test_pages_without_raters_and_without_answers(client, campaign, lead):
    client.force_login(lead)
    assert "Nobody takes part yet" in client.get(PAGE).content.decode()
    rater = factories.make_rater(campaign)
    assert "No answers yet" in client.get(PAGE).content.decode()
    own = client.get(f"/s/figs/c/one/raters/{rater.participant.pseudonym}/")
    assert "No answers to work items yet." in own.content.decode()


@pytest.mark.parametrize("page", ["all", "one"])
def test_page_takes_as_many_queries_for_three_raters_as_for_one(client, campaign, lead, page):
    client.force_login(lead)
    counts = []
    first = factories.make_rater(campaign)
    url = PAGE if page == "all" else f"/s/figs/c/one/raters/{first.participant.pseudonym}/"
    for rater in (first, factories.make_rater(campaign), factories.make_rater(campaign)):
        work(campaign, rater)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(url).status_code == 200
        counts.append(len(caught))
    assert len(set(counts)) == 1
