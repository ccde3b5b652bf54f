"""A campaign of two items, rater_a's browser, and the item in their hands."""

from __future__ import annotations

import pytest
from django.test import Client

from annotation.models import Assignment, Campaign
from studies.models import Study, User
from tests import factories


@pytest.fixture
def campaign(study: Study) -> Campaign:
    return factories.make_campaign(study, n_items=2, n_questions=2)


@pytest.fixture
def held(campaign: Campaign, rater_a: User) -> Assignment:
    return factories.claim(factories.make_rater(campaign, rater_a))


@pytest.fixture
def browser_a(client: Client, rater_a: User) -> Client:
    client.force_login(rater_a)
    return client
