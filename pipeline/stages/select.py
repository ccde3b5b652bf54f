"""Select: would knowing this attribute change the answer to this prompt? One call per (attribute, prompt)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import Field

from pipeline import prompts
from pipeline.enums import InstrumentName
from pipeline.enums import Stage as StageName
from pipeline.models import Attribute, PersonPrompt, Prompt, Run, WorkUnit
from pipeline.stages.base import Answer, SamplingParameters, Scope, StageParameters, UnitSpec, Work, build_request
from pipeline.stages.parsing import parse_yes_no
from pipeline.stages.sampling import Sample
from pipeline.stages.voting import Ballot, ask_for_labels, ballot_of, most_probable, shares_of, vote_row

# Runs whose attributes can be put to prompts, and which of the matches were drawn.
READS: tuple[str, ...] = (StageName.MERGE, StageName.EXTRACT, StageName.REFINE, StageName.IMPORT, StageName.SAMPLE)

LABELS = ("YES", "NO")


class SelectParameters(SamplingParameters):
    """``labels``: the probability of YES is asked for, too, and stands as the vote's raw score."""

    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int | None = Field(default=200, ge=1)
    labels: bool = False


@dataclass(frozen=True)
class Match:
    attribute: Attribute
    prompt: Prompt


class Select:
    name = StageName.SELECT.value
    template = "select"
    accepts = READS
    parameters: type[StageParameters] = SelectParameters

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        """Every attribute with every prompt that is put to its person; or what a sample drew of them."""
        for prompt, attributes in attributes_by_prompt(scope.inputs):
            for attribute in attributes:
                key = f"{attribute.public_id}:{prompt.public_id}"
                yield UnitSpec(key, {"attribute": attribute.pk, "prompt": prompt.pk})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[Match]:
        attributes = Attribute.objects.in_bulk([unit.subject["attribute"] for unit in units])
        found = Prompt.objects.in_bulk({unit.subject["prompt"] for unit in units})
        return [Match(attributes[unit.subject["attribute"]], found[unit.subject["prompt"]]) for unit in units]

    def work(self, run: Run, material: Match) -> Work[Ballot]:
        text = prompts.render("select", prompt=material.prompt.text, attribute=material.attribute.text or "")
        answer = yield ask_for_labels(run, build_request(run, text), LABELS)
        return yes_or_no(answer)

    def record(self, run: Run, unit: WorkUnit, material: Match, result: Ballot) -> None:
        vote_row(run, InstrumentName.RELEVANCE, result, material.attribute, prompt=material.prompt).save()

    def finish(self, run: Run) -> None:
        """Nothing: each vote stands by itself."""


def yes_or_no(answer: Answer) -> Ballot:
    """The more probable of the two, with the probability of yes, where the answer has them; else what it says."""
    shares = shares_of(answer, LABELS)
    if shares is None:
        return ballot_of(answer, parse_yes_no(answer.text), "YES or NO first")
    ballot = ballot_of(answer, most_probable(shares).lower(), "YES or NO first")
    return replace(ballot, raw_score=shares["YES"])


def attributes_by_prompt(
    runs: Sequence[Run], prompts: Sequence[int] | None = None
) -> Iterator[tuple[Prompt, list[Attribute]]]:
    """Each prompt with what these runs inferred about the people it is put to; prompts without any are left out.

    A sample run among them leaves only the matches that it drew.
    """
    sample = Sample(runs, InstrumentName.RELEVANCE)
    by_person: dict[int, list[Attribute]] = defaultdict(list)
    known = Attribute.objects.filter(run__in=runs, text__isnull=False)
    for attribute in known.order_by("person_id", "run_id", "position"):
        by_person[attribute.person_id].append(attribute)
    links = PersonPrompt.objects.filter(person_id__in=by_person).select_related("prompt")
    if prompts is not None:
        links = links.filter(prompt_id__in=prompts)
    pools: dict[Prompt, list[Attribute]] = defaultdict(list)
    for link in links.order_by("prompt_id", "person_id"):
        pools[link.prompt] += [each for each in by_person[link.person_id] if sample.holds(each, prompt=link.prompt)]
    yield from ((prompt, pool) for prompt, pool in pools.items() if pool)
