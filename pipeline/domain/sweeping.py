"""What a killed process leaves behind, found again."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from pipeline.domain.completions import ABANDONED
from pipeline.enums import CompletionState, RunState, WorkState
from pipeline.models import Completion, Run, WorkUnit


def runs_with_work() -> QuerySet[Run]:
    """Running runs that have a unit nobody holds, or whose last unit is settled and that nobody has ended."""
    free = Q(state=WorkState.PENDING) | Q(state=WorkState.CLAIMED, lease_until__lt=Now())
    open_unit = WorkUnit.objects.filter(run=OuterRef("pk"), state__in=[WorkState.PENDING, WorkState.CLAIMED])
    free_unit = WorkUnit.objects.filter(free, run=OuterRef("pk"))
    running = Run.objects.filter(state=RunState.RUNNING, n_units__gt=0)
    return running.filter(Exists(free_unit) | ~Exists(open_unit)).order_by("pk")


def sweep_completions() -> int:
    """Marks calls abandoned whose process is gone; how many."""
    gone = Completion.objects.filter(state=CompletionState.IN_FLIGHT, lease_until__lt=Now())
    return gone.update(state=CompletionState.ABANDONED, reason=ABANDONED)
