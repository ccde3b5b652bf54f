"""What became of units, written down: results, failures and states together or not at all."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from pipeline.domain.calls import Job, Settled
from pipeline.domain.claiming import lock_held
from pipeline.domain.updating import update_rows
from pipeline.enums import WorkState
from pipeline.models import Run, WorkUnit
from pipeline.stages.base import AnyStage
from pipeline.stages.parsing import storable

FIELDS = ("state", "failure", "reason", "completion", "lease_until", "lease_token", "settled_at")
ATTRIBUTES = {"completion": "completion_id"}


def settle_units(*, run: Run, stage: AnyStage, token: str, settled: Settled) -> int:
    """In one transaction, of those that are still the token's: results, failures, and the states of their units; how
    many. What another worker has taken over meanwhile is left to it."""
    if not len(settled):
        return 0
    with transaction.atomic():
        jobs = [job for job, _ in settled.done] + [job for job, _, _ in settled.failed]
        held = lock_held(run, token, [job.unit.pk for job in jobs])
        for job, result in settled.done:
            if job.unit.pk in held:
                stage.record(run, job.unit, job.material, result)
                _mark(job, WorkState.DONE)
        for job, kind, reason in settled.failed:
            _mark(job, WorkState.FAILED, kind, reason)
        units = [job.unit for job in jobs if job.unit.pk in held]
        update_rows(
            WorkUnit,
            FIELDS,
            ((unit.pk, {name: getattr(unit, ATTRIBUTES.get(name, name)) for name in FIELDS}) for unit in units),
        )
    return len(units)


def _mark(job: Job, state: WorkState, failure: str = "", reason: str = "") -> None:
    unit = job.unit
    unit.settled_at, unit.failure = timezone.now(), failure
    unit.state, unit.reason, unit.completion_id = state, storable(reason), job.completion_id
    unit.lease_until, unit.lease_token = None, ""
