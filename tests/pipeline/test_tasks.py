from __future__ import annotations

import pytest
from celery import current_app

from pipeline import tasks
from pipeline.domain import executing, queues
from pipeline.domain.completions import reserve_completions
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import pause_run, start_run
from pipeline.domain.sweeping import runs_with_work
from pipeline.models import Completion, Run
from pipeline.requests import Message, ModelRequest
from studies.clock import from_now
from studies.models import Study
from tests.pipeline.backing import Scripted, says_yes_of, small_study


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    made = Scripted(says_yes_of())
    monkeypatch.setattr(executing, "open_backend", lambda name, options: made)
    monkeypatch.setattr(tasks, "SHARD", 2)
    return made


@pytest.fixture
def run(study: Study) -> Run:
    small = small_study(study)
    planned = plan_run(study=study, stage="select", backend="recorded", model="model-a", inputs=[small.merge])
    return start_run(run=planned)


def test_task_run_shard_hands_on_until_the_run_is_over(run: Run, backend: Scripted) -> None:
    tasks.task_run_shard.delay(run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, run.n_done) == ("complete", 3)
    assert len(backend.sent) == 3


def test_task_run_shard_twice_is_once(run: Run, backend: Scripted) -> None:
    for _ in range(3):
        tasks.task_run_shard.delay(run_id=run.pk)
    assert len(backend.sent) == 3


def test_task_run_shard_leaves_a_paused_run_and_one_that_is_gone(run: Run, backend: Scripted) -> None:
    pause_run(run=run)
    tasks.task_run_shard.delay(run_id=run.pk)
    tasks.task_run_shard.delay(run_id=0)
    assert backend.sent == []


def test_task_sweep_finds_a_run_whose_message_was_lost(run: Run, backend: Scripted) -> None:
    run.work_units.update(state="claimed", lease_token="dead", lease_until=from_now(-1))
    tasks.task_sweep.delay()
    run.refresh_from_db()
    assert run.state == "complete"


def test_task_sweep_leaves_a_living_workers_units(run: Run, backend: Scripted) -> None:
    run.work_units.update(state="claimed", lease_token="alive", lease_until=from_now(60))
    tasks.task_sweep.delay()
    assert backend.sent == []


def test_task_sweep_marks_calls_of_the_dead(run: Run, backend: Scripted) -> None:
    request = ModelRequest(model="model-a", messages=(Message("user", "?"),))
    reserve_completions(run=run, requests=[request], backend="x", version="1", seconds=-1)
    tasks.task_sweep.delay()
    assert Completion.objects.get(cache_key=request.cache_key).state == "abandoned"


def test_runs_with_work_takes_a_run_that_nobody_ended(run: Run) -> None:
    run.work_units.update(state="done")
    assert list(runs_with_work()) == [run]
    assert not runs_with_work().filter(n_units=0).exists()


@pytest.mark.parametrize(
    ("stage", "backend", "options", "queue"),
    [
        ("select", "openai_api", {}, "calls"),
        ("select", "local", {}, "local"),
        ("merge", "local", {}, "local"),
        ("select", "recorded", {}, "celery"),
        ("select", "bm25", {}, "celery"),
        ("select", "embedding", {}, "local"),
        ("select", "embedding", {"base_url": "http://models.example/v1"}, "calls"),
        ("select", "embedding", {"recorded": "vectors.json"}, "celery"),
    ],
)
def test_run_waits_in_the_queue_of_those_who_can_carry_it_out(
    run: Run, stage: str, backend: str, options: dict[str, str], queue: str
) -> None:
    run.stage, run.backend, run.backend_options = stage, backend, options
    assert queues.queue_of(run) == queue
    assert f"-Q {queue}" in queues.start_of_worker(queue)


def test_hints_of_a_queue_without_a_worker_do_not_pile_up(run: Run) -> None:
    """Through the session's real broker: files, or Redis."""
    Run.objects.filter(pk=run.pk).update(backend="local")
    current_app.conf.task_always_eager = False
    try:
        for _ in range(4):
            tasks.task_sweep.run()
        waiting = tasks.hints_waiting("local")
    finally:
        current_app.conf.task_always_eager = True
        with current_app.connection_or_acquire() as connection:
            connection.default_channel.queue_purge("local")
    assert waiting == tasks.ENOUGH
    assert tasks.hints_waiting("celery") == 0
