"""Mention: does the personalized response openly say what its writer knew of the person? Never re-rolled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import Field

from pipeline import prompts
from pipeline.enums import FindingKind
from pipeline.enums import Stage as StageName
from pipeline.models import Run, WorkUnit
from pipeline.stages.base import SamplingParameters, Scope, StageParameters, UnitSpec, Work, build_request
from pipeline.stages.judge import Comparison, comparisons_of, pairs_with_attributes
from pipeline.stages.parsing import parse_yes_no
from pipeline.stages.voting import Ballot, ballot_of, finding_row


class MentionParameters(SamplingParameters):
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int | None = Field(default=200, ge=1)


class Mention:
    name = StageName.MENTION.value
    template = "mention"
    accepts: tuple[str, ...] = (StageName.RESPOND, StageName.LABEL, StageName.IMPORT, StageName.SAMPLE)
    parameters: type[StageParameters] = MentionParameters

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        """The units of ``judge`` over the same runs: each pair with each attribute that it is judged by."""
        for pair, attribute in pairs_with_attributes(scope.inputs):
            key = f"{pair.public_id}:{attribute.public_id}"
            yield UnitSpec(key, {"pair": pair.pk, "attribute": attribute.pk})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[Comparison]:
        return comparisons_of(units)

    def work(self, run: Run, material: Comparison) -> Work[Ballot]:
        text = prompts.render(
            "mention",
            prompt=material.pair.prompt.text,
            response=material.pair.personalized.text,
            attribute=material.attribute.text or "",
        )
        answer = yield build_request(run, text)
        return ballot_of(answer, parse_yes_no(answer.text), "YES or NO first")

    def record(self, run: Run, unit: WorkUnit, material: Comparison, result: Ballot) -> None:
        finding_row(run, FindingKind.MENTION, result, material.attribute, pair=material.pair).save()

    def finish(self, run: Run) -> None:
        """Nothing: each finding stands by itself."""
