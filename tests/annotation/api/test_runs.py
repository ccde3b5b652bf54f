from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pipeline.enums import FailureKind as F
from pipeline.enums import RunState as S
from pipeline.models import Run, RunInput
from studies.models import AuditEvent
from tests import factories
from tests.pipeline.domain.failing import make_failed_run

LIST = "/api/studies/figs/runs/"


def address_of(run: Run, verb: str = "") -> str:
    return f"{LIST}{run.public_id}/{verb}"


@pytest.fixture(autouse=True)
def handed_over(monkeypatch) -> list[int]:
    keys: list[int] = []
    monkeypatch.setattr("annotation.api.runs.enqueue_run", lambda run: keys.append(run.pk))
    return keys


def test_runs_come_newest_first_with_what_they_read_and_how_far_they_are(client, study, researcher):
    extract = make_failed_run(study, {F.OTHER: 1}, done=4)
    merge = factories.make_run(study, "merge", n_units=2, n_done=2)
    RunInput.objects.create(run=merge, source=extract)
    client.force_login(researcher)
    response = client.get(LIST)
    assert "no-store" in response["Cache-Control"]
    first, second, _ = response.json()["results"]
    assert (first["stage"], first["inputs"]) == ("merge", [extract.public_id])
    assert (second["state"], second["counts"]) == ("incomplete", {"units": 5, "done": 4, "failed": 1, "left": 0})


def test_run_comes_with_progress_and_failures(client, study, researcher):
    run = make_failed_run(study, {F.OTHER: 1, F.UNPARSEABLE: 2})
    client.force_login(researcher)
    answer = client.get(address_of(run)).json()
    progress = answer["progress"]
    assert (progress["units"], progress["done"], progress["failed"], progress["asked"]) == (4, 1, 3, 2)
    assert (progress["cost"], progress["prompt_tokens"]) == (None, None)
    assert [(group["kind"], group["count"]) for group in answer["failures"]] == [("unparseable", 2), ("other", 1)]


def test_runs_take_the_same_queries_for_one_and_three(client, study, researcher):
    client.force_login(researcher)
    taken = []
    for n in (1, 2):
        for _ in range(n):
            make_failed_run(study, {F.OTHER: 1}, state=S.RUNNING)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        taken.append(len(queries))
    assert taken[0] == taken[1]


def test_steps_do_what_the_pages_do(client, study, lead, handed_over):
    run = make_failed_run(study, {F.OTHER: 1}, state=S.RUNNING)
    run.work_units.update(state="pending", failure="")
    client.force_login(lead)
    assert client.post(address_of(run, "pause/")).json()["state"] == "paused"
    assert client.post(address_of(run, "resume/")).json()["state"] == "running"
    assert handed_over == [run.pk]
    assert client.post(address_of(run, "cancel/")).json()["state"] == "cancelled"
    verbs = ["order_pause", "order_resume", "order_cancel"]
    assert list(AuditEvent.objects.order_by("pk").values_list("verb", "actor")) == [(verb, lead.pk) for verb in verbs]


def test_wrong_step_is_409_with_the_remedy(client, study, lead):
    run = make_failed_run(study, {F.OTHER: 1}, state=S.CANCELLED)
    client.force_login(lead)
    response = client.post(address_of(run, "resume/"))
    assert response.status_code == 409
    assert "plan another one" in response.json()["detail"]


def test_step_needs_the_csrf_token(study, lead):
    run = make_failed_run(study, {F.OTHER: 1}, state=S.RUNNING)
    client = Client(enforce_csrf_checks=True)
    client.force_login(lead)
    assert client.post(address_of(run, "pause/")).status_code == 403
    run.refresh_from_db()
    assert run.state == S.RUNNING
