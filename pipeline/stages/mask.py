"""Mask: where texts hold personal data, to be covered when they are shown. No model is asked.

Of an import's run it looks at the conversations that came with it; without a run, at the study's prompts, responses and
attributes that nobody has looked at so far. Whole blocks of texts at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, QuerySet
from pydantic import Field

from pipeline.backends.base import BackendUnusable
from pipeline.backends.personal_data import names_model, open_finder, rules_version
from pipeline.enums import RunState
from pipeline.enums import Stage as StageName
from pipeline.masks import Span
from pipeline.models import Conversation, Mask, Run, WorkUnit
from pipeline.stages.base import Scope, StageParameters, UnitSpec, Work
from pipeline.stages.maskable import CONVERSATIONS, KINDS, Held, Shelf, unseen_shelves
from studies.models import Study

BACKEND = "presidio"


class MaskParameters(StageParameters):
    """Both as they are where the run is planned: with other rules, or another model for names, it is another run."""

    rules: str = Field(default_factory=rules_version)
    names: str = Field(default_factory=names_model)  # the spaCy pipeline; "" = names are not looked for


@dataclass(frozen=True)
class Covered:
    held: Held
    span: Span


class MaskPersonalData:
    name = StageName.MASK.value
    template = ""
    accepts: tuple[str, ...] = ("", StageName.IMPORT)
    parameters: type[StageParameters] = MaskParameters

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        """Blocks of texts, in the order in which they came."""
        if scope.inputs:
            shelves: Iterable[Shelf] = [Shelf(CONVERSATIONS, source.pk) for source in scope.inputs]
        else:
            shelves = unseen_shelves(scope.study, _complete(scope.study, scope.parameters))
        for shelf in shelves:
            for block in shelf.blocks():
                (first, name), (last, end) = block[0], block[-1]
                yield UnitSpec(f"{name} {end} {len(block)}", {shelf.kind: shelf.owner, "first": first, "last": last})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[list[Held]]:
        found: dict[int, list[Held]] = {}
        for name, kind in KINDS.items():
            own = [unit for unit in units if name in unit.subject]
            blocks = kind.load([(unit.subject[name], unit.subject["first"], unit.subject["last"]) for unit in own])
            found |= {unit.pk: texts for unit, texts in zip(own, blocks, strict=True)}
        return [found[unit.pk] for unit in units]

    def work(self, run: Run, material: list[Held]) -> Work[list[Covered]]:
        if run.parameters["names"] != names_model():
            wanted = run.parameters["names"] or "no model for names"
            raise BackendUnusable(
                f"the run was planned with {wanted}: set PERSONAL_DATA_MODEL accordingly, or plan anew"
            )
        found = open_finder(settings.PERSONAL_DATA_MODEL).find([held.text for held in material])
        return [Covered(held, span) for held, spans in zip(material, found, strict=True) for span in spans]
        yield  # a generator that asks no model

    def record(self, run: Run, unit: WorkUnit, material: list[Held], result: list[Covered]) -> None:
        Mask.objects.bulk_create(
            Mask(run=run, **each.held.place, start=each.span.start, end=each.span.end, kind=each.span.kind)
            for each in result
        )

    def finish(self, run: Run) -> None:
        """Masks by kind, how many texts they are in, and whether names were looked for, on the run."""
        rows = Mask.objects.filter(run=run)
        kinds = Counter(dict(rows.values_list("kind").annotate(count=Count("pk"))))
        outcome = {"masks": dict(sorted(kinds.items())), "places": kinds.total(), "names": run.parameters["names"]}
        for name in ("conversations",) if run.inputs.exists() else ("prompts", "responses", "attributes"):
            outcome[name] = rows.exclude(**{name[:-1]: None}).values(name[:-1]).distinct().count()
        Run.objects.filter(pk=run.pk).update(outcome=outcome)


def runs_to_mask(study: Study) -> list[Run]:
    """What a mask run is to read where nobody says: the oldest import that was not looked through as it would be now;
    nothing where only prompts, responses or attributes wait; else the newest import, if any."""
    done = _complete(study, MaskParameters())
    brought = Exists(Conversation.objects.filter(run=OuterRef("pk")))
    imports = study.runs.filter(brought, stage=StageName.IMPORT)
    if waiting := imports.exclude(outputs__in=done).order_by("pk").first():
        return [waiting]
    if any(shelf.rows().exists() for shelf in unseen_shelves(study, done)):
        return []
    return list(imports.order_by("-pk")[:1])


def _complete(study: Study, rules: StageParameters) -> QuerySet[Run]:
    """The mask runs that are complete and looked for the same things."""
    done = Run.objects.filter(stage=StageName.MASK, state=RunState.COMPLETE, study=study)
    return done.filter(**{f"parameters__{name}": value for name, value in rules.model_dump().items()})
