"""A run before it starts: what it reads, what there is to do, and whether it stands already."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from pydantic import ValidationError

from pipeline import prompts
from pipeline.backends import BACKENDS
from pipeline.backends.embedders import EMBEDDERS, USUAL_MODEL
from pipeline.domain.errors import NothingToDo, RunError
from pipeline.enums import RunState
from pipeline.enums import Stage as StageName
from pipeline.models import Run, RunInput, WorkUnit
from pipeline.requests import sha256_of
from pipeline.stages import BASELINES, BY_VECTORS, OWN_BACKENDS, stage_for
from pipeline.stages.base import AnyStage, Scope, StageParameters, UnitSpec, template_sha256
from pipeline.stages.mask import runs_to_mask
from pipeline.stages.pools import embedder_of
from pipeline.version import VERSION
from studies.models import Study, User

IN_ONE_INSERT = 1000
BUDGETS = ("budget_tokens", "budget_money")


def plan_run(
    *,
    study: Study,
    stage: str,
    backend: str,
    model: str = "",
    revision: str = "",
    parameters: Mapping[str, Any] | None = None,
    inputs: Sequence[Run] = (),
    backend_options: Mapping[str, Any] | None = None,
    created_by: User | None = None,
    budget_tokens: int | None = None,
    budget_money: Decimal | None = None,
) -> Run:
    """A run with all its work rows, in one transaction; state planned.

    Planned again with the same stage, backend, model, parameters, template, inputs and units, it is the same run, and
    only ``backend_options`` (how the backend is reached) and the budgets, where any is given, are brought up to date.
    Raises RunError.
    """
    if any(limit is not None and limit <= 0 for limit in (budget_tokens, budget_money)):
        raise RunError("a budget is more than nothing: leave it out for no limit")
    run, specs = _drafted(
        study, stage, backend, model, revision, parameters or {}, inputs, backend_options or {}, created_by
    )
    run.budget_tokens, run.budget_money = budget_tokens, budget_money
    return _same_run(run) or _write_plan(run, inputs, specs)


def find_run(
    *,
    study: Study,
    stage: str,
    backend: str,
    model: str = "",
    revision: str = "",
    parameters: Mapping[str, Any] | None = None,
    inputs: Sequence[Run] = (),
) -> Run | None:
    """The run that ``plan_run`` would find for the same words; None where it would make one. Raises RunError."""
    run, _ = _drafted(study, stage, backend, model, revision, parameters or {}, inputs, {}, None)
    return Run.objects.filter(study=study, stage=stage, fingerprint=run.fingerprint).first()


def _drafted(
    study: Study,
    stage: str,
    backend: str,
    model: str,
    revision: str,
    parameters: Mapping[str, Any],
    inputs: Sequence[Run],
    backend_options: Mapping[str, Any],
    created_by: User | None,
) -> tuple[Run, list[UnitSpec]]:
    """The run as it would be written, with its fingerprint and its units. Reads only."""
    room = _stage(stage, backend)
    values = _parameters(room, stage, parameters)
    _check_inputs(room, stage, study, inputs)
    model = model or _usual_model(stage, backend, backend_options)
    if (room.template or (stage, backend) in BY_VECTORS) and not model:
        raise RunError(f"{stage} asks a model: name it with --model")
    scope = Scope(study, tuple(inputs), values)
    specs = list(room.units(scope))
    if not specs:
        raise NothingToDo(f"{stage} finds nothing to do in study {study.slug!r}: {_what_it_reads(room, inputs)}")
    run = Run(
        study=study,
        stage=stage,
        backend=backend,
        model_name=model or backend,
        model_revision=revision,
        parameters=_stored(room, values),
        backend_options=dict(backend_options),
        template_sha256=template_sha256(room),
        code_version=VERSION,
        n_units=len(specs),
        created_by=created_by,
    )
    run.fingerprint = fingerprint(run, inputs, specs)
    return run, specs


def _usual_model(stage: str, backend: str, options: Mapping[str, Any]) -> str:
    """Of what makes vectors in a worker's own memory, where nobody names another; else ""."""
    by = embedder_of(options) if (stage, backend) in BY_VECTORS else backend if stage == StageName.MERGE else ""
    return USUAL_MODEL if by == "local" else ""


def fingerprint(run: Run, inputs: Sequence[Run], specs: Sequence[UnitSpec]) -> str:
    """sha256 over everything that would make another run of it: not how the backend is reached, nor who asked."""
    return sha256_of(
        {
            "backend": run.backend,
            "model": run.model_name,
            "revision": run.model_revision,
            "parameters": run.parameters,
            "template_sha256": run.template_sha256,
            "inputs": sorted(source.public_id for source in inputs),
            "units": [spec.key for spec in specs],
        }
    )


