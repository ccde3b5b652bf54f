"""How far a run is, and what it cost so far."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from pipeline.enums import CompletionState, VoteStatus, WorkState
from pipeline.models import Run


@dataclass(frozen=True)
class RunProgress:
    """``cached``: done with answers that another run of the study had recorded. ``asked``: answers that this run got.

    Tokens are those of its own answers, as the server counted them; None where no server did.
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

    def __str__(self) -> str:
        parts = [f"{self.done} of {self.units} done"]
        parts += [f"{count} {word}" for word, count in self._worth_saying() if count]
        tokens = (self.prompt_tokens or 0) + (self.completion_tokens or 0)
        return ", ".join(parts + ([f"{tokens} tokens"] if tokens else []))

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
    """Counted from the rows, so true at any moment, whoever works on it."""
    states = dict(run.work_units.values_list("state").annotate(Count("pk")))
    done, failed = states.get(WorkState.DONE, 0), states.get(WorkState.FAILED, 0)
    others = run.work_units.filter(completion__isnull=False).exclude(completion__run=run)
    calls = run.completions.aggregate(
        asked=Count("pk", filter=Q(state=CompletionState.ANSWERED)),
        failed=Count("pk", filter=Q(state=CompletionState.FAILED)),
        abandoned=Count("pk", filter=Q(state=CompletionState.ABANDONED)),
        prompt=Sum("prompt_tokens"),
        completion=Sum("completion_tokens"),
    )
    return RunProgress(
        units=run.n_units,
        done=done,
        failed=failed,
        left=run.n_units - done - failed,
        cached=others.count(),
        asked=calls["asked"],
        unparseable=run.votes.filter(status=VoteStatus.UNPARSEABLE).count(),
        failed_calls=calls["failed"],
        possibly_paid_twice=calls["abandoned"],
        prompt_tokens=calls["prompt"],
        completion_tokens=calls["completion"],
    )


def failures_of(run: Run) -> list[tuple[str, int]]:
    """Reasons of failed units with their counts, the most frequent first."""
    rows = run.work_units.filter(state=WorkState.FAILED).values_list("reason").annotate(n=Count("pk"))
    return [(reason, n) for reason, n in rows.order_by("-n", "reason")]
