"""A relevance campaign with five pages of work, and quick ways to make its checks and to answer them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from annotation.domain.gates import open_gates
from annotation.domain.screening.making import make_check_item
from annotation.enums import ItemRole
from annotation.models import Assignment, Campaign, Item, Rater
from studies.models import Study
from tests import factories

MakeCheck = Callable[..., Item]


@pytest.fixture
def pilot(study: Study) -> Campaign:
    """Where check items are copied from, so that no rater meets their pages as work."""
    return factories.make_campaign(study, slug="pilot", n_items=6, n_questions=2)


@pytest.fixture
def campaign(study: Study) -> Campaign:
    return factories.make_campaign(study, slug="main", n_items=30, n_questions=2)


@pytest.fixture
def check(campaign: Campaign, pilot: Campaign) -> MakeCheck:
    """A check item of a role; its first question expects yes. Each copies another page of the pilot."""
    sources = iter(pilot.items.order_by("position"))

    def make(role: str = ItemRole.GOLD, **options: object) -> Item:
        options = {"expected": {0: ["yes"]}, "campaign": campaign} | options
        return make_check_item(source=next(sources), role=role, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def rater(campaign: Campaign) -> Rater:
    return factories.make_rater(campaign)


def at_gates(rater: Rater) -> Rater:
    """The rater as they stand after checks were added: joined before, and let as far as they have come."""
    return open_gates(rater=rater)


def answer(assignment: Assignment, value: str = "yes") -> Rater:
    factories.submit(assignment, value)
    return Rater.objects.select_related("campaign").get(pk=assignment.rater_id)
