"""What stages that ask for a value share: an answer to one unit, and the row it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from pipeline.enums import FindingKind, InstrumentName, VoteStatus
from pipeline.models import Attribute, Finding, Prompt, ResponsePair, Run, Vote
from pipeline.requests import ModelRequest
from pipeline.stages.base import Answer
from pipeline.stages.parsing import explanation_of, unparseable
from pipeline.units import unit_key

Parse = Callable[[str], str | None]


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


def ask_for_labels(run: Run, request: ModelRequest, labels: Sequence[str]) -> ModelRequest:
    """The request, with the labels to be given a probability each where the run's parameters ask for that."""
    return replace(request, labels=tuple(labels)) if run.parameters.get("labels") else request


def shares_of(answer: Answer, labels: Sequence[str]) -> dict[str, float] | None:
    """The labels' probabilities, summing to 1; None where the backend gave none that could be used."""
    given: Mapping[str, float] = answer.label_probabilities or {}
    known = {label: float(given.get(label, 0.0)) for label in labels}
    total = sum(known.values())
    if not (isfinite(total) and total > 0 and min(known.values()) >= 0):
        return None
    return {label: share / total for label, share in known.items()}


def most_probable(shares: Mapping[str, float]) -> str:
    """The first of equals."""
    return max(shares, key=lambda label: shares[label])


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


def finding_row(
    run: Run, kind: FindingKind, ballot: Ballot, attribute: Attribute, pair: ResponsePair | None = None
) -> Finding:
    """Not saved yet. A mention is found of an attribute with its pair, a failure of an attribute alone."""
    instrument = InstrumentName.PREFERENCE if kind == FindingKind.MENTION else InstrumentName.ATTRIBUTE_QUALITY
    return Finding(
        run=run,
        kind=kind,
        instrument=instrument,
        attribute=attribute,
        pair=pair,
        unit_key=unit_key(instrument, attribute, pair=pair),
        status=VoteStatus.UNPARSEABLE if ballot.value is None else VoteStatus.ANSWERED,
        value=ballot.value,
        reason=ballot.reason,
        completion_id=ballot.completion_id,
    )
