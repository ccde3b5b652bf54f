"""A run that asked a model about every conversation of a small study, and what failed of it."""

from __future__ import annotations

from django.utils import timezone

from pipeline.enums import (
    CompletionState,
    FailureKind,
    FindingKind,
    InstrumentName,
    RunState,
    Stage,
    VoteStatus,
    WorkState,
)
from pipeline.models import Attribute, Completion, Finding, Run, WorkUnit
from pipeline.units import unit_key
from studies.models import Study
from tests import factories

PRICES = {"input": "1.00", "output": "2.00", "currency": "USD", "version": "2026-11-23"}


def make_failed_run(study: Study, failures: dict[FailureKind, int], done: int = 1, **fields: object) -> Run:
    """An extract run, a unit per conversation: ``done`` of them, then failures; those with an answer have its text."""
    person = factories.make_person(factories.make_corpus(study), "fig-lover")
    imported = factories.make_run(study, Stage.IMPORT)
    kinds: list[FailureKind | None] = [None] * done + [kind for kind, n in failures.items() for _ in range(n)]
    counts = {"n_units": len(kinds), "n_done": done, "n_failed": len(kinds) - done}
    run = factories.make_run(study, Stage.EXTRACT, **{"state": RunState.INCOMPLETE} | counts | fields)
    for position, kind in enumerate(kinds):
        conversation = factories.make_conversation(person, imported)
        WorkUnit.objects.create(
            run=run,
            key=conversation.public_id,
            position=position,
            subject={"conversation": conversation.pk},
            state=WorkState.FAILED if kind else WorkState.DONE,
            failure=kind or "",
            reason=f"reason {position}" if kind else "",
            attempts=1,
            completion=make_completion(run, f"answer {position}") if kind == FailureKind.UNPARSEABLE else None,
            settled_at=timezone.now(),
        )
    return run


def make_completion(run: Run, text: str, state: CompletionState = CompletionState.ANSWERED) -> Completion:
    key = f"{run.pk}-{run.completions.count()}"
    return Completion.objects.create(
        study=run.study, run=run, cache_key=key, attempt=1, state=state, request={}, text=text, backend="recorded"
    )


def make_finding(run: Run, attribute: Attribute, completion: Completion) -> Finding:
    """Why the attribute fails, asked of a model that did not say."""
    return Finding.objects.create(
        run=run,
        kind=FindingKind.FAILURE,
        instrument=InstrumentName.ATTRIBUTE_QUALITY,
        attribute=attribute,
        unit_key=unit_key(InstrumentName.ATTRIBUTE_QUALITY, attribute),
        status=VoteStatus.UNPARSEABLE,
        completion=completion,
    )


def failed_kinds(run: Run) -> list[str]:
    return sorted(run.work_units.filter(state=WorkState.FAILED).values_list("failure", flat=True))
