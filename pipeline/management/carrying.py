"""A started run carried out by a command: in this process, or by the workers while the command looks on."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tqdm import tqdm

from pipeline.domain.executing import LEASE_SECONDS, execute_run
from pipeline.domain.progress import run_progress
from pipeline.enums import RunState
from pipeline.models import Run
from pipeline.tasks import enqueue_run

LOOK = 1.0  # seconds between two looks at what others do


def carry_here(run: Run, lease: float = LEASE_SECONDS) -> None:
    """Until the run is over or stands still; a unit that another worker held when it died is waited for."""
    with _bar(run) as bar:
        while not execute_run(run=run, lease_seconds=lease, on_settled=bar.update):
            if run.state != RunState.RUNNING:
                break
            bar.set_postfix_str("waiting for units that another worker holds")
            time.sleep(LOOK)
            run.refresh_from_db()


def carry_by_workers(runs: Sequence[Run]) -> None:
    """Hands all of them to the workers and waits until each is over or stands still."""
    bars = [(run, _bar(run)) for run in runs]
    for run in runs:
        enqueue_run(run)
    while bars:
        time.sleep(LOOK)
        for run, bar in bars:
            run.refresh_from_db()
            progress = run_progress(run)
            bar.update(progress.done + progress.failed - bar.n)
            if run.state != RunState.RUNNING:
                bar.close()
        bars = [(run, bar) for run, bar in bars if run.state == RunState.RUNNING]


def _bar(run: Run) -> tqdm:
    progress = run_progress(run)
    name = f"{run.stage} {run.model_name}"
    return tqdm(total=run.n_units, initial=progress.done + progress.failed, unit="unit", desc=name)
