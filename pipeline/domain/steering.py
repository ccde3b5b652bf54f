"""What a lead does to a run by hand. Each step is held to the run's state and stands on the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction

from pipeline.domain.errors import RunError
from pipeline.domain.runs import cancel_run, finish_run, pause_run, start_run
from pipeline.enums import RunState
from pipeline.models import Run
from studies.domain.audit import record_event
from studies.models import User


class Step(NamedTuple):
    verb: str
    word: str  # as in "cannot be paused"
    target: RunState
    sources: tuple[RunState, ...]


RESUME = Step("order_resume", "resumed", RunState.RUNNING, (RunState.PLANNED, RunState.PAUSED))
PAUSE = Step("order_pause", "paused", RunState.PAUSED, (RunState.RUNNING,))
CANCEL = Step("order_cancel", "cancelled", RunState.CANCELLED, (RunState.PLANNED, RunState.RUNNING, RunState.PAUSED))

REMEDIES = {
    RunState.PLANNED: "It has not been started yet.",
    RunState.RUNNING: "It is running.",
    RunState.PAUSED: "It is paused.",
    RunState.COMPLETE: "It is complete: nothing is left to do.",
    RunState.INCOMPLETE: "It is over, and some units failed: have those tried again.",
    RunState.CANCELLED: "It was cancelled for good: plan another one.",
}


def may_take(step: Step, run: Run) -> bool:
    """Whether the run's state leads there: for the buttons that a page offers."""
    return run.state in step.sources


def order_resume(*, run: Run, actor: User | None) -> Run:
    """Lets workers claim units of a planned or paused run; hand it to them with ``enqueue_run``.

    Units that failed stay as they are (``retry_failures`` is for them). Resuming what runs changes nothing; any other
    state raises RunError. One transaction.
    """
    return _take(RESUME, run, actor, _go_on)


def order_pause(*, run: Run, actor: User | None) -> Run:
    """No unit of a running run is begun any more; answers to calls in flight are kept.

    Pausing twice changes nothing; any other state raises RunError. One transaction.
    """
    return _take(PAUSE, run, actor, lambda row: pause_run(run=row))


def order_cancel(*, run: Run, actor: User | None) -> Run:
    """Ends a run that is not over, for good; what it recorded stays. Cancelling twice changes nothing.

    Raises RunError for a run that is over. One transaction.
    """
    return _take(CANCEL, run, actor, lambda row: cancel_run(run=row))


def set_budget(*, run: Run, tokens: int | None, money: Decimal | None, actor: User | None) -> Run:
    """No call is begun that could pass either limit, None for no limit. ``money`` is in the currency of its prices.

    Holds from the next call on; a run that stands still for its old budget is to be resumed. Raises RunError for a run
    that was completed or cancelled, for a limit of nothing, and for money where no price is known. One transaction.
    """
    if any(limit is not None and limit <= 0 for limit in (tokens, money)):
        raise RunError("A budget is more than nothing: leave it empty for no limit, or pause the run.")
    with transaction.atomic():
        row = _locked(run)
        if money is not None and row.started_at and not row.prices:
            raise RunError(f"No price of {row.model_name} is known: set a budget in tokens.")
        if row.state in (RunState.COMPLETE, RunState.CANCELLED):
            raise RunError(f"No budget can be set. {REMEDIES[RunState(row.state)]}")
        row.budget_tokens, row.budget_money = tokens, money
        row.save(update_fields=["budget_tokens", "budget_money"])
        detail = {"tokens": tokens, "money": None if money is None else str(money)}
        record_event(study=row.study, actor=actor, verb="set_budget", subject=f"run:{row.public_id}", detail=detail)
    return row


def _go_on(row: Run) -> Run:
    row = start_run(run=row, retry_failed=False)
    if row.state != RunState.RUNNING:  # nothing was left to claim, and its end had not been noticed
        finish_run(run=row)
    return row


def _take(step: Step, run: Run, actor: User | None, act: Callable[[Run], Run]) -> Run:
    with transaction.atomic():
        row = _locked(run)
        if row.state == step.target:
            return row
        if row.state not in step.sources:
            raise RunError(f"The run cannot be {step.word}. {REMEDIES[RunState(row.state)]}")
        before = row.state
        row = act(row)
        detail = {"before": before, "after": row.state}
        record_event(study=row.study, actor=actor, verb=step.verb, subject=f"run:{row.public_id}", detail=detail)
    return row


def _locked(run: Run) -> Run:
    return Run.objects.select_for_update(of=("self",)).select_related("study").get(pk=run.pk)
