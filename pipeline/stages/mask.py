"""Mask: where conversations hold personal data, to be covered when they are shown. No model is asked.

It reads an import's run and looks at the conversations that came with it, whole blocks at a time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import or_

from django.conf import settings
from django.db.models import Count, Q
from pydantic import Field

from pipeline.backends.base import BackendUnusable
from pipeline.backends.personal_data import names_model, open_finder, rules_version
from pipeline.enums import RunState
from pipeline.enums import Stage as StageName
from pipeline.masks import Span
from pipeline.models import Conversation, Mask, Run, WorkUnit
from pipeline.stages.base import Scope, StageParameters, UnitSpec, Work
from studies.models import Study

BACKEND = "presidio"
BLOCK = 25  # conversations of one unit


class MaskParameters(StageParameters):
    """Both as they are where the run is planned: with other rules, or another model for names, it is another run."""

    rules: str = Field(default_factory=rules_version)
    names: str = Field(default_factory=names_model)  # the spaCy pipeline; "" = names are not looked for


@dataclass(frozen=True)
class Covered:
    conversation: int
    turn: int
    span: Span


class MaskPersonalData:
    name = StageName.MASK.value
    template = ""
    accepts: tuple[str, ...] = (StageName.IMPORT,)
    parameters: type[StageParameters] = MaskParameters

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        """Blocks of the imports' conversations, in the order in which they came."""
        for source in scope.inputs:
            rows = Conversation.objects.filter(run=source).order_by("pk").values_list("pk", "public_id")
            pairs = rows.iterator()
            while block := list(islice(pairs, BLOCK)):
                (first, name), (last, end) = block[0], block[-1]
                yield UnitSpec(f"{name} {end} {len(block)}", {"import": source.pk, "first": first, "last": last})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[list[Conversation]]:
        places = [unit.subject for unit in units]
        inside = [Q(run=place["import"], pk__gte=place["first"], pk__lte=place["last"]) for place in places]
        order = sorted(range(len(units)), key=lambda number: places[number]["first"])
        firsts = [places[number]["first"] for number in order]
        blocks: list[list[Conversation]] = [[] for _ in units]
        for row in Conversation.objects.filter(reduce(or_, inside)).only("pk", "turns").order_by("pk"):
            blocks[order[bisect_right(firsts, row.pk) - 1]].append(row)
        return blocks

    def work(self, run: Run, material: list[Conversation]) -> Work[list[Covered]]:
        if run.parameters["names"] != names_model():
            wanted = run.parameters["names"] or "no model for names"
            raise BackendUnusable(
                f"the run was planned with {wanted}: set PERSONAL_DATA_MODEL accordingly, or plan anew"
            )
        places = [(row.pk, turn, said["content"]) for row in material for turn, said in enumerate(row.turns)]
        found = open_finder(settings.PERSONAL_DATA_MODEL).find([text for _, _, text in places])
        return [Covered(pk, turn, span) for (pk, turn, _), spans in zip(places, found, strict=True) for span in spans]
        yield  # a generator that asks no model

    def record(self, run: Run, unit: WorkUnit, material: list[Conversation], result: list[Covered]) -> None:
        Mask.objects.bulk_create(
            Mask(
                run=run,
                conversation_id=each.conversation,
                turn=each.turn,
                start=each.span.start,
                end=each.span.end,
                kind=each.span.kind,
            )
            for each in result
        )

    def finish(self, run: Run) -> None:
        """Masks by kind, and whether names were looked for, on the run."""
        rows = Mask.objects.filter(run=run)
        kinds = Counter(dict(rows.values_list("kind").annotate(count=Count("pk"))))
        outcome = {"masks": dict(sorted(kinds.items())), "places": kinds.total(), "names": run.parameters["names"]}
        outcome["conversations"] = rows.values("conversation").distinct().count()
        Run.objects.filter(pk=run.pk).update(outcome=outcome)


def import_to_mask(study: Study) -> list[Run]:
    """The oldest import whose conversations were not all looked at as they would be now; else the newest, if any."""
    now = MaskParameters()
    done = Run.objects.filter(stage=StageName.MASK, state=RunState.COMPLETE, study=study)
    done = done.filter(parameters__rules=now.rules, parameters__names=now.names)
    imports = study.runs.filter(stage=StageName.IMPORT, conversations__isnull=False).distinct()
    waiting = imports.exclude(outputs__in=done).order_by("pk").first()
    return [run for run in [waiting or imports.order_by("-pk").first()] if run is not None]
