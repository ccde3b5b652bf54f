"""Who works on which unit, until when. A claim is a lease by the database's clock; what expires is anybody's again."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from pipeline.enums import FailureKind, RunState, WorkState
from pipeline.models import Run, WorkUnit
from studies.clock import from_now

SUSPECT = 3  # claims that were lost with their worker, until a unit is only worked on alone
DEATHS = 5  # ... until it has failed


def claimable_units(run: Run) -> QuerySet[WorkUnit]:
    """Units of a running run that nobody holds, or whose holder's lease has ended."""
    free = Q(state=WorkState.PENDING) | Q(state=WorkState.CLAIMED, lease_until__lt=Now())
    return WorkUnit.objects.filter(free, run=run, run__state=RunState.RUNNING)


def claim_units(*, run: Run, token: str, limit: int, seconds: float) -> list[WorkUnit]:
    """Takes up to ``limit`` units for the holder of ``token``, in order. Workers skip what another is just taking.

    A unit whose worker died again and again is a suspect: it is taken last, and alone, so that no other unit dies with
    it; after ``DEATHS`` it has failed.
    """
    with transaction.atomic():
        chosen: list[int] = []
        while not chosen and (found := _next_claimable(run, limit)):
            given_up = [pk for pk, lost, attempts in found if lost and attempts >= DEATHS]
            open_units = [(pk, attempts) for pk, _, attempts in found if pk not in given_up]
            chosen = [pk for pk, attempts in open_units if attempts < SUSPECT] or [pk for pk, _ in open_units[:1]]
            _give_up(given_up)
        WorkUnit.objects.filter(pk__in=chosen).update(
            state=WorkState.CLAIMED, lease_token=token, lease_until=from_now(seconds), attempts=F("attempts") + 1
        )
        return list(WorkUnit.objects.filter(pk__in=chosen).order_by("position"))


def is_suspect(unit: WorkUnit) -> bool:
    """Whether a claimed unit's earlier workers died too often to have others at work beside it."""
    return unit.attempts > SUSPECT


def _next_claimable(run: Run, limit: int) -> list[tuple[int, bool, int]]:
    """Key, whether a worker lost it, and how often it was claimed."""
    rows = claimable_units(run).select_for_update(skip_locked=True, of=("self",)).order_by("position")
    found = rows.values_list("pk", "state", "attempts")[:limit]
    return [(pk, state == WorkState.CLAIMED, attempts) for pk, state, attempts in found]


def _give_up(units: Collection[int]) -> None:
    if units:
        WorkUnit.objects.filter(pk__in=units).update(
            state=WorkState.FAILED,
            failure=FailureKind.WORKER_DIED,
            reason=f"its worker died {DEATHS} times with this unit at work",
            lease_until=None,
            lease_token="",
            settled_at=Now(),
        )


def renew_claims(*, run: Run, token: str, seconds: float) -> None:
    held_by(run, token).update(lease_until=from_now(seconds))


def release_claims(*, run: Run, token: str) -> None:
    """Gives back what was claimed and not settled; such a claim is not held against the unit."""
    held_by(run, token).update(state=WorkState.PENDING, lease_token="", lease_until=None, attempts=F("attempts") - 1)


def held_by(run: Run, token: str) -> QuerySet[WorkUnit]:
    return WorkUnit.objects.filter(run=run, state=WorkState.CLAIMED, lease_token=token)


def lock_held(run: Run, token: str, units: Collection[int]) -> set[int]:
    """Which of these units are still the token's, locked until the transaction ends."""
    rows = held_by(run, token).filter(pk__in=units).order_by("pk").select_for_update(of=("self",))
    return set(rows.values_list("pk", flat=True))
