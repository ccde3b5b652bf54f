"""A plan as steps in their order, each with the names of the steps that it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.enums import InstrumentName
from pipeline.plans.form import (
    LABELS,
    Baseline,
    ByMany,
    CampaignPlan,
    Choosing,
    ImportPlan,
    ModelPlan,
    Plan,
    ServerPlan,
    StagePlan,
)


@dataclass(frozen=True)
class Step:
    name: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class ImportStep(Step):
    part: ImportPlan


@dataclass(frozen=True)
class MaskStep(Step):
    """Of what was imported; or, once they are there, of the prompts, attributes or responses (``texts``) that nobody
    looked at."""

    part: StagePlan
    texts: bool = False


@dataclass(frozen=True)
class PeopleStep(Step):
    part: Choosing
    embedder: ModelPlan | None
    server: ServerPlan | None


@dataclass(frozen=True)
class MatchStep(Step):
    part: StagePlan


@dataclass(frozen=True)
class StageStep(Step):
    """One run of a stage. A baseline has no server, and a model only where it embeds."""

    stage: str
    backend: str
    model: ModelPlan | None = None
    server: ServerPlan | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SampleStep(Step):
    """The units that a campaign asks about, drawn before models vote on them."""

    slug: str
    part: CampaignPlan


@dataclass(frozen=True)
class CampaignStep(Step):
    slug: str
    part: CampaignPlan


@dataclass(frozen=True)
class LabelsStep(Step):
    """What people said in a campaign, once it is complete."""

    slug: str


def steps_of(plan: Plan) -> tuple[Step, ...]:
    """All steps of the plan; what a step reads stands before it."""
    return (
        *_material(plan),
        *_attributes(plan),
        *_asked(plan, InstrumentName.ATTRIBUTE_QUALITY, attributes_from(plan)),
        *_relevance(plan),
        *_responses(plan),
        *_failures(plan),
    )


def attributes_from(plan: Plan) -> tuple[str, ...]:
    """The step whose attributes are put to prompts and to raters."""
    last = plan.attributes or next((name for name in ("refine", "merge", "extract") if getattr(plan, name)), "")
    return (last,) if last else ()


def server_of(plan: Plan, model: ModelPlan) -> ServerPlan:
    """How this model is reached."""
    server = plan.servers[model.server]
    return server.model_copy(update={"options": server.options | model.options})


def _material(plan: Plan) -> Iterator[Step]:
    imports = _imports(plan)
    for name, part in zip(imports, plan.imports, strict=True):
        yield ImportStep(name, (), part)
    if plan.mask:
        yield MaskStep("mask", imports, plan.mask)
        yield MaskStep("mask prompts", imports, plan.mask, texts=True)
    if plan.people:
        embedder = plan.models[plan.people.embedder] if plan.people.embedder else None
        server = server_of(plan, embedder) if embedder else None
        yield PeopleStep("people", imports, plan.people, embedder, server)
    if plan.match:
        yield MatchStep("match", ("people",) if plan.people else imports, plan.match)


def _imports(plan: Plan) -> tuple[str, ...]:
    return tuple(f"import {part.path}" for part in plan.imports)


def _attributes(plan: Plan) -> Iterator[Step]:
    if plan.extract:
        reads = ("people",) if plan.people else _imports(plan)
        yield _by_model(plan, "extract", plan.extract.model, reads, plan.extract)
    if plan.merge:
        yield _by_model(plan, "merge", plan.merge.embedder, ("extract",), plan.merge)
    merged = ("merge",) if plan.merge else ("extract",)
    if plan.evidence:
        yield _by_model(plan, "evidence", plan.evidence.model, merged, plan.evidence)
    yield from _by_each(plan, "verify", plan.verify, merged)
    if plan.refine and plan.verify:
        verifier = plan.refine.verifier or plan.verify.models[0]
        yield _by_model(plan, "refine", plan.refine.model, (f"verify {verifier}",), plan.refine)
    made = tuple(name for name in ("extract", "merge", "refine") if getattr(plan, name))
    if plan.mask and made:
        yield MaskStep("mask attributes", made, plan.mask, texts=True)


def _relevance(plan: Plan) -> Iterator[Step]:
    attributes = attributes_from(plan)
    yield from _samples(plan, InstrumentName.RELEVANCE, attributes)
    if plan.select:
        drawn = _drawn(plan, InstrumentName.RELEVANCE) if plan.select.only_sampled else ()
        reads = (*attributes, *drawn, *(("match",) if plan.match else ()))
        for model in plan.select.models:
            yield _by_model(plan, "select", model, reads, plan.select, f"select {model}")
        for name, baseline in plan.select.baselines.items():
            yield _by_baseline(plan, name, baseline, reads)
    yield from _asked(plan, InstrumentName.RELEVANCE, attributes)
    if plan.respond and plan.respond.select == LABELS:
        yield from _labels(plan, InstrumentName.RELEVANCE)


def _responses(plan: Plan) -> Iterator[Step]:
    if not plan.respond or not plan.select:
        return
    chosen = plan.respond.select or next(iter((*plan.select.models, *plan.select.baselines)))
    labels = f"labels {plan.campaign_of(InstrumentName.RELEVANCE)}"
    yield from _by_each(plan, "respond", plan.respond, (labels if chosen == LABELS else f"select {chosen}",))
    responses = tuple(f"respond {model}" for model in plan.respond.models)
    if plan.mask:
        yield MaskStep("mask responses", responses, plan.mask, texts=True)
    yield from _samples(plan, InstrumentName.PREFERENCE, responses)
    for stage, part in (("judge", plan.judge), ("mention", plan.mention)):
        drawn = _drawn(plan, InstrumentName.PREFERENCE) if part and part.only_sampled else ()
        yield from _by_each(plan, stage, part, (*responses, *drawn))
    yield from _asked(plan, InstrumentName.PREFERENCE, (*attributes_from(plan), *responses))


def _failures(plan: Plan) -> Iterator[Step]:
    if not plan.why:
        return
    if plan.why.judged_by == LABELS:
        yield from _labels(plan, InstrumentName.ATTRIBUTE_QUALITY)
        reads = f"labels {plan.campaign_of(InstrumentName.ATTRIBUTE_QUALITY)}"
    else:
        reads = f"verify {plan.why.judged_by}"
    yield from _by_each(plan, "why", plan.why, (reads,))


def _campaigns(plan: Plan, instrument: str) -> Iterator[tuple[str, CampaignPlan]]:
    return ((slug, part) for slug, part in plan.campaigns.items() if part.instrument == instrument)


def _samples(plan: Plan, instrument: str, reads: Sequence[str]) -> Iterator[Step]:
    for slug, part in _campaigns(plan, instrument):
        if part.sample:
            yield SampleStep(f"sample {slug}", tuple(reads), slug, part)


def _drawn(plan: Plan, instrument: str) -> tuple[str, ...]:
    return tuple(f"sample {slug}" for slug, part in _campaigns(plan, instrument) if part.sample)


def _asked(plan: Plan, instrument: InstrumentName, reads: Sequence[str]) -> Iterator[Step]:
    if instrument == InstrumentName.ATTRIBUTE_QUALITY:  # its pages show all evidence there is
        reads = (*reads, *(("evidence",) if plan.evidence else ()))
        yield from _samples(plan, instrument, reads)
    for slug, part in _campaigns(plan, instrument):
        drawn = (f"sample {slug}",) if part.sample else ()
        yield CampaignStep(f"campaign {slug}", (*reads, *drawn), slug, part)


def _labels(plan: Plan, instrument: str) -> Iterator[Step]:
    if slug := plan.campaign_of(instrument):
        yield LabelsStep(f"labels {slug}", (f"campaign {slug}",), slug)


def _by_baseline(plan: Plan, name: str, part: Baseline, reads: Sequence[str]) -> StageStep:
    step = StageStep(f"select {name}", tuple(reads), "select", name, parameters=part.parameters)
    if not part.embedder:
        return step
    model = plan.models[part.embedder]
    server = server_of(plan, model)
    named = server.model_copy(update={"options": server.options | {"embedder": server.backend}})
    return replace(step, model=model, server=named)


def _by_each(plan: Plan, stage: str, part: ByMany | None, reads: Sequence[str]) -> Iterator[Step]:
    for model in part.models if part else ():
        yield _by_model(plan, stage, model, reads, part, f"{stage} {model}")


def _by_model(
    plan: Plan, stage: str, model: str, reads: Sequence[str], part: StagePlan | None, name: str = ""
) -> StageStep:
    named = plan.models[model]
    server = server_of(plan, named)
    parameters = part.parameters if part else {}
    return StageStep(name or stage, tuple(reads), stage, server.backend, named, server, parameters)
