"""The steps of a study's plan: each found where it stands, made where it does not. What makes them is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from annotation.domain.building import build_campaign
from annotation.domain.importing import import_corpus
from annotation.domain.labelling import publish_labels
from annotation.domain.sampling import sample_units
from annotation.enums import CampaignState
from annotation.instruments import Material
from annotation.models import Campaign
from pipeline.domain.errors import NothingToDo, RunError
from pipeline.domain.people import (
    MatchParameters,
    PeopleParameters,
    put_prompts_to_people,
    read_parameters,
    sample_people,
)
from pipeline.domain.planning import find_run, plan_run
from pipeline.domain.stepping import find_step, plan_step
from pipeline.enums import RunState, Stage
from pipeline.models import Conversation, Run
from pipeline.plans.steps import (
    CampaignStep,
    ImportStep,
    LabelsStep,
    MaskStep,
    MatchStep,
    PeopleStep,
    SampleStep,
    StageStep,
    Step,
)
from pipeline.sources.base import ReadOptions
from pipeline.stages.mask import BACKEND as MASK_BACKEND
from studies.domain.audit import record_event
from studies.models import AuditEvent, Study

S = TypeVar("S", bound=Step, contravariant=True)
IMPORTED = "import_for_plan"  # in the audit trail: these very files were taken in
ATTRIBUTES = (Stage.EXTRACT, Stage.MERGE, Stage.REFINE)


@dataclass(frozen=True)
class Found:
    """What a step has come to: a run, a campaign, or neither (files that were imported)."""

    run: Run | None = None
    campaign: Campaign | None = None


Done = Mapping[str, Found]  # by the name of the step
Notice = Callable[[str], None]


class Waits(Exception):
    """The step cannot be taken yet, and nobody is to blame; the message says what it waits for."""


class Kind(Protocol[S]):
    def find(self, study: Study, step: S, done: Done) -> Found | None:
        """What stands of the step; None where it is to be made. Reads only. Raises Waits, RunError."""
        ...

    def make(self, study: Study, step: S, done: Done, notice: Notice) -> Found:
        """What the step has come to, made in one transaction where it did not stand; a run may still be to carry out.

        Raises RunError, AnnotationError, ImportRefused, having changed nothing.
        """
        ...


class Imports:
    def find(self, study: Study, step: ImportStep, done: Done) -> Found | None:
        """Files that have gone since they were imported count as imported."""
        events = AuditEvent.objects.filter(study=study, verb=IMPORTED, subject=f"path:{step.part.path}")
        known = events.order_by("-pk").values_list("detail", flat=True).first()
        path = _path(step)
        return Found() if known is not None and (not path.exists() or known == _trace(path)) else None

    def make(self, study: Study, step: ImportStep, done: Done, notice: Notice) -> Found:
        path = _path(step)
        with transaction.atomic():
            import_corpus(
                source=step.part.format,
                path=path,
                slug=study.slug,
                options=ReadOptions(
                    kinds={"": step.part.kind} if step.part.kind else {},
                    notice=lambda said: notice(f"reading {said}"),
                    corpus=step.part.corpus,
                    licence=step.part.licence,
                ),
                skip_bad=step.part.skip_bad,
            )
            subject = f"path:{step.part.path}"
            record_event(study=study, actor=None, verb=IMPORTED, subject=subject, detail=_trace(path))
        return Found()


def _path(step: ImportStep) -> Path:
    return Path(settings.BASE_DIR / step.part.path)


def _trace(path: Path) -> dict[str, int]:
    """What tells files that were imported from others: cheap, and enough to leave a second reading out."""
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    stats = [each.stat() for each in files]
    newest = max((stat.st_mtime_ns for stat in stats), default=0)
    return {"files": len(stats), "bytes": sum(stat.st_size for stat in stats), "newest": newest}


class Masks:
    """One run over all imports that no complete one has looked through, or over all prompts, responses and
    attributes."""

    def find(self, study: Study, step: MaskStep, done: Done) -> Found | None:
        runs = study.runs.filter(stage=Stage.MASK, inputs__isnull=step.texts).exclude(state=RunState.CANCELLED)
        runs = runs.distinct()
        if step.texts:
            return _masks_of_texts(study, step, runs)
        looked_at = set(runs.values_list("inputs", flat=True))
        if any(run.pk not in looked_at for run in _imported(study)):
            return None
        last = runs.exclude(state=RunState.COMPLETE).order_by("pk").first() or runs.order_by("pk").last()
        return Found(last)

    def make(self, study: Study, step: MaskStep, done: Done, notice: Notice) -> Found:
        plan = partial(plan_run, study=study, stage=Stage.MASK, backend=MASK_BACKEND, parameters=step.part.parameters)
        if step.texts:
            return Found(plan())
        complete = study.runs.filter(stage=Stage.MASK, state=RunState.COMPLETE)
        looked_at = set(complete.values_list("inputs", flat=True))
        unseen = [run for run in _imported(study) if run.pk not in looked_at]
        return Found(plan(inputs=unseen))


def _masks_of_texts(study: Study, step: MaskStep, runs: QuerySet[Run]) -> Found | None:
    """The run that waits or goes on; the last one where every text was looked at. Raises NothingToDo without texts."""
    try:
        run = find_run(study=study, stage=Stage.MASK, backend=MASK_BACKEND, parameters=step.part.parameters)
    except NothingToDo:
        run = runs.order_by("pk").last()
        if run is None:
            raise
    return Found(run) if run else None


def _imported(study: Study) -> list[Run]:
    """The runs that conversations came in with."""
    brought = Exists(Conversation.objects.filter(run=OuterRef("pk")))
    return list(study.runs.filter(brought, stage=Stage.IMPORT).order_by("pk"))


class People:
    def find(self, study: Study, step: PeopleStep, done: Done) -> Found | None:
        """The latest draw by the same rules, unless something was imported since: then it is drawn, or found, anew."""
        rules = read_parameters(PeopleParameters, step.part.parameters).model_dump()
        drawn = study.runs.filter(stage=Stage.PEOPLE, state=RunState.COMPLETE)
        if step.embedder and step.server:
            drawn = drawn.filter(backend=step.server.backend, model_name=step.embedder.name)
        for run in drawn.order_by("-pk"):
            if {name: run.parameters.get(name) for name in rules} == rules:
                later = study.runs.filter(stage=Stage.IMPORT, finished_at__gt=run.started_at)
                return None if later.exists() else Found(run)
        return None

    def make(self, study: Study, step: PeopleStep, done: Done, notice: Notice) -> Found:
        sample = partial(
            sample_people,
            study=study,
            corpus_slug=step.part.corpus or _only_corpus(study),
            parameters=read_parameters(PeopleParameters, step.part.parameters),
            notice=notice,
        )
        if step.embedder is None or step.server is None:
            return Found(sample())
        name, server = step.embedder.name, step.server
        return Found(sample(backend=server.backend, model=name, backend_options=server.options))


def _only_corpus(study: Study) -> str:
    slugs = list(study.corpora.order_by("slug").values_list("slug", flat=True))
    if len(slugs) != 1:
        known = ", ".join(slugs) or "none"
        raise RunError(
            f"people are drawn from one corpus: name it, people.corpus = ...; study {study.slug!r} has {known}"
        )
    return slugs[0]


class Matches:
    def find(self, study: Study, step: MatchStep, done: Done) -> Found | None:
        rules = read_parameters(MatchParameters, step.part.parameters).model_dump()
        matched = study.runs.filter(stage=Stage.MATCH, state=RunState.COMPLETE)
        for run in matched.filter(inputs__in=_runs(step, done)) if "people" in done else matched:
            if {name: run.parameters.get(name) for name in rules} == rules:
                return Found(run)
        return None

    def make(self, study: Study, step: MatchStep, done: Done, notice: Notice) -> Found:
        people = next(iter(_runs(step, done)), None)
        rules = read_parameters(MatchParameters, step.part.parameters)
        return Found(put_prompts_to_people(study=study, people=people, parameters=rules))


class Stages:
    def find(self, study: Study, step: StageStep, done: Done) -> Found | None:
        run = find_step(study, step, _runs(step, done))
        return Found(run) if run else None

    def make(self, study: Study, step: StageStep, done: Done, notice: Notice) -> Found:
        return Found(plan_step(study=study, step=step, runs=_runs(step, done)))


def _runs(step: Step, done: Done) -> list[Run]:
    return [run for name in step.reads if (run := done[name].run)]


def _material(step: Step, done: Done, **more: tuple[Run, ...]) -> Material:
    runs = _runs(step, done)
    return Material(
        attribute_runs=tuple(run for run in runs if run.stage in ATTRIBUTES),
        respond_runs=tuple(run for run in runs if run.stage == Stage.RESPOND),
        sample_runs=tuple(run for run in runs if run.stage == Stage.SAMPLE),
    )


class Samples:
    def find(self, study: Study, step: SampleStep, done: Done) -> Found | None:
        material = _material(step, done)
        parameters = {"instrument": step.part.instrument, "n": step.part.sample, "seed": step.part.seed}
        drawn = study.runs.filter(stage=Stage.SAMPLE, state=RunState.COMPLETE).order_by("pk")
        read = {run.pk for run in (*material.attribute_runs, *material.respond_runs)}
        for run in drawn.prefetch_related("inputs"):
            known = {name: run.parameters.get(name) for name in parameters}
            if known == parameters and {source.pk for source in run.inputs.all()} == read:
                return Found(run)
        return None

    def make(self, study: Study, step: SampleStep, done: Done, notice: Notice) -> Found:
        """Two at once queue at the study's row, so that one draws and the other finds."""
        with transaction.atomic():
            Study.objects.select_for_update(no_key=True).get(pk=study.pk)
            return self.find(study, step, done) or Found(
                sample_units(
                    study=study,
                    instrument=step.part.instrument,
                    material=_material(step, done),
                    n=step.part.sample or 0,
                    seed=step.part.seed,
                )
            )


