"""Evidence: in which turns of a person's conversations an attribute can be checked. One call per attribute.

What is named is added to the turns that extraction gave and merging united; nothing is taken away. It belongs between
merging and the first campaign, whose pages show all of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline import prompts
from pipeline.enums import Stage as StageName
from pipeline.models import Attribute, Conversation, Evidence, Run, WorkUnit
from pipeline.stages.base import Answer, SamplingParameters, Scope, StageParameters, UnitSpec, Work, build_request
from pipeline.stages.extract import written_out
from pipeline.stages.repairing import ask_in_form, read_form

Places = list[tuple[int, int]]  # (conversation, turn)


class EvidenceParameters(SamplingParameters):
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int | None = Field(default=512, ge=1)


class NamedTurns(BaseModel):
    model_config = ConfigDict(extra="forbid")

    conversation: int
    turns: list[int]


class NamedEvidence(BaseModel):
    model_config = ConfigDict(extra="forbid")

    evidence: list[NamedTurns]


_INTEGERS: dict[str, Any] = {"type": "array", "items": {"type": "integer"}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["evidence"],
    "properties": {
        "evidence": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["conversation", "turns"],
                "properties": {"conversation": {"type": "integer"}, "turns": _INTEGERS},
            },
        }
    },
}


@dataclass(frozen=True)
class History:
    """An attribute and all conversations of its person, in their order; the request numbers them from 0."""

    attribute: Attribute
    conversations: tuple[Conversation, ...]


class FindEvidence:
    name = StageName.EVIDENCE.value
    template = "evidence"
    accepts: tuple[str, ...] = (StageName.MERGE, StageName.EXTRACT, StageName.REFINE, StageName.IMPORT)
    parameters: type[StageParameters] = EvidenceParameters

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        """One per attribute that has a text and whose person has conversations."""
        rows = Attribute.objects.filter(run__in=scope.inputs, text__isnull=False)
        rows = rows.filter(person__in=Conversation.objects.values("person"))
        for pk, public_id in rows.order_by("person_id", "run_id", "position").values_list("pk", "public_id").iterator():
            yield UnitSpec(public_id, {"attribute": pk})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[History]:
        attributes = Attribute.objects.in_bulk([unit.subject["attribute"] for unit in units])
        of_person: dict[int, list[Conversation]] = defaultdict(list)
        people = {attribute.person_id for attribute in attributes.values()}
        for conversation in Conversation.objects.filter(person__in=people).order_by("person_id", "position", "pk"):
            of_person[conversation.person_id].append(conversation)
        found = [attributes[unit.subject["attribute"]] for unit in units]
        return [History(attribute, tuple(of_person[attribute.person_id])) for attribute in found]

    def work(self, run: Run, material: History) -> Work[Places]:
        text = prompts.render(
            "evidence",
            attribute=material.attribute.text or "",
            conversations=histories_written_out(material.conversations),
        )
        request = build_request(run, text, schema=SCHEMA)
        return (yield from ask_in_form(request, lambda answer: parse_places(answer, material.conversations)))

    def record(self, run: Run, unit: WorkUnit, material: History, result: Places) -> None:
        """Turns that are marked already, by extraction or by another run, stay as they are."""
        Evidence.objects.bulk_create(
            (
                Evidence(attribute=material.attribute, conversation_id=conversation, turn=turn)
                for conversation, turn in result
            ),
            ignore_conflicts=True,
        )

    def finish(self, run: Run) -> None:
        """Nothing: each attribute stands by itself."""


def histories_written_out(conversations: Sequence[Conversation]) -> str:
    return "\n\n".join(
        f"=== Conversation {number} ===\n\n{written_out(conversation.turns)}"
        for number, conversation in enumerate(conversations)
    )


def parse_places(answer: Answer, conversations: Sequence[Conversation]) -> Places:
    """The turns named, each once, in order. Raises ValueError: one line on what is wrong."""
    places: set[tuple[int, int]] = set()
    for number, named in enumerate(read_form(answer, NamedEvidence).evidence):
        at = f"evidence.{number}"
        if not 0 <= named.conversation < len(conversations):
            there = f"0 to {len(conversations) - 1}"
            raise ValueError(f"{at}.conversation: there is no conversation {named.conversation} ({there})")
        conversation = conversations[named.conversation]
        for turn in named.turns:
            if not 0 <= turn < len(conversation.turns):
                there = f"0 to {len(conversation.turns) - 1}"
                raise ValueError(f"{at}.turns: there is no turn {turn} in {named.conversation} ({there})")
            places.add((conversation.pk, turn))
    return sorted(places)
