"""Respond: a generic answer to each prompt, and one for each person it is put to who has a relevant attribute.

What is relevant comes from a select run (its votes) or a label run (people's consensus). A person without any gets no
personalized response: there would be nothing to make it from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from pydantic import Field

from pipeline import prompts
from pipeline.enums import Condition, FailureKind, InstrumentName
from pipeline.enums import Stage as StageName
from pipeline.models import Attribute, GivenAttribute, Label, Prompt, Response, ResponsePair, Run, Vote, WorkUnit
from pipeline.stages.base import (
    Answer,
    SamplingParameters,
    Scope,
    StageParameters,
    UnitFailed,
    UnitSpec,
    Work,
    build_request,
)
from pipeline.stages.parsing import storable
from pipeline.stages.repairing import CUT_OFF


class RespondParameters(SamplingParameters):
    temperature: float | None = Field(default=0.7, ge=0, le=2)
    max_tokens: int | None = Field(default=1024, ge=1)


@dataclass(frozen=True)
class Order:
    """What to write: for nobody (``person`` None) or for a person of whom ``attributes`` are given."""

    prompt: Prompt
    person: int | None
    attributes: tuple[Attribute, ...]


Relevant = dict[tuple[int, int], list[Attribute]]  # (prompt, person) -> attributes in their order


class Respond:
    name = StageName.RESPOND.value
    template = "respond"
    accepts: tuple[str, ...] = (StageName.SELECT, StageName.LABEL, StageName.IMPORT)
    parameters: type[StageParameters] = RespondParameters

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        relevant = relevant_attributes(scope.inputs)
        asked: dict[int, Prompt] = Prompt.objects.in_bulk({prompt for prompt, _ in relevant})
        for pk, prompt in sorted(asked.items()):
            yield UnitSpec(f"{prompt.public_id}:generic", {"prompt": pk})
        for (pk, person), attributes in sorted(relevant.items()):
            key = f"{asked[pk].public_id}:{attributes[0].person.public_id}"
            yield UnitSpec(key, {"prompt": pk, "person": person})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[Order]:
        asked = Prompt.objects.in_bulk({unit.subject["prompt"] for unit in units})
        relevant = relevant_attributes(list(run.inputs.all()), prompts=list(asked))
        return [self._order(unit, asked, relevant) for unit in units]

    def _order(self, unit: WorkUnit, asked: dict[int, Prompt], relevant: Relevant) -> Order:
        prompt, person = unit.subject["prompt"], unit.subject.get("person")
        given = () if person is None else tuple(relevant[prompt, person])
        return Order(asked[prompt], person, given)

    def work(self, run: Run, material: Order) -> Work[str]:
        """The generic request is the prompt itself, with nothing around it."""
        text = material.prompt.text
        if material.person is not None:
            known = "\n".join(f"- {attribute.text}" for attribute in material.attributes)
            text = prompts.render("respond", attributes=known, prompt=text)
        return usable_text((yield build_request(run, text)))

    def record(self, run: Run, unit: WorkUnit, material: Order, result: str) -> None:
        response = Response.objects.create(
            run=run,
            prompt=material.prompt,
            person_id=material.person,
            generator=run.model_name,
            condition=Condition.GENERIC if material.person is None else Condition.PERSONALIZED,
            position=run.parameters.get("sample_index", 0),
            text=result,
        )
        GivenAttribute.objects.bulk_create(
            GivenAttribute(response=response, attribute=attribute, position=place)
            for place, attribute in enumerate(material.attributes)
        )

    def finish(self, run: Run) -> None:
        """Pairs each personalized response with the generic one of its prompt; only here are both sure to be there."""
        generic = {response.prompt_id: response for response in run.responses.filter(person__isnull=True)}
        paired = ResponsePair.objects.filter(personalized__run=run).values("personalized")
        alone = run.responses.filter(person__isnull=False).exclude(pk__in=paired)
        ResponsePair.objects.bulk_create(
            ResponsePair(
                person=response.person,
                prompt_id=response.prompt_id,
                generator=run.model_name,
                generic=generic[response.prompt_id],
                personalized=response,
            )
            for response in alone.select_related("person").order_by("prompt_id", "person_id")
            if response.person and response.prompt_id in generic
        )


def usable_text(answer: Answer) -> str:
    """The response's text. Raises UnitFailed for one that was cut, withheld or left empty: nobody should judge it."""
    if answer.finish_reason in CUT_OFF:
        ended = f"the response ended by {answer.finish_reason} after {len(answer.text)} characters"
        raise UnitFailed(ended, FailureKind.CUT_OFF)
    if not answer.text.strip():
        raise UnitFailed("the response is empty", FailureKind.EMPTY)
    return storable(answer.text.strip())


def relevant_attributes(runs: Sequence[Run], prompts: Sequence[int] | None = None) -> Relevant:
    """What these runs said yes to. Votes of one select run, or labels of a label run; several runs add up."""
    relevant: Relevant = defaultdict(list)
    seen: set[tuple[int, int]] = set()
    sources: tuple[QuerySet[Vote] | QuerySet[Label], ...] = (Vote.objects.all(), Label.objects.all())
    for source in sources:
        rows = source.filter(run__in=runs, instrument=InstrumentName.RELEVANCE, value="yes")
        if prompts is not None:
            rows = rows.filter(prompt_id__in=prompts)
        rows = rows.select_related("attribute__person").order_by("attribute__run_id", "attribute__position")
        for row in rows:
            assert row.prompt_id is not None
            if (row.prompt_id, row.attribute_id) not in seen:
                seen.add((row.prompt_id, row.attribute_id))
                relevant[row.prompt_id, row.attribute.person_id].append(row.attribute)
    return relevant
