"""Units that have no result: why, which, and another try for those of one kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Case, CharField, Count, F, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from pipeline.domain.errors import RunError
from pipeline.domain.progress import unread_outcomes
from pipeline.domain.subjects import Parts, subjects_in_words, units_in_words
from pipeline.enums import CompletionState, FailureKind, RunState, WorkState
from pipeline.models import Finding, Run, Vote, WorkUnit
from studies.domain.audit import record_event
from studies.models import User

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

EXAMPLES = 3
# The answer is on record: another try reads it again, and asks nothing.
ON_RECORD = (FailureKind.UNPARSEABLE, FailureKind.CUT_OFF, FailureKind.EMPTY)
READ_AGAIN = "The answers are on record: another try reads them again and asks nothing. "
REMEDIES = {
    FailureKind.UNPARSEABLE: READ_AGAIN
    + "That helps once the reader is mended; for other answers, plan a run with another sample_index.",
    FailureKind.CUT_OFF: READ_AGAIN + "For longer answers, plan a run with more max_tokens.",
    FailureKind.EMPTY: READ_AGAIN + "For other answers, plan a run with another sample_index or model.",
    FailureKind.TOO_LONG: "Another try fails alike, unless the model's server takes longer requests by now.",
    FailureKind.REFUSED: "The reasons below say what the server minds; mend that, then try again.",
    FailureKind.NO_ANSWER: "This usually passes: try again when the server is well.",
    FailureKind.WORKER_DIED: "Usually for want of memory: start a worker with more of it, then try again.",
    FailureKind.NO_MATERIAL: "The reasons below say what cannot be used; another try helps once that is mended.",
    FailureKind.OTHER: "The reasons below say what went wrong.",
}


@dataclass(frozen=True)
class FailedUnit:
    """``answer`` is what the model said, word for word; None where it said nothing that we have."""

    key: str
    about: Parts
    reason: str
    attempts: int
    answer: str | None


@dataclass(frozen=True)
class FailureGroup:
    kind: FailureKind
    count: int
    examples: tuple[FailedUnit, ...]

    @property
    def remedy(self) -> str:
        return REMEDIES[self.kind]


def failures_by_kind(run: Run, examples: int = EXAMPLES) -> list[FailureGroup]:
    """The run's failed units, the most frequent kind first, each with its first few in the run's order."""
    kinds = failed_units(run).order_by().values_list("kind")  # type: ignore[misc]  # annotated by failed_units
    counts = Counter(dict(kinds.annotate(n=Count("pk"))))
    shown: dict[str, list[WorkUnit]] = defaultdict(list)
    for unit in _first_of_each(run, examples) if counts else ():
        shown[unit.kind].append(unit)  # type: ignore[attr-defined]  # annotated by failed_units
    described = describe_failures([unit for units in shown.values() for unit in units])
    return [
        FailureGroup(FailureKind(kind), count, tuple(described[unit.pk] for unit in shown[kind]))
        for kind, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def failed_units(run: Run, kind: str | None = None) -> QuerySet[WithAnnotations[WorkUnit]]:
    """In order, each with its ``kind``: that of its failure, ``other`` where none was noted."""
    noted = Case(When(failure="", then=Value(FailureKind.OTHER)), default=F("failure"), output_field=CharField())
    units = run.work_units.filter(state=WorkState.FAILED).annotate(kind=noted).order_by("position")
    return units if kind is None else units.filter(kind=kind)


def retry_may_help(run: Run) -> bool:
    """Whether a unit failed that had no answer: its next try asks again."""
    return run.work_units.filter(state=WorkState.FAILED).exclude(failure__in=ON_RECORD).exists()


def describe_failures(units: list[WorkUnit]) -> dict[int, FailedUnit]:
    """By key of the unit. ``completion`` should be loaded with them."""
    about = subjects_in_words(units)
    return {unit.pk: FailedUnit(unit.key, about[unit.pk], unit.reason, unit.attempts, _answer(unit)) for unit in units}


def describe_unread(run: Run, first: int, last: int) -> list[FailedUnit]:
    """The ``first`` to ``last`` of the votes or findings whose answer could not be read: outcomes, not failures."""
    rows = unread_outcomes(run).order_by("pk").select_related("attribute__person", "prompt", "pair__prompt")
    shown: list[Vote | Finding] = [*rows.select_related("completion").defer("completion__request")[first:last]]
    return [
        FailedUnit(row.unit_key, about, row.reason, 1, _answer(row))
        for row, about in zip(shown, units_in_words(shown), strict=True)
    ]


def retry_failures(*, run: Run, kind: str | None, actor: User | None) -> int:
    """Gives the failed units of one kind (of all, for None) another try; how many there are. Answers on record stay.

    An incomplete run runs again, to be handed to the workers by whoever calls this; a running one goes on, a paused one
    stays paused. Raises RunError for a cancelled run, and for a kind that is none. One transaction, on the audit trail.
    """
    if kind is not None and kind not in FailureKind.values:
        raise RunError(f"{kind!r} is no kind of failure: use one of {', '.join(FailureKind.values)}")
    with transaction.atomic():
        row = Run.objects.select_for_update(of=("self",)).select_related("study").get(pk=run.pk)
        if row.state == RunState.CANCELLED:
            raise RunError("The run was cancelled: nothing of it is tried again. Plan another one.")
        keys = failed_units(row, kind).values("pk")
        count = WorkUnit.objects.filter(pk__in=keys).update(
            state=WorkState.PENDING,
            failure="",
            reason="",
            completion=None,
            lease_until=None,
            settled_at=None,
            attempts=0,
        )
        if count:
            _reopen(row)
            detail: dict[str, str | int] = {"kind": kind or "all", "units": count}
            record_event(
                study=row.study, actor=actor, verb="retry_failures", subject=f"run:{row.public_id}", detail=detail
            )
    run.refresh_from_db()
    return count


def _reopen(run: Run) -> None:
    row = Run.objects.filter(pk=run.pk)
    row.update(n_failed=run.work_units.filter(state=WorkState.FAILED).count())
    row.filter(state=RunState.INCOMPLETE).update(state=RunState.RUNNING, problem="", finished_at=None)


def _first_of_each(run: Run, number: int) -> QuerySet[WithAnnotations[WorkUnit]]:
    place = Window(RowNumber(), partition_by=["kind"], order_by="position")
    units = failed_units(run).annotate(place=place).filter(place__lte=number)
    return units.select_related("completion").defer("completion__request")


def _answer(row: WorkUnit | Vote | Finding) -> str | None:
    completion = row.completion
    return completion.text if completion is not None and completion.state == CompletionState.ANSWERED else None
