"""What selecting and judging share: an answer to one unit, and the row it becomes."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.enums import InstrumentName, VoteStatus
from pipeline.models import Attribute, Prompt, ResponsePair, Run, Vote
from pipeline.stages.base import Answer
from pipeline.stages.parsing import explanation_of, unparseable
from pipeline.units import unit_key


@dataclass(frozen=True)
class Ballot:
    """A vote before it is a row. ``value`` None: the answer could not be parsed, ``reason`` says how."""

    value: str | None
    reason: str = ""
    side: str = ""
    raw_score: float | None = None
    completion_id: int | None = None


def ballot_of(answer: Answer, value: str | None, expected: str, side: str = "") -> Ballot:
    """The ballot of a model's answer; its reason is the model's own, or why there is no value."""
    reason = unparseable(answer.text, expected) if value is None else explanation_of(answer.text)
    return Ballot(value=value, reason=reason, side=side, completion_id=answer.completion_id)


def vote_row(
    run: Run,
    instrument: InstrumentName,
    ballot: Ballot,
    attribute: Attribute,
    prompt: Prompt | None = None,
    pair: ResponsePair | None = None,
) -> Vote:
    """Not saved yet."""
    return Vote(
        run=run,
        instrument=instrument,
        attribute=attribute,
        prompt=prompt,
        pair=pair,
        unit_key=unit_key(instrument, attribute, prompt=prompt, pair=pair),
        status=VoteStatus.UNPARSEABLE if ballot.value is None else VoteStatus.ANSWERED,
        value=ballot.value,
        raw_score=ballot.raw_score,
        reason=ballot.reason,
        side=ballot.side,
        completion_id=ballot.completion_id,
    )
