"""A study's plan on record, and the runs that its steps are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from pipeline.domain.planning import find_run, plan_run
from pipeline.domain.steering import set_budget
from pipeline.enums import RunState
from pipeline.models import Run, StudyPlan
from pipeline.plans import Plan, parse_plan
from pipeline.plans.steps import StageStep
from pipeline.stages import stage_for
from studies.domain.audit import record_event
from studies.models import Study, User


@transaction.atomic
def set_plan(*, study: Study, text: str, file: str = "plan", actor: User | None = None) -> Plan:
    """Keeps the text as the study's plan, in place of an earlier one; runs that stand stay. Raises PlanRefused."""
    plan = parse_plan(text, file)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    known = StudyPlan.objects.filter(study=study).values_list("sha256", flat=True).first()
    if known != sha256:
        StudyPlan.objects.update_or_create(study=study, defaults={"text": text, "sha256": sha256})
        record_event(
            study=study, actor=actor, verb="set_plan", subject=f"study:{study.slug}", detail={"sha256": sha256}
        )
    return plan


def plan_of(study: Study) -> Plan | None:
    """The plan that the study keeps. Raises PlanRefused for one that the program no longer understands."""
    kept = StudyPlan.objects.filter(study=study).first()
    return None if kept is None else parse_plan(kept.text, f"plan of {study.slug}")


def plan_step(*, study: Study, step: StageStep, runs: Sequence[Run], actor: User | None = None) -> Run:
    """The step's run over what ``runs`` made, planned or found again, with the plan's way to its server and its budget.

    A run that is over keeps the budget it had. Raises RunError.
    """
    run = plan_run(**_words(study, step, runs), backend_options=_options(step), created_by=actor)
    budget = (step.server.budget_tokens, step.server.budget_money) if step.server else (None, None)
    if run.state != RunState.COMPLETE and (run.budget_tokens, run.budget_money) != budget:
        run = set_budget(run=run, tokens=budget[0], money=budget[1], actor=actor)
    return run


def find_step(study: Study, step: StageStep, runs: Sequence[Run]) -> Run | None:
    """The run that ``plan_step`` would find; None where it would make one. Reads only. Raises RunError."""
    return find_run(**_words(study, step, runs))


def _words(study: Study, step: StageStep, runs: Sequence[Run]) -> dict[str, Any]:
    """Of what the step comes after, it reads what its stage accepts."""
    accepts = stage_for(step.stage, step.backend).accepts
    return {
        "study": study,
        "stage": step.stage,
        "backend": step.backend,
        "model": step.model.name if step.model else "",
        "revision": step.model.revision if step.model else "",
        "parameters": step.parameters,
        "inputs": [run for run in runs if run.stage in accepts],
    }


def _options(step: StageStep) -> Mapping[str, str | int | float | bool]:
    return step.server.options if step.server else {}
