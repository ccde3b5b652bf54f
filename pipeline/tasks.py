"""Celery's side of runs. A message is only a hint that a run has work; its rows are the truth."""

from __future__ import annotations

from collections import defaultdict

from celery import current_app, shared_task
from django.db import transaction

from pipeline.domain.executing import execute_run
from pipeline.domain.queues import queue_of
from pipeline.domain.sweeping import runs_with_work, sweep_completions
from pipeline.enums import RunState
from pipeline.models import Run

SHARD = 100  # units of one task, so that runs share the workers
ENOUGH = 2  # hints for each run of a queue; with more of them waiting, the sweeper adds none


@shared_task(name="pipeline.task_run_shard")
def task_run_shard(*, run_id: int) -> None:
    """Works on one shard and, where more is left, leaves the hint for the next."""
    run = Run.objects.filter(pk=run_id, state=RunState.RUNNING).first()
    if run is None or execute_run(run=run, limit=SHARD):
        return
    if runs_with_work().filter(pk=run_id).exists():
        hint_at(run)


@shared_task(name="pipeline.task_sweep")
def task_sweep() -> None:
    """Finds what no message points at any more: units whose worker died, runs whose message was lost.

    Where nobody takes the hints (a queue without a worker), they do not pile up.
    """
    sweep_completions()
    by_queue: dict[str, list[Run]] = defaultdict(list)
    for run in runs_with_work():
        by_queue[queue_of(run)].append(run)
    for queue, runs in by_queue.items():
        if hints_waiting(queue) < ENOUGH * len(runs):
            for run in runs:
                hint_at(run)


def enqueue_run(run: Run) -> None:
    """Hands a started run to the workers, once its rows are committed."""
    transaction.on_commit(lambda: hint_at(run), robust=True)


def hint_at(run: Run) -> None:
    task_run_shard.apply_async(kwargs={"run_id": run.pk}, queue=queue_of(run))


def hints_waiting(queue: str) -> int:
    """Messages of a queue that no worker has taken."""
    with current_app.connection_or_acquire() as connection, connection.channel() as channel:
        return int(channel.queue_declare(queue=queue).message_count)
