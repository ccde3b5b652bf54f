"""Refine: what a verifier flagged is written anew by the extractor's model, or withdrawn; the rest is carried over.

A refine run holds what is to be used instead of the run that was verified: each of its attributes was made from one of
that run, which stays as it was. What was withdrawn is in no new attribute.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline import prompts
from pipeline.enums import Stage as StageName
from pipeline.models import Attribute, AttributeOrigin, Evidence, Run, WorkUnit
from pipeline.stages.base import Answer, Scope, StageParameters, UnitSpec, Work, build_request
from pipeline.stages.flagging import FlagParameters, in_order, is_flagged, judged
from pipeline.stages.histories import (
    Bounded,
    History,
    evidence_named,
    histories_of,
    note_left_out,
    note_outcome,
    shown_for,
    sum_left_out,
)
from pipeline.stages.repairing import ask_in_form, read_form

NO_REASON = "It does not hold as it stands."


class RefineParameters(FlagParameters):
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int | None = Field(default=512, ge=1)


class Rewritten(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    withdraw: bool
    attribute: str = Field(default="", max_length=1000)
    reason: str = ""
    confidence: float = Field(default=0.0, ge=0, le=1)


SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["withdraw", "attribute", "reason", "confidence"],
    "properties": {
        "withdraw": {"type": "boolean"},
        "attribute": {"type": "string"},
        "reason": {"type": "string"},
        "confidence": {"type": "number"},
    },
}


@dataclass(frozen=True)
class Objection:
    """An attribute, its person's conversations, and why it was flagged; no reasons: it was not."""

    history: History
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wording:
    """How the attribute stands from here on."""

    text: str
    reason: str
    confidence: float | None


class Refine:
    name = StageName.REFINE.value
    template = "refine"
    accepts: tuple[str, ...] = (StageName.VERIFY, StageName.LABEL)
    parameters: type[StageParameters] = RefineParameters

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        """One per attribute of the runs that were judged, flagged or not, so that all end up in one run."""
        assert isinstance(scope.parameters, RefineParameters)
        condition = is_flagged(scope.inputs, scope.parameters.values)
        flagged = set(Attribute.objects.filter(condition).values_list("pk", flat=True))
        runs: set[int] = set()
        for rows in judged(scope.inputs):
            runs |= set(rows.values_list("attribute__run", flat=True).distinct())
        attributes = in_order(Attribute.objects.filter(run__in=runs))
        for pk, public_id in attributes.values_list("pk", "public_id").iterator():
            key = f"{public_id}:flagged" if pk in flagged else public_id  # flagged otherwise, it is another run
            yield UnitSpec(key, {"attribute": pk, "flagged": int(pk in flagged)})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[Objection]:
        attributes = Attribute.objects.in_bulk([unit.subject["attribute"] for unit in units])
        flagged = [attributes[unit.subject["attribute"]] for unit in units if unit.subject["flagged"]]
        reasons = objections_to(flagged, run)
        of_flagged = {history.attribute.pk: history for history in (histories_of(flagged) if flagged else ())}
        found = [attributes[unit.subject["attribute"]] for unit in units]
        return [
            Objection(of_flagged.get(attribute.pk) or History(attribute, ()), reasons.get(attribute.pk, ()))
            for attribute in found
        ]

    def work(self, run: Run, material: Objection) -> Work[Bounded[Wording | None]]:
        """Asks about what is flagged only. None: withdrawn."""
        attribute = material.history.attribute
        if not material.reasons:
            return Bounded(Wording(attribute.text or "", attribute.reason, attribute.confidence))
        shown = shown_for(material.history, run.parameters)
        text = prompts.render(
            "refine",
            attribute=attribute.text or "",
            objection="\n".join(material.reasons),
            evidence=evidence_named(material.history, shown),
            conversations=shown.text,
        )
        wording = yield from ask_in_form(build_request(run, text, schema=SCHEMA), parse_wording)
        return Bounded(wording, shown.left_out)

    def record(self, run: Run, unit: WorkUnit, material: Objection, result: Bounded[Wording | None]) -> None:
        note_left_out(unit, result.left_out)
        old, wording = material.history.attribute, result.result
        if wording is None:
            return
        new = Attribute.objects.create(
            run=run,
            person_id=old.person_id,
            position=unit.position,
            text=wording.text,
            reason=wording.reason,
            confidence=wording.confidence,
        )
        AttributeOrigin.objects.create(attribute=new, source=old, position=0)
        carry_over_evidence(old, new)

    def finish(self, run: Run) -> None:
        """The run's outcome says how many attributes were kept, rewritten and withdrawn."""
        sum_left_out(run)
        made = set(AttributeOrigin.objects.filter(attribute__run=run).values_list("source_id", flat=True))
        done = run.work_units.filter(state="done").values_list("subject", flat=True)
        counts: Mapping[str, int] = _counted(done.iterator(), made)
        note_outcome(run, counts)


def objections_to(attributes: Sequence[Attribute], run: Run) -> dict[int, tuple[str, ...]]:
    """Why each was flagged, in the words of the verifiers among the run's inputs; NO_REASON where they gave none."""
    values = RefineParameters.model_validate({"also_uncertain": run.parameters["also_uncertain"]}).values
    votes, _ = judged(list(run.inputs.all()))
    rows = votes.filter(attribute__in=attributes, value__in=values).order_by("run_id")
    reasons: dict[int, list[str]] = defaultdict(list)
    for attribute, reason in rows.values_list("attribute_id", "reason"):
        if reason:
            reasons[attribute].append(reason)
    return {attribute.pk: tuple(reasons[attribute.pk]) or (NO_REASON,) for attribute in attributes}


def parse_wording(answer: Answer) -> Wording | None:
    """The new wording; None where it is withdrawn. Raises ValueError: one line on what is wrong."""
    found = read_form(answer, Rewritten)
    if found.withdraw:
        return None
    if not found.attribute:
        raise ValueError("attribute: it is empty; give the new wording, or withdraw the statement")
    return Wording(found.attribute, found.reason, found.confidence)


def carry_over_evidence(old: Attribute, new: Attribute) -> None:
    rows = Evidence.objects.filter(attribute=old).order_by("pk")
    Evidence.objects.bulk_create(
        Evidence(attribute=new, conversation_id=chat, turn=turn, start=start, end=end)
        for chat, turn, start, end in rows.values_list("conversation_id", "turn", "start", "end")
    )


def _counted(subjects: Iterable[Mapping[str, int]], made: set[int]) -> dict[str, int]:
    counts = {"kept": 0, "rewritten": 0, "withdrawn": 0}
    for subject in subjects:
        word = "kept" if not subject["flagged"] else "rewritten" if subject["attribute"] in made else "withdrawn"
        counts[word] += 1
    return counts
