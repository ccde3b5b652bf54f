"""Select: would knowing this attribute change the answer to this prompt? One call per (attribute, prompt)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import Field

from pipeline import prompts
from pipeline.backends.baselines import bm25_scores
from pipeline.enums import InstrumentName
from pipeline.enums import Stage as StageName
from pipeline.models import Attribute, PersonPrompt, Prompt, Run, Vote, WorkUnit
from pipeline.stages.base import SamplingParameters, Scope, StageParameters, UnitSpec, Work, build_request
from pipeline.stages.parsing import parse_yes_no
from pipeline.stages.sampling import Sample
from pipeline.stages.voting import Ballot, ballot_of, vote_row

# Runs whose attributes can be put to prompts, and which of the matches were drawn.
READS: tuple[str, ...] = (StageName.MERGE, StageName.EXTRACT, StageName.REFINE, StageName.IMPORT, StageName.SAMPLE)


class SelectParameters(SamplingParameters):
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int | None = Field(default=200, ge=1)


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
        answer = yield build_request(run, text)
        return ballot_of(answer, parse_yes_no(answer.text), "YES or NO first")

    def record(self, run: Run, unit: WorkUnit, material: Match, result: Ballot) -> None:
        vote_row(run, InstrumentName.RELEVANCE, result, material.attribute, prompt=material.prompt).save()

    def finish(self, run: Run) -> None:
        """Nothing: each vote stands by itself."""


class Bm25Parameters(StageParameters):
    """yes: a score above ``threshold``, and among the ``top_k`` best of the person if one is given."""

    threshold: float = Field(default=0.0, ge=0)
    top_k: int | None = Field(default=None, ge=1)


@dataclass(frozen=True)
class Pool:
    """A prompt and the attributes of all the people it is put to."""

    prompt: Prompt
    attributes: tuple[Attribute, ...]


class SelectByBm25:
    """The baseline: words shared with the prompt, weighed within the pool that raters see too. Asks no model."""

    name = StageName.SELECT.value
    template = ""
    accepts = READS
    parameters: type[StageParameters] = Bm25Parameters

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        for prompt, _ in attributes_by_prompt(scope.inputs):
            yield UnitSpec(prompt.public_id, {"prompt": prompt.pk})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[Pool]:
        wanted = [unit.subject["prompt"] for unit in units]
        pools = dict(attributes_by_prompt(list(run.inputs.all()), prompts=wanted))
        by_key = {prompt.pk: Pool(prompt, tuple(attributes)) for prompt, attributes in pools.items()}
        return [by_key[pk] for pk in wanted]

    def work(self, run: Run, material: Pool) -> Work[list[Ballot]]:
        scores = bm25_scores(material.prompt.text, [attribute.text or "" for attribute in material.attributes])
        best = best_of_each_person(material.attributes, scores, run.parameters["top_k"])
        threshold = run.parameters["threshold"]
        return [
            Ballot("yes" if score > threshold and place in best else "no", raw_score=score)
            for place, score in enumerate(scores)
        ]
        yield  # a generator that asks no model

    def record(self, run: Run, unit: WorkUnit, material: Pool, result: list[Ballot]) -> None:
        Vote.objects.bulk_create(
            vote_row(run, InstrumentName.RELEVANCE, ballot, attribute, prompt=material.prompt)
            for attribute, ballot in zip(material.attributes, result, strict=True)
        )

    def finish(self, run: Run) -> None:
        """Nothing: each pool stands by itself."""


def best_of_each_person(attributes: Sequence[Attribute], scores: Sequence[float], top_k: int | None) -> set[int]:
    """Places of each person's ``top_k`` best scores, all of them for None; a tie goes to the earlier attribute."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, attribute in enumerate(attributes):
        places[attribute.person_id].append(place)
    chosen = (sorted(own, key=lambda place: -scores[place])[:top_k] for own in places.values())
    return {place for own in chosen for place in own}


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
