"""How far a run is, what it cost so far, and what it may still take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum
from django.db.models.functions import Now

from pipeline.enums import CompletionState, RunState, Stage, VoteStatus, WorkState
from pipeline.models import Finding, Run, Vote, WorkUnit
from pipeline.prices import cost_of
from studies.clock import from_now

VOTING = (Stage.SELECT, Stage.JUDGE, Stage.VERIFY)
FINDING = (Stage.MENTION, Stage.WHY)
PACE_SECONDS = 60  # what was settled in the last of these says how fast it goes


@dataclass(frozen=True)
class RunProgress:
    """``cached``: done with answers that another run of the study had recorded. ``asked``: answers that this run got,
    the one to a probe of its server among them.

    Tokens are those of its own answers, as the server counted them; None where no server did. ``cost`` is None where no
    price is known, or not every answer was counted; ``projected`` is what it comes to if what is left costs the like.
    ``per_minute`` counts units, those of the last minute; None, like ``seconds_left``, while nothing moves.
    """

    units: int
    done: int
    failed: int
    left: int
    cached: int
    asked: int
    unparseable: int
    failed_calls: int
    possibly_paid_twice: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: Decimal | None = None
    currency: str = ""
    per_minute: float | None = None
    seconds_left: float | None = None
    projected: Decimal | None = None

    def __str__(self) -> str:
        parts = [f"{self.done} of {self.units} done"]
        parts += [f"{count} {word}" for word, count in self._worth_saying() if count]
        tokens = (self.prompt_tokens or 0) + (self.completion_tokens or 0)
        parts += [f"{tokens} tokens"] if tokens else []
        return ", ".join(parts + ([f"{self.cost:.4f} {self.currency}"] if self.cost is not None else []))

    def _worth_saying(self) -> tuple[tuple[str, int], ...]:
        return (
            ("failed", self.failed),
            ("left", self.left),
            ("unparseable", self.unparseable),
            ("asked", self.asked),
            ("from answers on record", self.cached),
            ("failed calls", self.failed_calls),
            ("calls possibly paid twice", self.possibly_paid_twice),
        )


def run_progress(run: Run) -> RunProgress:
    """Counted from the rows, so true at any moment, whoever works on it. Five queries at most, whatever the size."""
    units, calls = _count_units(run), _count_calls(run)
    done, failed = units["done"], units["failed"]
    left = run.n_units - done - failed
    cost = _cost(run, calls)
    pace = _pace(run) if run.state == RunState.RUNNING else None
    settled_by_asking = done + failed - units["cached"]
    return RunProgress(
        units=run.n_units,
        done=done,
        failed=failed,
        left=left,
        cached=units["cached"],
        asked=calls["asked"],
        unparseable=unread_outcomes(run).count(),
        failed_calls=calls["failed"],
        possibly_paid_twice=calls["abandoned"],
        prompt_tokens=calls["prompt"],
        completion_tokens=calls["completion"],
        cost=cost,
        currency=run.prices.get("currency", ""),
        per_minute=pace,
        seconds_left=left / pace * 60 if pace else None,
        projected=cost + cost / settled_by_asking * left if cost is not None and settled_by_asking else None,
    )


def unread_outcomes(run: Run) -> QuerySet[Vote] | QuerySet[Finding]:
    """Votes or findings, whichever the stage makes, whose answer could not be read: kept as such, never asked again."""
    rows: QuerySet[Vote] | QuerySet[Finding] = run.findings.all() if run.stage in FINDING else run.votes.all()
    return rows.filter(status=VoteStatus.UNPARSEABLE)


def _count_units(run: Run) -> dict[str, int]:
    return run.work_units.aggregate(
        done=Count("pk", filter=Q(state=WorkState.DONE)),
        failed=Count("pk", filter=Q(state=WorkState.FAILED)),
        cached=Count("pk", filter=Q(completion__isnull=False) & ~Q(completion__run=run.pk)),
    )


def _count_calls(run: Run) -> dict[str, Any]:
    answered = Q(state=CompletionState.ANSWERED)
    return run.completions.aggregate(
        asked=Count("pk", filter=answered),
        uncounted=Count("pk", filter=answered & Q(prompt_tokens=None)),
        failed=Count("pk", filter=Q(state=CompletionState.FAILED)),
        abandoned=Count("pk", filter=Q(state=CompletionState.ABANDONED)),
        prompt=Sum("prompt_tokens"),
        completion=Sum("completion_tokens"),
    )


def _cost(run: Run, calls: dict[str, Any]) -> Decimal | None:
    if not run.prices or calls["uncounted"]:
        return None
    return cost_of(run.prices, calls["prompt"] or 0, calls["completion"] or 0)


def _pace(run: Run) -> float | None:
    """Units settled per minute, over the last minute, or since it started where that is less."""
    lately: QuerySet[WorkUnit] = run.work_units.filter(settled_at__gte=from_now(-PACE_SECONDS))
    found = lately.aggregate(number=Count("pk"))["number"]
    began = Run.objects.filter(pk=run.pk).annotate(age=ExpressionWrapper(Now() - F("started_at"), DurationField()))
    age: timedelta | None = began.values_list("age", flat=True).first()
    if not found or age is None:
        return None
    return float(found * 60 / min(PACE_SECONDS, max(age.total_seconds(), 1.0)))


def failures_of(run: Run) -> list[tuple[str, int]]:
    """Reasons of failed units with their counts, the most frequent first."""
    rows = run.work_units.filter(state=WorkState.FAILED).values_list("reason").annotate(n=Count("pk"))
    return [(reason, n) for reason, n in rows.order_by("-n", "reason")]
