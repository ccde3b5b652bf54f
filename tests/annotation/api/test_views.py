from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.enums import CampaignState as S
from annotation.models import Campaign, Release
from studies.models import AuditEvent
from tests import factories

ONE = "/api/studies/figs/campaigns/one/"


@pytest.fixture
def campaign(study):
    return factories.make_campaign(study, slug="one", title="Figs?", n_items=2, n_questions=3, k=2)


def test_studies_lists_those_that_one_looks_after(client, study, other_study, researcher):
    client.force_login(researcher)
    answer = client.get("/api/studies/").json()
    assert [row["slug"] for row in answer["results"]] == ["figs"]


def test_studies_is_empty_for_a_rater(client, rater_a):
    client.force_login(rater_a)
    assert client.get("/api/studies/").json()["results"] == []


def test_campaigns_come_with_their_progress(client, campaign, researcher):
    factories.submit(factories.claim(factories.make_rater(campaign)))
    client.force_login(researcher)
    response = client.get("/api/studies/figs/campaigns/")
    assert "no-store" in response["Cache-Control"]
    (row,) = response.json()["results"]
    assert (row["slug"], row["state"], row["k"]) == ("one", "collecting", 2)
    assert row["progress"] == {
        "items": 2,
        "items_complete": 0,
        "questions": 6,
        "wanted": 12,
        "counted": 3,
        "held": 0,
        "raters": 1,
        "recent": 3,
        "kept": 0,
        "complete": False,
    }
    assert client.get(ONE).json() == row


def test_campaigns_take_the_same_queries_for_one_and_three(client, study, campaign, lead):
    client.force_login(lead)
    with CaptureQueriesContext(connection) as one:
        client.get("/api/studies/figs/campaigns/")
    for _ in range(2):
        factories.make_campaign(study)
    with CaptureQueriesContext(connection) as three:
        assert client.get("/api/studies/figs/campaigns/").json()["count"] == 3
    assert len(one) == len(three)


def test_start_and_pause_do_what_the_pages_do(client, campaign, lead):
    Campaign.objects.update(state=S.DRAFT)
    client.force_login(lead)
    assert client.post(f"{ONE}start/").json()["state"] == "collecting"
    assert client.post(f"{ONE}pause/").json()["state"] == "paused"
    assert client.post(f"{ONE}pause/").status_code == 200
    assert list(AuditEvent.objects.order_by("pk").values_list("verb", "actor")) == [
        ("start_campaign", lead.pk),
        ("pause_campaign", lead.pk),
    ]


def test_wrong_step_is_409_with_the_remedy(client, campaign, lead):
    Campaign.objects.update(state=S.CLOSED)
    client.force_login(lead)
    response = client.post(f"{ONE}start/")
    assert response.status_code == 409
    assert "closed for good" in response.json()["detail"]


def test_step_needs_the_csrf_token(campaign, lead):
    client = Client(enforce_csrf_checks=True)
    client.force_login(lead)
    assert client.post(f"{ONE}pause/").status_code == 403
    assert Campaign.objects.get().state == S.COLLECTING


def test_state_cannot_be_written_past_the_domain(client, campaign, lead):
    client.force_login(lead)
    for method in (client.put, client.patch, client.delete):
        assert method(ONE, {"state": "closed"}, content_type="application/json").status_code == 405
    assert Campaign.objects.get().state == S.COLLECTING


def test_releases_are_listed_newest_first(client, study, researcher):
    for version in ("0.1.0", "0.2.0"):
        Release.objects.create(study=study, version=version, manifest={}, data_sha256="0" * 64)
    client.force_login(researcher)
    rows = client.get("/api/studies/figs/releases/").json()["results"]
    assert [row["version"] for row in rows] == ["0.2.0", "0.1.0"]


def test_schema_names_every_address_and_needs_a_login(client, researcher):
    assert client.get("/api/schema/").status_code == 403
    client.force_login(researcher)
    response = client.get("/api/schema/?format=json")
    assert response.status_code == 200
    assert sorted(response.json()["paths"]) == [
        "/api/studies/",
        "/api/studies/{study}/campaigns/",
        "/api/studies/{study}/campaigns/{campaign}/",
        "/api/studies/{study}/campaigns/{campaign}/pause/",
        "/api/studies/{study}/campaigns/{campaign}/start/",
        "/api/studies/{study}/releases/",
        "/api/studies/{study}/releases/job/",
        "/api/studies/{study}/releases/{release}/",
        "/api/studies/{study}/runs/",
        "/api/studies/{study}/runs/{run}/",
        "/api/studies/{study}/runs/{run}/cancel/",
        "/api/studies/{study}/runs/{run}/pause/",
        "/api/studies/{study}/runs/{run}/resume/",
    ]


def test_schema_is_valid_and_without_warnings(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))
