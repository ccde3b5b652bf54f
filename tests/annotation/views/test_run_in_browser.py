"""A lead steers a run in Chromium: what only a browser can show."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.enums import FailureKind, RunState, WorkState
from pipeline.models import Run
from pipeline.stages import stage_for
from tests import factories
from tests.annotation.views.test_lead_in_browser import log_in
from tests.pipeline.backing import small_study
from tests.pipeline.domain.failing import make_failed_run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def polls_often(monkeypatch) -> None:
    monkeypatch.setattr("annotation.views.run_page.POLL_SECONDS", 0.1)


def recorded_answers(run: Run) -> list[str]:
    """Lines of a file that answers every question of the run."""
    stage, units = stage_for(run.stage, run.backend), list(run.work_units.order_by("position"))
    requests = [next(stage.work(run, material)) for material in stage.load(run, units)]
    return [json.dumps({"key": request.cache_key, "text": "YES\nIt does."}) for request in requests]


def open_run(page: Page, base: str, run: Run) -> None:
    log_in(page, base, "lead")
    page.goto(f"{base}/s/figs/runs/{run.public_id}/")
    page.evaluate("document.body.dataset.same = 'page'")


def test_lead_pauses_resumes_and_retries_a_run_by_keyboard(page, live_server, study, lead, tmp_path, polls_often):
    file = tmp_path / "recorded.jsonl"
    run = plan_run(
        study=study,
        stage="select",
        backend="recorded",
        model="model-a",
        inputs=[small_study(study).merge],
        backend_options={"recorded": str(file)},
    )
    answers = recorded_answers(start_run(run=run))
    file.write_text("\n".join(answers[:2]))
    open_run(page, live_server.url, run)
    page.get_by_role("button", name="Pause").press("Enter")
    expect(page.get_by_text("Paused: 3 units left of 3.").first).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_focused()
    run.refresh_from_db()
    assert run.state == RunState.PAUSED
    page.keyboard.press("Enter")
    expect(page.locator("#live").get_by_text("Incomplete: 1 of 3 units failed.")).to_be_visible()
    expect(page.get_by_text("has no answer to this request of model-a")).to_be_visible()
    file.write_text("\n".join(answers))
    expect(page.get_by_role("button", name="Try it again")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#live").get_by_text("Complete: 3 units.")).to_be_visible()
    assert page.evaluate("document.body.dataset.same") == "page"
    run.refresh_from_db()
    assert (run.state, run.votes.count(), run.completions.filter(state="answered").count()) == (RunState.COMPLETE, 3, 3)


def test_page_of_a_run_keeps_itself_up_to_date_until_it_is_over(page, live_server, study, lead, polls_often):
    run = make_failed_run(study, {FailureKind.OTHER: 2}, done=8, state=RunState.RUNNING, template_sha256="0" * 64)
    run.work_units.filter(state=WorkState.FAILED).update(state=WorkState.PENDING, failure="")
    open_run(page, live_server.url, run)
    page.get_by_label("Tokens, at most").fill("123")
    run.work_units.filter(position=8).update(state=WorkState.DONE)
    expect(page.locator("#said")).to_have_text("Running: 9 of 10 units done.")  # read out, once
    expect(page.get_by_label("Tokens, at most")).to_have_value("123")
    run.work_units.filter(position=9).update(state=WorkState.DONE)
    Run.objects.filter(pk=run.pk).update(state=RunState.COMPLETE)
    expect(page.locator("#said")).to_have_text("Complete: 10 units.")
    expect(page.get_by_label("Tokens, at most")).to_have_count(0)
    assert page.locator("#said").count() == 1
    assert page.locator("[hx-trigger]").count() == 0
    assert page.evaluate("document.body.dataset.same") == "page"


def test_pages_of_runs_fit_a_phone_with_the_longest_names(page, live_server, study, lead):
    name = "an-organisation-with-a-long-name/A-Model-With-A-Long-Name-70B-Instruct-FP8"
    run = make_failed_run(study, {FailureKind.UNPARSEABLE: 1, FailureKind.REFUSED: 1}, model_name=name)
    long = {"reason": "no-space-anywhere-" * 60}
    run.work_units.filter(state=WorkState.FAILED).update(**long)
    Run.objects.filter(pk=run.pk).update(problem="x" * 400, parameters={"a_long_name": "y" * 200})
    run.completions.update(text="z" * 3000)
    conversation = run.work_units.get(failure=FailureKind.REFUSED).key
    factories.make_corpus(study, title="w" * 90, provenance="v" * 200)
    page.set_viewport_size({"width": 360, "height": 740})
    log_in(page, live_server.url, "lead")
    one = f"/s/figs/runs/{run.public_id}/"
    for address in (
        one,
        f"{one}failures/",
        "/s/figs/runs/",
        "/s/figs/corpora/",
        f"/s/figs/conversations/{conversation}/",
    ):
        page.goto(live_server.url + address)
        page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
