"""The fixed cast of every test that needs people. Browser and real material: tests/browser.py."""

from __future__ import annotations

import pytest

from studies.enums import Role
from studies.models import Study, User
from tests import factories

pytest_plugins = ["tests.browser"]


@pytest.fixture
def study(db: None) -> Study:
    return factories.make_study("figs", title="Figs and people")


@pytest.fixture
def other_study(db: None) -> Study:
    return factories.make_study("other", title="Another study")


@pytest.fixture
def lead(study: Study) -> User:
    return factories.make_member(study, Role.LEAD, "lead")


@pytest.fixture
def researcher(study: Study) -> User:
    return factories.make_member(study, Role.RESEARCHER, "researcher")


@pytest.fixture
def rater_a(study: Study) -> User:
    return factories.make_member(study, Role.RATER, "rater_a")


@pytest.fixture
def rater_b(study: Study) -> User:
    return factories.make_member(study, Role.RATER, "rater_b")


@pytest.fixture
def outsider(other_study: Study) -> User:
    """Leads another study, so that nothing but the study tells them from the lead."""
    return factories.make_member(other_study, Role.LEAD, "outsider")
