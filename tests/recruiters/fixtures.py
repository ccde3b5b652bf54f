"""A recruiter of the tests, fresh for each, behind one server for each module; and a campaign that recruits there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from annotation.domain.recruiting import RecruitmentSettings, desk
from annotation.domain.recruiting.believing import Believed
from annotation.domain.recruiting.launching import Launch, launch_participant
from annotation.domain.recruiting.setup import OUTCOMES, set_up_recruitment, store_hook_secret
from annotation.models import Campaign, Recruitment
from annotation.recruiters.jwks import key_ring
from studies.models import Study, User
from tests import factories
from tests.recruiters.mock_prolific import MockProlific, mock_prolific

SITE = "http://testserver"


@pytest.fixture(scope="module")
def prolific_server() -> Iterator[MockProlific]:
    with mock_prolific() as server:
        yield server


@pytest.fixture
def prolific(prolific_server: MockProlific, settings: Any, monkeypatch: pytest.MonkeyPatch) -> MockProlific:
    """Knows nobody, has failed nobody, and is asked without waiting between tries."""
    fresh = MockProlific(url=prolific_server.url)
    for name in ("token", "workspace_id", "hook_secret", "keys", "studies", "participants", "submissions", "batches"):
        setattr(prolific_server, name, getattr(fresh, name))
    prolific_server.subscriptions, prolific_server.requests, prolific_server.faults = {}, [], []
    for name, value in prolific_server.environment.items():
        setattr(settings, name, value)
    monkeypatch.setattr(desk, "PAUSES", (0.0, 0.0))
    key_ring.cache_clear()
    return prolific_server


def codes() -> dict[str, str]:
    return {str(outcome): f"CODE-{outcome}".replace("_", "-").upper() for outcome in OUTCOMES}


def recruit(campaign: Campaign, prolific: MockProlific, lead: User, **changed: Any) -> Recruitment:
    words = {"study_id": prolific.add_study(), "workspace_id": prolific.workspace_id, "api_token": prolific.token}
    settings = RecruitmentSettings(**words | changed)
    made = set_up_recruitment(campaign=campaign, settings=settings, codes=codes(), actor=lead)
    store_hook_secret(recruitment=made, secret=prolific.hook_secret, actor=lead)
    return Recruitment.objects.get(pk=made.pk)


@pytest.fixture
def recruitment(study: Study, lead: User, prolific: MockProlific) -> Recruitment:
    return recruit(factories.make_campaign(study), prolific, lead)


def come(prolific: MockProlific, recruitment: Recruitment, person: str = "") -> Launch:
    """Somebody's launch, past the door."""
    person = person or prolific.add_participant()
    submission = prolific.submission_of(recruitment.study_id, person)
    return launch_participant(recruitment=recruitment, believed=Believed(person, submission))


def launch_path(prolific: MockProlific, recruitment: Recruitment, person: str, **more: Any) -> str:
    """As the recruiter would write it, less the site."""
    address = f"{SITE}/r/{recruitment.public_id}/"
    return prolific.launch_url(recruitment.study_id, person, address, **more).removeprefix(SITE)
