"""Evidence: in which turns of a person's conversations an attribute can be checked. One call per attribute.

What is named is added to the turns that extraction gave and merging united; nothing is taken away. It belongs between
merging and the first campaign, whose pages show all of it. A quote that the answer gives must occur in its turn; it
becomes the evidence's span, in code points of the original text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline import prompts
from pipeline.enums import Stage as StageName
from pipeline.models import Attribute, Conversation, Evidence, Run, WorkUnit
from pipeline.stages.base import Answer, SamplingParameters, Scope, StageParameters, UnitSpec, Work, build_request
from pipeline.stages.histories import Bounded, History, histories_for, note_left_out, shown_within, sum_left_out
from pipeline.stages.places import Place, longest, place_columns
from pipeline.stages.quoting import find_quote
from pipeline.stages.repairing import ask_in_form, read_form


class EvidenceParameters(SamplingParameters):
    """``max_characters`` bounds what a request shows of the person's conversations, about four a token."""

    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int | None = Field(default=1024, ge=1)
    max_characters: int = Field(default=100_000, ge=1)


class Quote(BaseModel):
    model_config = ConfigDict(extra="forbid")

    turn: int
    text: str


class NamedTurns(BaseModel):
    model_config = ConfigDict(extra="forbid")

    conversation: int
    turns: list[int]
    quotes: list[Quote] = []


class NamedEvidence(BaseModel):
    model_config = ConfigDict(extra="forbid")

    evidence: list[NamedTurns]


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def _list_of(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


_INTEGER = {"type": "integer"}
_QUOTE = _object(turn=_INTEGER, text={"type": "string"})
SCHEMA: dict[str, Any] = _object(
    evidence=_list_of(_object(conversation=_INTEGER, turns=_list_of(_INTEGER), quotes=_list_of(_QUOTE)))
)


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
        return histories_for(units)

    def work(self, run: Run, material: History) -> Work[Bounded[list[Place]]]:
        shown = shown_within(material, run.parameters["max_characters"])
        text = prompts.render("evidence", attribute=material.attribute.text or "", conversations=shown.text)
        request = build_request(run, text, schema=SCHEMA)
        places = yield from ask_in_form(request, lambda answer: parse_places(answer, shown.conversations))
        return Bounded(places, shown.left_out)

    def record(self, run: Run, unit: WorkUnit, material: History, result: Bounded[list[Place]]) -> None:
        """What is marked already, by extraction or by another run, stays as it is."""
        rows = (Evidence(attribute=material.attribute, **place_columns(place)) for place in result.result)
        Evidence.objects.bulk_create(rows, ignore_conflicts=True)
        note_left_out(unit, result.left_out)

    def finish(self, run: Run) -> None:
        sum_left_out(run)


def parse_places(answer: Answer, conversations: Mapping[int, Conversation]) -> list[Place]:
    """What is named, each once, in order; a turn that is quoted is in it by its quotes.

    ``conversations``: by their number in the request. Raises ValueError: one line on what is wrong.
    """
    places: set[Place] = set()
    for number, named in enumerate(read_form(answer, NamedEvidence).evidence):
        at = f"evidence.{number}"
        if named.conversation not in conversations:
            there = ", ".join(str(each) for each in conversations)
            raise ValueError(f"{at}.conversation: there is no conversation {named.conversation} ({there})")
        conversation = conversations[named.conversation]
        quoted = [_quoted(quote, conversation, f"{at}.quotes.{place}") for place, quote in enumerate(named.quotes)]
        for turn in named.turns:
            _check_turn(turn, conversation, f"{at}.turns")
        whole = set(named.turns) - {place.turn for place in quoted}
        places |= {*quoted, *(Place(conversation.pk, turn) for turn in whole)}
    return longest(places)


def _quoted(quote: Quote, conversation: Conversation, at: str) -> Place:
    _check_turn(quote.turn, conversation, f"{at}.turn")
    span = find_quote(conversation.turns[quote.turn]["content"], quote.text)
    if span is None:
        raise ValueError(f"{at}.text: turn {quote.turn} does not say {quote.text[:200]!r}; quote it word for word")
    return Place(conversation.pk, quote.turn, *span)


def _check_turn(turn: int, conversation: Conversation, at: str) -> None:
    if not 0 <= turn < len(conversation.turns):
        raise ValueError(f"{at}: there is no turn {turn} (0 to {len(conversation.turns) - 1})")
