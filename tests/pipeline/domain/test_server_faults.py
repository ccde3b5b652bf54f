"""Whatever a server does, every unit ends with one outcome and a kind, and every attempt is on record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.models import Run
from pipeline.stages import stage_for
from studies.models import Study
from tests.openai_server import ModelServer, model_server
from tests.pipeline.backing import small_study


@pytest.fixture
def run(study: Study, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("OPENAI_API_KEY", f"key-{time.monotonic_ns()}")
    small = small_study(study)
    return plan_run(study=study, stage="select", backend="openai_api", model="m", inputs=[small.merge])


@pytest.fixture
def server(run: Run, tmp_path: Path) -> Iterator[ModelServer]:
    stage = stage_for("select", "openai_api")
    requests = [next(stage.work(run, material)) for material in stage.load(run, list(run.work_units.all()))]
    rows = [{"model": "m", "key": request.cache_key, "text": "NO\nIt does not."} for request in requests]
    with model_server(tmp_path, rows) as running:
        yield running


def carry_out(run: Run, server: ModelServer, *, timeout: float = 5.0) -> Run:
    Run.objects.filter(pk=run.pk).update(backend_options={"base_url": server.base_url, "timeout": timeout})
    run.refresh_from_db()
    execute_run(run=start_run(run=run), first_wait=0.01)
    return run


@pytest.mark.parametrize("fault", ["500", "half", "nothing", "empty", "html", "no choices", "hang"])
def test_fault_that_passes_costs_a_try_and_no_unit(run: Run, server: ModelServer, fault: str) -> None:
    server.faults({2: fault})
    carry_out(run, server, timeout=0.7)
    assert run.state == "complete"
    assert run.completions.filter(state="answered").count() == 3
    assert run.completions.filter(state="failed").count() >= 1
    assert not run.completions.exclude(state__in=["answered", "failed"]).exists()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("too long", "too_long"), ("too long, vllm", "too_long"), ("400", "refused")],
)
def test_fault_that_lasts_fails_its_unit_and_says_which_kind(
    run: Run, server: ModelServer, fault: str, kind: str
) -> None:
    server.faults({1: fault})
    carry_out(run, server)
    assert (run.state, run.n_done, run.n_failed) == ("incomplete", 2, 1)
    assert run.work_units.get(state="failed").failure == kind
    assert carry_out(run, server).state == "complete"
    assert run.completions.count() == 4


def test_server_that_never_answers_fails_its_units_as_such(run: Run, server: ModelServer) -> None:
    server.faults({0: "500"})
    carry_out(run, server)
    assert set(run.work_units.values_list("state", "failure")) == {("failed", "no_answer")}
    assert run.completions.filter(state="failed").count() == 3 * 5


def test_server_that_limits_is_waited_for_and_asked_less(run: Run, server: ModelServer) -> None:
    server.faults({1: "429"})
    began = time.monotonic()
    carry_out(run, server)
    assert run.state == "complete"
    assert time.monotonic() - began >= 1.0  # its Retry-After


@pytest.mark.parametrize(("fault", "remedy"), [("401", "set OPENAI_API_KEY"), ("used up", "top it up")])
def test_server_that_will_answer_nothing_pauses_the_run(run: Run, server: ModelServer, fault: str, remedy: str) -> None:
    server.faults({0: fault})
    carry_out(run, server)
    assert run.state == "paused"
    assert remedy in run.problem
    assert not run.completions.filter(state__in=["in_flight", "abandoned"]).exists()
    server.faults({})
    assert carry_out(run, server).state == "complete"