class Campaigns:
    def find(self, study: Study, step: CampaignStep, done: Done) -> Found | None:
        campaign = study.campaigns.filter(slug=step.slug).first()
        if campaign and campaign.instrument != step.part.instrument:
            raise RunError(f"campaign {step.slug} asks for {campaign.instrument}: give the plan's another slug")
        return Found(campaign=campaign) if campaign else None

    def make(self, study: Study, step: CampaignStep, done: Done, notice: Notice) -> Found:
        part = step.part
        campaign = build_campaign(
            study=study,
            slug=step.slug,
            title=part.title or step.slug,
            instrument=part.instrument,
            k=part.k,
            material=_material(step, done),
            origin=part.origin,
            questions_per_item=part.questions_per_item,
            lease_seconds=60 * part.lease_minutes,
            seed=part.seed,
        )
        return Found(campaign=campaign)


class Labels:
    def find(self, study: Study, step: LabelsStep, done: Done) -> Found | None:
        campaign = done[step.reads[0]].campaign
        assert campaign is not None
        labelled = study.runs.filter(stage=Stage.LABEL, parameters__campaign=campaign.public_id)
        if run := labelled.order_by("pk").last():
            return Found(run)
        if campaign.state not in (CampaignState.COMPLETE, CampaignState.CLOSED):
            raise Waits(f"the raters of campaign {campaign.slug} ({campaign.get_state_display().lower()})")
        return None

    def make(self, study: Study, step: LabelsStep, done: Done, notice: Notice) -> Found:
        """The majority of each unit, from a campaign that is over."""
        campaign = done[step.reads[0]].campaign
        assert campaign is not None
        return Found(publish_labels(campaign=campaign))


KINDS: dict[type[Step], Kind[Any]] = {
    ImportStep: Imports(),
    MaskStep: Masks(),
    PeopleStep: People(),
    MatchStep: Matches(),
    StageStep: Stages(),
    SampleStep: Samples(),
    CampaignStep: Campaigns(),
    LabelsStep: Labels(),
}
