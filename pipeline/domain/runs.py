"""Runs from their start to their end: whether they go on, what their model costs, and when they are over."""

from __future__ import annotations

import os

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from pipeline.domain.errors import RunError
from pipeline.enums import RunState, WorkState
from pipeline.models import Run
from pipeline.prices import PricesError, prices_for
from pipeline.stages import stage_for
from studies.models import Study

PAID = ("openai_api",)  # backends whose calls cost by the token
ENDED = (RunState.COMPLETE, RunState.INCOMPLETE, RunState.CANCELLED)


def start_run(*, run: Run, retry_failed: bool = True) -> Run:
    """Lets workers claim its units. Units that failed get another try; answers on record are not asked for again.

    The prices of its model are kept on the run when it first starts. A run that is complete stays so. Raises RunError
    for a cancelled one, and for a budget in money where no price is known.
    """
    with transaction.atomic():
        row = Run.objects.select_for_update().get(pk=run.pk)
        if row.state == RunState.CANCELLED:
            raise RunError(f"run {row.public_id} was cancelled: plan another with other parameters")
        if retry_failed:
            failed = row.work_units.filter(state=WorkState.FAILED)
            failed.update(state=WorkState.PENDING, failure="", reason="", completion=None, lease_until=None, attempts=0)
        if row.work_units.filter(state__in=[WorkState.PENDING, WorkState.CLAIMED]).exists():
            Run.objects.filter(pk=row.pk, started_at__isnull=True).update(started_at=Now())
            prices = row.prices or _prices_of(row)
            Run.objects.filter(pk=row.pk).update(state=RunState.RUNNING, problem="", finished_at=None, prices=prices)
    run.refresh_from_db()
    return run


def pause_run(*, run: Run, problem: str = "") -> Run:
    """No unit is claimed any more; calls in flight are recorded. ``problem`` says why, if nobody asked for it."""
    Run.objects.filter(pk=run.pk).exclude(state__in=ENDED).update(state=RunState.PAUSED, problem=problem)
    run.refresh_from_db()
    return run


def cancel_run(*, run: Run) -> Run:
    """Ends a run for good; what it recorded stays."""
    open_run = Run.objects.filter(pk=run.pk).exclude(state=RunState.COMPLETE)
    open_run.update(state=RunState.CANCELLED, finished_at=Now())
    run.refresh_from_db()
    return run


def finish_run(*, run: Run) -> bool:
    """Ends the run if nothing is left: complete, or incomplete where units failed. True if it is over.

    Safe to call at any time and from several workers: the run's row is locked, and a stage's own finish is repeatable.
    """
    with transaction.atomic():
        row = Run.objects.select_for_update().get(pk=run.pk)
        row.n_done = row.work_units.filter(state=WorkState.DONE).count()
        row.n_failed = row.work_units.filter(state=WorkState.FAILED).count()
        over = row.n_done + row.n_failed == row.n_units
        if over and row.state in (RunState.RUNNING, RunState.PAUSED):
            stage_for(row.stage, row.backend).finish(row)
            row.state = RunState.INCOMPLETE if row.n_failed else RunState.COMPLETE
            Run.objects.filter(pk=row.pk).update(state=row.state, problem="", finished_at=Now())
        row.save(update_fields=["n_done", "n_failed"])
    run.refresh_from_db()
    return over


def run_named(study: Study, token: str) -> Run:
    """The study's run whose public id starts with ``token``. Raises RunError where there is none, or several."""
    found = list(study.runs.filter(public_id__startswith=token)[:2])
    if len(found) != 1:
        raise RunError(f"run {token}: study {study.slug!r} has {'no' if not found else 'several'} such run")
    return found[0]


def _prices_of(run: Run) -> dict[str, str]:
    """What its model costs by today's tables; {} where nobody knows, or nothing is paid by the token."""
    base_url = str(run.backend_options.get("base_url", "")) or os.environ.get("OPENAI_BASE_URL", "")
    try:
        price = prices_for(run.model_name, base_url, settings.PRICES) if run.backend in PAID else None
    except PricesError as error:
        raise RunError(str(error)) from error
    if price is None and run.budget_money is not None:
        raise RunError(
            f"no price of {run.model_name} by {run.backend} is known, so that no budget in money can be kept: give one "
            "in tokens, or let PRICES name a table that has the model"
        )
    return price.as_json() if price else {}
