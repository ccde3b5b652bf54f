"""A rater with two items in hand, and with every text rendered once."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from pipeline.enums import InstrumentName
from pipeline.models import Response
from studies.models import Study, User
from tests import factories
from tests.annotation.blinding.replies import get, reply_to
from tests.annotation.blinding.world import LEFT, RIGHT, World, hold_also


@pytest.fixture
def world(study: Study, rater_a: User) -> World:
    campaign = factories.make_campaign(
        study, n_items=2, n_questions=2, instrument=InstrumentName.PREFERENCE, title="Which answer suits?"
    )
    for item in campaign.items.select_related("pair"):
        assert item.pair
        Response.objects.filter(pk=item.pair.generic_id).update(text=LEFT)
        Response.objects.filter(pk=item.pair.personalized_id).update(text=RIGHT)
    rater = factories.make_rater(campaign, rater_a)
    now = factories.claim(rater)
    return World(campaign, rater, now, hold_also(now))


@pytest.fixture
def shown(world: World, rater_a: User) -> World:
    """Every text rendered once, as it is after the first reader: a rendering is stored and then reused."""
    reply_to(get("item"), world, rater_a)
    client = Client()
    client.force_login(rater_a)
    client.get(reverse("annotation:home"))
    client.get(world.url("item"))
    return world
