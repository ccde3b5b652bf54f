"""Model calls on record: reserved before they leave, answered or failed after. One live row per question and study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now

from pipeline.backends.base import ModelAnswer, Outcome
from pipeline.domain.updating import update_rows
from pipeline.enums import CompletionState
from pipeline.models import Completion, Run
from pipeline.requests import ModelRequest
from pipeline.stages.parsing import storable
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
    *,
    run: Run,
    requests: Sequence[ModelRequest],
    backend: str,
    version: str,
    seconds: float,
    affordable: Callable[[Sequence[ModelRequest]], int] | None = None,
) -> list[Reservation | None]:
    """One reservation per request, in their order. What is new becomes a row in flight, committed when this returns.

    A row in flight whose lease has ended is marked abandoned and counted as possibly paid twice; its question is free.
    ``affordable`` hears what would be new, and says how many of it may be; what may not is None.
    """
    keys = [request.cache_key for request in requests]
    by_key = dict(zip(keys, requests, strict=True))
    with transaction.atomic():
        found, attempts = _on_record(run, by_key)
        new = [key for key in by_key if key not in found]
        if new and affordable is not None:
            new = new[: affordable([by_key[key] for key in new])]
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
            for key in sorted(new)  # in one order for all, so that no two workers wait for each other's
        ]
        found |= _insert(run, rows) if rows else {}
    return [found.get(key) for key in keys]


def answered_among(*, run: Run, keys: Sequence[str]) -> int:
    """How many of these questions the study has an answer to."""
    return Completion.objects.filter(study=run.study_id, cache_key__in=keys, state=CompletionState.ANSWERED).count()


def record_outcomes(*, outcomes: Sequence[tuple[Completion, Outcome]]) -> None:
    """Keeps what came back, in one transaction; the rows given carry the new state.

    An answer that comes after its row was given up is kept too, and counts where nobody has asked again meanwhile.
    """
    rows = {completion.pk: completion for completion, _ in outcomes}
    for completion, outcome in outcomes:
        _fill(completion, outcome)
    with transaction.atomic():
        ours = Completion.objects.filter(pk__in=rows, state=CompletionState.IN_FLIGHT).order_by("pk")
        in_time = set(ours.select_for_update().values_list("pk", flat=True))
        update_rows(Completion, ANSWER_COLUMNS, ((pk, _columns(rows[pk])) for pk in in_time))
        for pk in rows.keys() - in_time:
            _record_late(rows[pk])


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


def _live(run: Run, keys: Iterable[str]) -> QuerySet[Completion]:
    return Completion.objects.filter(study=run.study_id, cache_key__in=list(keys), state__in=LIVE)


def _on_record(run: Run, keys: Iterable[str]) -> tuple[dict[str, Reservation], dict[str, int]]:
    """What is answered or in flight, and how often each was asked; what its process left in flight is given up."""
    gone = ExpressionWrapper(Q(state=CompletionState.IN_FLIGHT, lease_until__lt=Now()), output_field=BooleanField())
    rows = Completion.objects.filter(study=run.study_id, cache_key__in=list(keys)).annotate(gone=gone)
    live: list[int] = []
    dead: list[int] = []
    attempts = Counter[str]()
    for pk, key, attempt, state, is_gone in rows.values_list("pk", "cache_key", "attempt", "state", "gone"):
        attempts[key] = max(attempts[key], attempt)
        if state in LIVE:
            (dead if is_gone else live).append(pk)
    if dead:
        left = Completion.objects.filter(pk__in=dead, state=CompletionState.IN_FLIGHT)
        left.update(state=CompletionState.ABANDONED, reason=ABANDONED)
    found = Completion.objects.filter(pk__in=live).defer("request") if live else ()
    return {row.cache_key: Reservation(row, ours=False) for row in found}, attempts


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
        other = _live(run, [row.cache_key]).first()
        return Reservation(other or row, ours=False)
    return Reservation(row, ours=True)


def _fill(completion: Completion, outcome: Outcome) -> None:
    completion.seconds = outcome.seconds
    completion.lease_until = None
    if isinstance(outcome, ModelAnswer):
        completion.state = CompletionState.ANSWERED
        completion.text = storable(outcome.text)
        completion.finish_reason = outcome.finish_reason[:32]
        completion.prompt_tokens = outcome.prompt_tokens
        completion.completion_tokens = outcome.completion_tokens
        completion.label_probabilities = outcome.label_probabilities and dict(outcome.label_probabilities)
    else:
        completion.state = CompletionState.FAILED
        completion.reason = storable(str(outcome))


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
