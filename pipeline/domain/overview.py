"""What a lead looks at: runs with their lineage, and who has a run's work in hand. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Now

from pipeline import prompts
from pipeline.domain.progress import RunProgress, run_progress
from pipeline.enums import CompletionState, RunState, Stage, WorkState
from pipeline.models import Completion, Run, WorkUnit
from pipeline.prices import cost_of
from pipeline.stages import stage_for
from pipeline.stages.base import template_sha256
from studies.clock import from_now
from studies.models import Study

QUIET_SECONDS = 60.0  # nothing was settled for so long, and nobody holds a unit: no worker is at it
LISTED = 12  # of a list among parameters or outcomes
OPEN = (RunState.PLANNED, RunState.RUNNING, RunState.PAUSED)


def runs_with_lineage(study: Study, stage: str = "") -> QuerySet[Run]:
    """Newest first, which puts what read a run before it; ``inputs`` are fetched along."""
    runs = study.runs.prefetch_related("inputs").order_by("-created_at", "-pk")
    return runs.filter(stage=stage) if stage else runs


def runs_by_stage(study: Study) -> list[tuple[Stage, int]]:
    """The stages that the study has runs of, in the pipeline's order, with their number."""
    found = dict(study.runs.order_by().values_list("stage").annotate(n=Count("pk")))
    return [(stage, found[stage]) for stage in Stage if stage in found]


@dataclass(frozen=True)
class Counts:
    """Units of a run; what is neither done nor failed is left."""

    units: int
    done: int
    failed: int

    @property
    def left(self) -> int:
        return max(0, self.units - self.done - self.failed)


def counts_of(runs: Sequence[Run]) -> dict[int, Counts]:
    """By key of the run: as stored for what is over, counted from the work rows for what is not. One query."""
    counts = {run.pk: Counts(run.n_units, run.n_done, run.n_failed) for run in runs}
    going_on = {run.pk: run for run in runs if run.state in OPEN}
    rows = WorkUnit.objects.filter(run__in=going_on).order_by().values_list("run")
    done, failed = Count("pk", filter=Q(state=WorkState.DONE)), Count("pk", filter=Q(state=WorkState.FAILED))
    for key, n_done, n_failed in rows.annotate(done=done, failed=failed):
        counts[key] = Counts(going_on[key].n_units, n_done, n_failed)
    return counts


def costs_of(runs: Sequence[Run]) -> dict[int, Decimal]:
    """By key of the run, where a price is known and every answer was counted; in the prices' currency. One query."""
    priced = {run.pk: run for run in runs if run.prices}
    rows = Completion.objects.filter(run__in=priced).order_by().values_list("run")
    uncounted = Count("pk", filter=Q(state=CompletionState.ANSWERED, prompt_tokens=None))
    sums = rows.annotate(uncounted=uncounted, asked=Sum("prompt_tokens"), answered=Sum("completion_tokens"))
    found = {key: (uncounted, asked or 0, answered or 0) for key, uncounted, asked, answered in sums}
    return {
        key: cost_of(run.prices, asked, answered)
        for key, run in priced.items()
        for uncounted, asked, answered in [found.get(key, (0, 0, 0))]
        if not uncounted
    }


def progress_of(run: Run) -> RunProgress:
    """``run_progress``; for a run without work rows (imported, or done in one go) with the numbers that it keeps."""
    progress = run_progress(run)
    if run.work_units.exists():
        return progress
    return replace(progress, done=run.n_done, failed=run.n_failed, left=run.n_units - run.n_done - run.n_failed)


@dataclass(frozen=True)
class Hands:
    """``held``: units in workers' hands now. ``idle``: it runs, work is left, and no worker has been at it of late."""

    held: int
    idle: bool


def hands_on(run: Run) -> Hands:
    held = run.work_units.filter(state=WorkState.CLAIMED, lease_until__gt=Now()).count()
    if held or run.state != RunState.RUNNING:
        return Hands(held, idle=False)
    lately = from_now(-QUIET_SECONDS)
    begun = Run.objects.filter(pk=run.pk).filter(Q(started_at__isnull=True) | Q(started_at__lt=lately)).exists()
    return Hands(0, idle=begun and not run.work_units.filter(settled_at__gte=lately).exists())


@dataclass(frozen=True)
class PromptText:
    """The template that the run's requests were made from. ``text`` is "" where the file has changed since."""

    name: str
    sha256: str
    text: str


def prompt_of(run: Run) -> PromptText | None:
    """None for a run that asked no model."""
    if not run.template_sha256:
        return None
    try:
        stage = stage_for(run.stage, run.backend)
    except ValueError:  # imported from a release of another version
        return PromptText("", run.template_sha256, "")
    same = template_sha256(stage) == run.template_sha256
    return PromptText(stage.template, run.template_sha256, prompts.template(stage.template) if same else "")


def as_facts(values: dict[str, Any]) -> list[tuple[str, str]]:
    """A JSON object as (name, value) in words, nested objects on one line: for parameters and outcomes."""
    return [(name.replace("_", " "), _in_words(value)) for name, value in values.items()]


def _in_words(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return _listed(f"{name.replace('_', ' ')} {_in_words(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        more = [f"and {len(value) - LISTED:,} more"] if len(value) > LISTED else []
        return _listed([*map(_in_words, value[:LISTED]), *more])
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"
