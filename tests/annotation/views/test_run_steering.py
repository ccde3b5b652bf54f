from __future__ import annotations

import html
import re
from decimal import Decimal

import pytest
from django.test import Client

from pipeline.enums import FailureKind as F
from pipeline.enums import RunState as S
from pipeline.enums import WorkState
from pipeline.models import Run
from studies.models import AuditEvent
from tests.pipeline.domain.failing import PRICES, failed_kinds, make_failed_run

HTMX = {"HX-Request": "true"}
VERBS = ("resume", "pause", "cancel", "budget", "failures/retry")


def page_of(run: Run) -> str:
    return f"/s/figs/runs/{run.public_id}/"


def text_of(response) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split()))


@pytest.fixture
def handed_over(monkeypatch) -> list[int]:
    """Keys of the runs that were handed to the workers."""
    keys: list[int] = []
    monkeypatch.setattr("annotation.views.run_steering.enqueue_run", lambda run: keys.append(run.pk))
    return keys


@pytest.fixture
def leading(client, lead):
    client.force_login(lead)
    return client


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [("resume", S.PAUSED, S.RUNNING), ("pause", S.RUNNING, S.PAUSED), ("cancel", S.PAUSED, S.CANCELLED)],
)
def test_lead_steers_a_run(study, lead, leading, handed_over, verb, before, after):
    run = make_failed_run(study, {F.OTHER: 1}, state=before)
    run.work_units.filter(state=WorkState.FAILED).update(state=WorkState.PENDING, failure="")
    response = leading.post(f"{page_of(run)}{verb}/")
    assert (response.status_code, response["Location"]) == (303, page_of(run))
    run.refresh_from_db()
    assert run.state == after
    assert handed_over == ([run.pk] if after == S.RUNNING else [])
    assert AuditEvent.objects.get().actor == lead


def test_script_gets_the_new_state_in_the_place_of_the_old(study, leading, handed_over):
    run = make_failed_run(study, {F.OTHER: 1}, state=S.RUNNING)
    response = leading.post(f"{page_of(run)}pause/", headers=HTMX)
    body = response.content.decode()
    assert body.lstrip().startswith('<div id="run"')
    assert response["HX-Retarget"] == "#run"
    assert "The run is paused." in body
    assert f'action="{page_of(run)}resume/"' in body
    assert 'hx-swap-oob="innerHTML">Paused: 0 units left of 2.' in body


def test_step_that_the_state_forbids_is_said_and_changes_nothing(study, leading, handed_over):
    run = make_failed_run(study, {F.OTHER: 1})
    leading.post(f"{page_of(run)}pause/")
    assert "The run cannot be paused. It is over, and some units failed" in text_of(leading.get(page_of(run)))
    run.refresh_from_db()
    assert run.state == S.INCOMPLETE


def test_lead_has_one_kind_of_failure_tried_again(study, leading, handed_over):
    run = make_failed_run(study, {F.NO_ANSWER: 2, F.UNPARSEABLE: 1})
    leading.post(f"{page_of(run)}failures/retry/", {"kind": F.NO_ANSWER})
    assert failed_kinds(run) == [F.UNPARSEABLE]
    assert handed_over == [run.pk]
    text = text_of(leading.get(page_of(run)))
    assert "2 units are tried again." in text
    assert "Running: 1 of 4 units done." in text


def test_kind_that_is_none_is_refused(study, leading, handed_over):
    run = make_failed_run(study, {F.NO_ANSWER: 1})
    leading.post(f"{page_of(run)}failures/retry/", {"kind": "bad luck"})
    assert "'bad luck' is no kind of failure" in text_of(leading.get(page_of(run)))
    assert (failed_kinds(run), handed_over) == ([F.NO_ANSWER], [])


def test_failures_of_a_paused_run_wait_for_its_resumption(study, leading, handed_over):
    run = make_failed_run(study, {F.NO_ANSWER: 1}, state=S.PAUSED)
    leading.post(f"{page_of(run)}failures/retry/")
    assert handed_over == []
    assert "1 unit will be tried again once the run is resumed." in text_of(leading.get(page_of(run)))


def test_lead_sets_a_budget_and_takes_it_away(study, leading):
    run = make_failed_run(study, {F.OTHER: 1}, state=S.PAUSED, template_sha256="0" * 64, prices=PRICES)
    assert leading.post(f"{page_of(run)}budget/", {"tokens": "5000", "money": "1.5"}).status_code == 303
    run.refresh_from_db()
    assert (run.budget_tokens, run.budget_money) == (5000, Decimal("1.5"))
    body = leading.get(page_of(run)).content.decode()
    assert 'value="5000"' in body
    assert 'value="1.5"' in body
    assert "USD, at most" in body
    leading.post(f"{page_of(run)}budget/", {"tokens": "", "money": ""})
    run.refresh_from_db()
    assert (run.budget_tokens, run.budget_money) == (None, None)


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ({"tokens": "many"}, "Enter a whole number."),
        ({"tokens": "0"}, "A budget is more than nothing"),
        ({"money": "0.00001"}, "no more than 4 decimal places"),
    ],
)
def test_budget_that_makes_no_sense_is_refused_beside_its_field(study, leading, entered, said):
    run = make_failed_run(study, {F.OTHER: 1}, state=S.PAUSED, template_sha256="0" * 64, budget_tokens=7)
    response = leading.post(f"{page_of(run)}budget/", {"tokens": "", "money": ""} | entered)
    assert response.status_code == 400
    assert said in text_of(response)
    run.refresh_from_db()
    assert run.budget_tokens == 7


@pytest.mark.parametrize("verb", VERBS)
def test_steering_takes_a_post_with_the_page_s_token_only(study, lead, verb):
    run = make_failed_run(study, {F.OTHER: 1}, state=S.PAUSED)
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(lead)
    assert careful.get(f"{page_of(run)}{verb}/").status_code == 405
    assert careful.post(f"{page_of(run)}{verb}/").status_code == 403
    run.refresh_from_db()
    assert run.state == S.PAUSED


@pytest.mark.parametrize("who", ["rater_a", "researcher", "outsider"])
@pytest.mark.parametrize("verb", VERBS)
def test_steering_is_for_the_study_s_leads(client, study, request, who, verb, handed_over):
    run = make_failed_run(study, {F.OTHER: 1}, state=S.PAUSED)
    client.force_login(request.getfixturevalue(who))
    assert client.post(f"{page_of(run)}{verb}/", {"tokens": "5"}).status_code == 404
    run.refresh_from_db()
    assert (run.state, run.budget_tokens, handed_over) == (S.PAUSED, None, [])
    assert not AuditEvent.objects.exists()
