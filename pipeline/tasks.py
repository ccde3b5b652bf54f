"""Celery's side of runs. A message is only a hint that a run has work; its rows are the truth."""

from __future__ import annotations

from celery import shared_task
from django.db import transaction

from pipeline.domain.executing import execute_run
from pipeline.domain.sweeping import runs_with_work, sweep_completions
from pipeline.enums import RunState
from pipeline.models import Run

SHARD = 100  # units of one task, so that runs share the workers


@shared_task(name="pipeline.task_run_shard")
def task_run_shard(*, run_id: int) -> None:
    """Works on one shard and, where more is left, leaves the hint for the next."""
    run = Run.objects.filter(pk=run_id, state=RunState.RUNNING).first()
    if run is None or execute_run(run=run, limit=SHARD):
        return
    if runs_with_work().filter(pk=run_id).exists():
        task_run_shard.delay(run_id=run_id)


@shared_task(name="pipeline.task_sweep")
def task_sweep() -> None:
    """Finds what no message points at any more: units whose worker died, runs whose message was lost."""
    sweep_completions()
    for run in runs_with_work():
        task_run_shard.delay(run_id=run.pk)


def enqueue_run(run: Run) -> None:
    """Hands a started run to the workers, once its rows are committed."""
    transaction.on_commit(lambda: task_run_shard.delay(run_id=run.pk), robust=True)