def inputs_for(study: Study, stage: str, backend: str) -> list[Run]:
    """The one run that the stage can read, when nobody names it. Raises RunError where there is none, or a choice.

    A stage that may also read none (extract) reads none then: selected people are named, never guessed.
    """
    room = _stage(stage, backend)
    if stage == StageName.MASK:
        return runs_to_mask(study)
    if "" in room.accepts:
        return []
    usable = Q(stage__in=[name for name in room.accepts if name not in (StageName.IMPORT, StageName.SAMPLE)])
    found = list(study.runs.filter(usable, state__in=[RunState.COMPLETE, RunState.INCOMPLETE]).order_by("pk"))
    # The first stage named is the one that usually comes before: extracted attributes yield to merged ones.
    nearest = [run for run in found if run.stage == room.accepts[0]] or found
    if len(nearest) == 1:
        return nearest
    listed = "".join(f"\n  {run.public_id}  {run.stage} by {run.model_name}, {run.n_done} units" for run in nearest)
    if not nearest:
        raise RunError(f"{stage} reads a run of {_readable(room)}: study {study.slug!r} has none that ended")
    raise RunError(f"{stage} could read any of these runs of study {study.slug!r}; name it with --from:{listed}")


def _stage(stage: str, backend: str) -> AnyStage:
    try:
        room = stage_for(stage, backend)
    except ValueError as error:
        raise RunError(str(error)) from error
    if (stage, backend) in BASELINES:
        return room
    known = EMBEDDERS if stage == StageName.MERGE else () if stage in OWN_BACKENDS else BACKENDS
    if backend not in known:
        fitting = [*known, *(name for at, name in BASELINES if at == stage)]
        raise RunError(f"{stage} has no backend {backend!r}: use one of {', '.join(fitting)}")
    return room


def _parameters(room: AnyStage, stage: str, given: Mapping[str, Any]) -> StageParameters:
    try:
        return room.parameters.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        allowed = ", ".join(room.parameters.model_fields)
        raise RunError(f"{stage} parameter {name}={first['input']!r}: {first['msg']}. It takes: {allowed}") from error


def _stored(room: AnyStage, values: StageParameters) -> dict[str, Any]:
    """The parameters as the run keeps them; with the hash of the raters' own instruction, where the template has it."""
    instrument = prompts.INCLUDES.get(room.template)
    text = prompts.guideline_text(instrument) if instrument else ""
    return values.model_dump() | ({"guideline_sha256": prompts.text_sha256(text)} if instrument else {})


def _check_inputs(room: AnyStage, stage: str, study: Study, inputs: Sequence[Run]) -> None:
    if not inputs and "" not in room.accepts:
        raise RunError(f"{stage} reads a run of {_readable(room)}: name it with --from RUN")
    for source in inputs:
        if source.study_id != study.pk:
            raise RunError(f"run {source.public_id} belongs to another study")
        if source.stage not in room.accepts:
            raise RunError(f"{stage} reads a run of {_readable(room)}, not of {source.stage}")
        if source.state not in (RunState.COMPLETE, RunState.INCOMPLETE):
            raise RunError(f"run {source.public_id} ({source.stage}) is {source.state}: let it end first")


def _readable(room: AnyStage) -> str:
    return " or ".join(filter(None, room.accepts)) or "no stage"


def _what_it_reads(room: AnyStage, inputs: Sequence[Run]) -> str:
    if not inputs:
        return "import a corpus first"
    named = ", ".join(re.sub(r"\s+", " ", str(source)).strip() for source in inputs)
    return f"{named} made nothing that it could read, or no prompt is put to these people"


def _same_run(run: Run) -> Run | None:
    same = Run.objects.filter(study=run.study, stage=run.stage, fingerprint=run.fingerprint).first()
    if same:
        brought = {"backend_options": run.backend_options}
        brought |= {name: getattr(run, name) for name in BUDGETS if getattr(run, name) is not None}
        changed = {name: value for name, value in brought.items() if getattr(same, name) != value}
        for name, value in changed.items():
            setattr(same, name, value)
        if changed:
            same.save(update_fields=list(changed))
    return same


def _write_plan(run: Run, inputs: Sequence[Run], specs: Sequence[UnitSpec]) -> Run:
    try:
        with transaction.atomic():
            run.save()
            RunInput.objects.bulk_create(RunInput(run=run, source=source) for source in inputs)
            WorkUnit.objects.bulk_create(
                (
                    WorkUnit(run=run, key=spec.key, position=place, subject=spec.subject)
                    for place, spec in enumerate(specs)
                ),
                batch_size=IN_ONE_INSERT,
            )
    except IntegrityError:
        same = _same_run(run)  # planned by somebody else at the same moment
        if same is None:
            raise
        return same
    return run
