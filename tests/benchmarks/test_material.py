"""The rows that are measured on are rows that a real campaign could have."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client

from annotation.domain.assignment import claim_assignment
from annotation.enums import ItemRole
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


def test_filled_campaign_has_rules_in_force(campaign: Campaign) -> None:
    assert (campaign.max_items, campaign.max_items_day, campaign.check_every) == (100_000, 100_000, 10)
    live = campaign.raters.filter(participant__user__isnull=False)
    assert all(rater.next_check > rater.n_submitted for rater in live)
    live.update(next_check=F("n_submitted"))
    held = claim_assignment(rater=live[0])
    assert held
    assert held.item.role == ItemRole.GOLD


def test_raters_of_a_filled_campaign_can_go_on(campaign: Campaign) -> None:
    client = Client()
    client.force_login(User.objects.get(username=material.rater_name(0)))
    client.get(f"/c/{campaign.public_id}/rate/")
    held = Assignment.objects.get(state="held")
    reply = client.post(url("submit-item", held), answers(n=material.QUESTIONS), headers=HTMX)
    assert reply.status_code == 200
    assert Judgment.objects.count() == 90 + material.QUESTIONS
    check_seats(campaign)
