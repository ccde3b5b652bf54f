"""Why: how an attribute fails that was not accepted, one of ``analysis.schema.FAILURES``, the raters' own reasons.

Which those are comes from a label run (people's consensus) or, so that it can run unattended, from a verify run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import Field

from analysis import schema
from pipeline import prompts
from pipeline.enums import FindingKind
from pipeline.enums import Stage as StageName
from pipeline.models import Attribute, Conversation, Run, WorkUnit
from pipeline.stages.base import Scope, StageParameters, UnitSpec, Work, build_request
from pipeline.stages.flagging import FlagParameters, in_order, is_flagged
from pipeline.stages.histories import (
    Bounded,
    History,
    evidence_named,
    histories_for,
    note_left_out,
    shown_for,
    sum_left_out,
)
from pipeline.stages.parsing import parse_failure
from pipeline.stages.voting import Ballot, ballot_of, finding_row

EXPECTED = f"one of {', '.join(schema.FAILURES)} first"


class WhyParameters(FlagParameters):
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int | None = Field(default=200, ge=1)


class Why:
    name = StageName.WHY.value
    template = "why"
    accepts: tuple[str, ...] = (StageName.LABEL, StageName.VERIFY)
    parameters: type[StageParameters] = WhyParameters

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        """One per attribute that any of the runs read calls rejected (or uncertain, where that counts)."""
        assert isinstance(scope.parameters, WhyParameters)
        rows = in_order(Attribute.objects.filter(person__in=Conversation.objects.values("person")))
        flagged = rows.filter(is_flagged(scope.inputs, scope.parameters.values))
        for pk, public_id in flagged.values_list("pk", "public_id").iterator():
            yield UnitSpec(public_id, {"attribute": pk})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[History]:
        return histories_for(units)

    def work(self, run: Run, material: History) -> Work[Bounded[Ballot]]:
        shown = shown_for(material, run.parameters)
        text = prompts.render(
            "why",
            conversations=shown.text,
            evidence=evidence_named(material, shown),
            attribute=material.attribute.text or "",
        )
        answer = yield build_request(run, text)
        return Bounded(ballot_of(answer, parse_failure(answer.text), EXPECTED), shown.left_out)

    def record(self, run: Run, unit: WorkUnit, material: History, result: Bounded[Ballot]) -> None:
        finding_row(run, FindingKind.FAILURE, result.result, material.attribute).save()
        note_left_out(unit, result.left_out)

    def finish(self, run: Run) -> None:
        sum_left_out(run)
