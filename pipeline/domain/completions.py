"""Model calls on record: reserved before they leave, answered or failed after. One live row per question and study."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.db.models.functions import Now

from pipeline.backends.base import ModelAnswer, Outcome
from pipeline.enums import CompletionState
from pipeline.models import Completion, Run
from pipeline.requests import ModelRequest
from studies.clock import from_now

LIVE = (CompletionState.IN_FLIGHT, CompletionState.ANSWERED)
ANSWER_COLUMNS = (
    *("state", "text", "reason", "finish_reason", "prompt_tokens", "completion_tokens", "label_probabilities"),
    *("seconds", "lease_until"),
)
ABANDONED = "its process ended before an answer was recorded: possibly paid"


@dataclass(frozen=True)
class Reservation:
    """``ours``: send it. Otherwise ``completion`` is answered, or in flight with another worker."""

    completion: Completion
    ours: bool

    @property
    def answered(self) -> bool:
        return self.completion.state == CompletionState.ANSWERED


def reserve_completions(
    *, run: Run, requests: Sequence[ModelRequest], backend: str, version: str, seconds: float
) -> list[Reservation]:
    """One reservation per request, in their order. What is new becomes a row in flight, committed when this returns.

    A row in flight whose lease has ended is marked abandoned and counted as possibly paid twice; its question is free.
    """
    by_key = {request.cache_key: request for request in requests}
    with transaction.atomic():
        expire_completions(run=run, keys=list(by_key))
        found = {row.cache_key: Reservation(row, ours=False) for row in _live(run, by_key)}
        attempts = _attempts(run, by_key)
        rows = [
            Completion(
                study_id=run.study_id,
                run=run,
                cache_key=key,
                attempt=attempts.get(key, 0) + 1,
                state=CompletionState.IN_FLIGHT,
                request=by_key[key].as_json(),
                backend=backend,
                backend_version=version,
                lease_until=from_now(seconds),
            )
            for key in sorted(set(by_key) - set(found))
        ]
        found |= _insert(run, rows)
    return [found[request.cache_key] for request in requests]


def expire_completions(*, run: Run, keys: Sequence[str] | None = None) -> int:
    """Marks calls abandoned whose process is gone; how many."""
    rows = Completion.objects.filter(study=run.study_id, state=CompletionState.IN_FLIGHT, lease_until__lt=Now())
    if keys is not None:
        rows = rows.filter(cache_key__in=keys)
    return rows.update(state=CompletionState.ABANDONED, reason=ABANDONED)


def record_outcomes(*, outcomes: Iterable[tuple[Completion, Outcome]]) -> None:
    """Keeps what came back, in one transaction; the rows given carry the new state.

    An answer that comes after its row was given up is kept too, and counts where nobody has asked again meanwhile.
    """
    with transaction.atomic():
        for completion, outcome in outcomes:
            _fill(completion, outcome)
            row = Completion.objects.filter(pk=completion.pk)
            written = row.filter(state=CompletionState.IN_FLIGHT).update(**_columns(completion))
            if not written:
                _record_late(completion)


def renew_completions(*, pks: Sequence[int], seconds: float) -> None:
    rows = Completion.objects.filter(pk__in=pks, state=CompletionState.IN_FLIGHT)
    rows.update(lease_until=from_now(seconds))


def abandon_completions(*, pks: Sequence[int]) -> None:
    """For calls that may have been paid and whose answer will not be seen."""
    rows = Completion.objects.filter(pk__in=pks, state=CompletionState.IN_FLIGHT)
    rows.update(state=CompletionState.ABANDONED, reason=ABANDONED, lease_until=None)


def withdraw_completions(*, pks: Sequence[int]) -> None:
    """Takes back calls that were reserved and never sent."""
    Completion.objects.filter(pk__in=pks, state=CompletionState.IN_FLIGHT).delete()


def _live(run: Run, keys: Iterable[str]) -> Iterable[Completion]:
    return Completion.objects.filter(study=run.study_id, cache_key__in=list(keys), state__in=LIVE)


def _attempts(run: Run, keys: Iterable[str]) -> dict[str, int]:
    rows = Completion.objects.filter(study=run.study_id, cache_key__in=list(keys))
    return dict(rows.values_list("cache_key").annotate(Max("attempt")))


def _insert(run: Run, rows: Sequence[Completion]) -> dict[str, Reservation]:
    """All at once, or one by one where another worker asks one of them at this very moment."""
    try:
        with transaction.atomic():
            return {row.cache_key: Reservation(row, ours=True) for row in Completion.objects.bulk_create(rows)}
    except IntegrityError:
        return {row.cache_key: _insert_one(run, row) for row in rows}


def _insert_one(run: Run, row: Completion) -> Reservation:
    row.pk = None
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        row.pk = None
        other = next(iter(_live(run, [row.cache_key])), None)
        return Reservation(other or row, ours=False)
    return Reservation(row, ours=True)


def _fill(completion: Completion, outcome: Outcome) -> None:
    completion.seconds = outcome.seconds
    completion.lease_until = None
    if isinstance(outcome, ModelAnswer):
        completion.state = CompletionState.ANSWERED
        completion.text = outcome.text.replace("\x00", "\ufffd")  # PostgreSQL takes no NUL
        completion.finish_reason = outcome.finish_reason[:32]
        completion.prompt_tokens = outcome.prompt_tokens
        completion.completion_tokens = outcome.completion_tokens
        completion.label_probabilities = outcome.label_probabilities and dict(outcome.label_probabilities)
    else:
        completion.state = CompletionState.FAILED
        completion.reason = str(outcome).replace("\x00", "\ufffd")


def _columns(completion: Completion) -> dict[str, object]:
    return {name: getattr(completion, name) for name in ANSWER_COLUMNS}


def _record_late(completion: Completion) -> None:
    row = Completion.objects.filter(pk=completion.pk, state=CompletionState.ABANDONED)
    try:
        with transaction.atomic():
            row.update(**_columns(completion))
    except IntegrityError:  # asked again meanwhile: that row is the live one, this one keeps its words only
        row.update(**_columns(completion) | {"state": CompletionState.ABANDONED})
        completion.state = CompletionState.ABANDONED
