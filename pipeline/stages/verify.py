"""Verify: a model judges each attribute against its evidence, by the raters' own instruction. A vote, never re-rolled.

What it flags is rewritten by ``refine``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import Field

from pipeline import prompts
from pipeline.enums import InstrumentName
from pipeline.enums import Stage as StageName
from pipeline.models import Attribute, Conversation, Run, WorkUnit
from pipeline.stages.base import Scope, StageParameters, UnitSpec, Work, build_request
from pipeline.stages.histories import (
    Bounded,
    History,
    HistoryParameters,
    evidence_named,
    histories_for,
    note_left_out,
    shown_for,
    sum_left_out,
)
from pipeline.stages.parsing import parse_verdict
from pipeline.stages.sampling import Sample
from pipeline.stages.voting import Ballot, ballot_of, vote_row

EXPECTED = "ACCEPTED, UNCERTAIN or REJECTED first"


class VerifyParameters(HistoryParameters):
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int | None = Field(default=200, ge=1)


class Verify:
    name = StageName.VERIFY.value
    template = "verify"
    accepts: tuple[str, ...] = (
        *(StageName.MERGE, StageName.EXTRACT, StageName.REFINE, StageName.IMPORT),
        StageName.SAMPLE,
    )
    parameters: type[StageParameters] = VerifyParameters

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        """One per attribute that has a text and whose person has conversations; or what a sample drew of them."""
        sample = Sample(scope.inputs, InstrumentName.ATTRIBUTE_QUALITY)
        rows = Attribute.objects.filter(run__in=scope.inputs, text__isnull=False)
        rows = rows.filter(person__in=Conversation.objects.values("person"))
        for row in rows.order_by("person_id", "run_id", "position").only("pk", "public_id").iterator():
            if sample.holds(row):
                yield UnitSpec(row.public_id, {"attribute": row.pk})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[History]:
        return histories_for(units)

    def work(self, run: Run, material: History) -> Work[Bounded[Ballot]]:
        shown = shown_for(material, run.parameters)
        text = prompts.render(
            "verify",
            conversations=shown.text,
            evidence=evidence_named(material, shown),
            attribute=material.attribute.text or "",
        )
        answer = yield build_request(run, text)
        return Bounded(ballot_of(answer, parse_verdict(answer.text), EXPECTED), shown.left_out)

    def record(self, run: Run, unit: WorkUnit, material: History, result: Bounded[Ballot]) -> None:
        vote_row(run, InstrumentName.ATTRIBUTE_QUALITY, result.result, material.attribute).save()
        note_left_out(unit, result.left_out)

    def finish(self, run: Run) -> None:
        sum_left_out(run)
