"""Who works on which unit, until when. A claim is a lease by the database's clock; what expires is anybody's again."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from pipeline.enums import RunState, WorkState
from pipeline.models import Run, WorkUnit
from studies.clock import from_now


def claimable_units(run: Run) -> QuerySet[WorkUnit]:
    """Units of a running run that nobody holds, or whose holder's lease has ended."""
    free = Q(state=WorkState.PENDING) | Q(state=WorkState.CLAIMED, lease_until__lt=Now())
    return WorkUnit.objects.filter(free, run=run, run__state=RunState.RUNNING)


def claim_units(*, run: Run, token: str, limit: int, seconds: float) -> list[WorkUnit]:
    """Takes up to ``limit`` units for the holder of ``token``, in order. Workers skip what another is just taking."""
    with transaction.atomic():
        rows = claimable_units(run).select_for_update(skip_locked=True, of=("self",))
        chosen = list(rows.order_by("position").values_list("pk", flat=True)[:limit])
        WorkUnit.objects.filter(pk__in=chosen).update(
            state=WorkState.CLAIMED, lease_token=token, lease_until=from_now(seconds), attempts=F("attempts") + 1
        )
        return list(WorkUnit.objects.filter(pk__in=chosen).order_by("position"))


def renew_claims(*, run: Run, token: str, seconds: float) -> None:
    held_by(run, token).update(lease_until=from_now(seconds))


def release_claims(*, run: Run, token: str) -> None:
    """Gives back what was claimed and not settled."""
    held_by(run, token).update(state=WorkState.PENDING, lease_token="", lease_until=None)


def held_by(run: Run, token: str) -> QuerySet[WorkUnit]:
    return WorkUnit.objects.filter(run=run, state=WorkState.CLAIMED, lease_token=token)


def lock_held(run: Run, token: str, units: Collection[int]) -> set[int]:
    """Which of these units are still the token's, locked until the transaction ends."""
    rows = held_by(run, token).filter(pk__in=units).order_by("pk").select_for_update(of=("self",))
    return set(rows.values_list("pk", flat=True))
