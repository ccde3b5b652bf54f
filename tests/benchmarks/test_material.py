"""The rows that are measured on are rows that a real campaign could have."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from annotation.models import Assignment, Campaign, Judgment
from benchmarks import material
from studies.models import User
from tests.annotation.domain.invariants import check_seats
from tests.annotation.views.rating_words import HTMX, answers, url


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Campaign:
    monkeypatch.setattr(material, "OPEN_ITEMS", 4)
    material.fill(100)
    return Campaign.objects.get(public_id=material.CAMPAIGN)


def test_filled_campaign_holds_every_rule(campaign: Campaign) -> None:
    assert Judgment.objects.count() == material.counts(100)["judgments"] == 90
    assert campaign.items.filter(open_seats=material.K).count() == 4
    assert sum(campaign.raters.values_list("n_submitted", flat=True)) == campaign.assignments.count()
    check_seats(campaign)
    connection.check_constraints()


def test_raters_of_a_filled_campaign_can_go_on(campaign: Campaign) -> None:
    client = Client()
    client.force_login(User.objects.get(username=material.rater_name(0)))
    client.get(f"/c/{campaign.public_id}/rate/")
    held = Assignment.objects.get(state="held")
    reply = client.post(url("submit-item", held), answers(n=material.QUESTIONS), headers=HTMX)
    assert reply.status_code == 200
    assert Judgment.objects.count() == 90 + material.QUESTIONS
    check_seats(campaign)
