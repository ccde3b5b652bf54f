"""Extract: what one conversation shows about its person. One call, and one more if the answer's form is wrong.

Of everybody in the study, or of the people whom a people run selected: it is read only where it is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline import prompts
from pipeline.enums import Stage as StageName
from pipeline.lineage import LEFT_OUT
from pipeline.models import Attribute, Conversation, Evidence, Run, SampledPerson, WorkUnit
from pipeline.stages.base import (
    Answer,
    SamplingParameters,
    Scope,
    StageParameters,
    UnitSpec,
    Work,
    build_request,
)
from pipeline.stages.repairing import ask_in_form, read_form

MOST = 100  # attributes of one conversation


class ExtractParameters(SamplingParameters):
    temperature: float | None = Field(default=0.8, ge=0, le=2)
    max_tokens: int | None = Field(default=2048, ge=1)
    corpus: str = ""  # slug; "" = all of the study


class Extracted(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    attribute: str = Field(min_length=1, max_length=1000)
    reason: str
    confidence: float = Field(ge=0, le=1)
    evidence_turns: list[int]


class ExtractedAttributes(BaseModel):
    model_config = ConfigDict(extra="forbid")

    attributes: list[Extracted]


SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["attributes"],
    "properties": {
        "attributes": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["attribute", "reason", "confidence", "evidence_turns"],
                "properties": {
                    "attribute": {"type": "string"},
                    "reason": {"type": "string"},
                    "confidence": {"type": "number"},
                    "evidence_turns": {"type": "array", "items": {"type": "integer"}},
                },
            },
        }
    },
}


@dataclass(frozen=True)
class Chat:
    conversation: Conversation
    n_turns: int


class Extract:
    name = StageName.EXTRACT.value
    template = "extract"
    accepts: tuple[str, ...] = ("", StageName.PEOPLE)
    parameters: type[StageParameters] = ExtractParameters

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        """One per conversation, people in the order they came in.

        Where a run selected people, of these only, and without the conversations that its filters took.
        """
        rows = Conversation.objects.filter(person__corpus__study=scope.study)
        assert isinstance(scope.parameters, ExtractParameters)
        if scope.parameters.corpus:
            rows = rows.filter(person__corpus__slug=scope.parameters.corpus)
        if scope.inputs:
            rows = rows.filter(person__in=SampledPerson.objects.filter(run__in=scope.inputs).values("person"))
            left_out = [name for run in scope.inputs for name in run.outcome.get(LEFT_OUT, [])]
            rows = rows.exclude(public_id__in=left_out)
        for pk, public_id in rows.order_by("person_id", "position", "pk").values_list("pk", "public_id").iterator():
            yield UnitSpec(public_id, {"conversation": pk})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[Chat]:
        found = Conversation.objects.in_bulk([unit.subject["conversation"] for unit in units])
        chats = [found[unit.subject["conversation"]] for unit in units]
        return [Chat(conversation, len(conversation.turns)) for conversation in chats]

    def work(self, run: Run, material: Chat) -> Work[list[Extracted]]:
        request = build_request(
            run, prompts.render("extract", conversation=written_out(material.conversation.turns)), schema=SCHEMA
        )
        return (yield from ask_in_form(request, lambda answer: parse_attributes(answer, material.n_turns)))

    def record(self, run: Run, unit: WorkUnit, material: Chat, result: list[Extracted]) -> None:
        chat = material.conversation
        attributes = Attribute.objects.bulk_create(
            Attribute(
                run=run,
                person_id=chat.person_id,
                position=unit.position * MOST + place,
                text=found.attribute,
                reason=found.reason,
                confidence=found.confidence,
            )
            for place, found in enumerate(result)
        )
        Evidence.objects.bulk_create(
            Evidence(attribute=attribute, conversation=chat, turn=turn)
            for attribute, found in zip(attributes, result, strict=True)
            for turn in sorted(set(found.evidence_turns))
        )

    def finish(self, run: Run) -> None:
        """Nothing: each conversation stands by itself."""


def written_out(turns: Sequence[dict[str, str]]) -> str:
    """The turns with their numbers, as the template promises them."""
    return "\n\n".join(f"[{number}] {turn['role']}: {turn['content']}" for number, turn in enumerate(turns))


def parse_attributes(answer: Answer, n_turns: int) -> list[Extracted]:
    """The attributes of an answer about ``n_turns`` turns. Raises ValueError: one line on what is wrong."""
    found = read_form(answer, ExtractedAttributes).attributes
    if len(found) > MOST:
        raise ValueError(f"{len(found)} attributes, at most {MOST} are taken")
    for number, attribute in enumerate(found):
        for turn in attribute.evidence_turns:
            if not 0 <= turn < n_turns:
                raise ValueError(f"attributes.{number}.evidence_turns: there is no turn {turn} (0 to {n_turns - 1})")
    return found
