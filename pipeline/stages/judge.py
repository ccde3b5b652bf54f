"""Judge: which of two responses serves a person with this attribute better, 1 to 5, as seen from left to right.

The study does not say how its models were shown the sides. Default here: one order per unit, shuffled by a seed;
``orders=both`` asks twice. The order is drawn from the texts and no database key, so that it is the same in every copy.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from pipeline import prompts
from pipeline.enums import InstrumentName, Side
from pipeline.enums import Stage as StageName
from pipeline.models import Attribute, GivenAttribute, Label, ResponsePair, Run, WorkUnit
from pipeline.stages.base import Answer, SamplingParameters, Scope, StageParameters, UnitSpec, Work, build_request
from pipeline.stages.parsing import parse_rating
from pipeline.stages.sampling import Sample
from pipeline.stages.voting import Ballot, ask_for_labels, ballot_of, most_probable, shares_of, vote_row

LABELS = ("1", "2", "3", "4", "5")


class JudgeParameters(SamplingParameters):
    """``labels``: the ratings' probabilities are asked for, too; the vote's raw score is the rating to be expected.

    Like its value, the raw score is as seen from left to right.
    """

    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int | None = Field(default=200, ge=1)
    orders: Literal["shuffled", "both"] = "shuffled"
    order_seed: int = 0
    labels: bool = False


@dataclass(frozen=True)
class Comparison:
    pair: ResponsePair
    attribute: Attribute


class Judge:
    name = StageName.JUDGE.value
    template = "judge"
    accepts: tuple[str, ...] = (StageName.RESPOND, StageName.LABEL, StageName.IMPORT, StageName.SAMPLE)
    parameters: type[StageParameters] = JudgeParameters

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        """Each pair with each attribute: what a label run among the inputs calls relevant, else what was given."""
        for pair, attribute in pairs_with_attributes(scope.inputs):
            key = f"{pair.public_id}:{attribute.public_id}"
            yield UnitSpec(key, {"pair": pair.pk, "attribute": attribute.pk})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[Comparison]:
        return comparisons_of(units)

    def work(self, run: Run, material: Comparison) -> Work[list[Ballot]]:
        first = shuffled_side(material, run.parameters["order_seed"])
        sides = [first] if run.parameters["orders"] == "shuffled" else [first, other_side(first)]
        ballots = []
        for side in sides:
            answer = yield ask_for_labels(run, build_request(run, question(material, side)), LABELS)
            ballots.append(rating(answer, side))
        return ballots

    def record(self, run: Run, unit: WorkUnit, material: Comparison, result: list[Ballot]) -> None:
        for ballot in result:
            vote_row(run, InstrumentName.PREFERENCE, ballot, material.attribute, pair=material.pair).save()

    def finish(self, run: Run) -> None:
        """Nothing: each comparison stands by itself."""


def comparisons_of(units: Sequence[WorkUnit]) -> list[Comparison]:
    """What each unit's pair and attribute are, in two queries."""
    attributes = Attribute.objects.in_bulk({unit.subject["attribute"] for unit in units})
    pairs = ResponsePair.objects.select_related("prompt", "generic", "personalized")
    found = pairs.in_bulk({unit.subject["pair"] for unit in units})
    return [Comparison(found[unit.subject["pair"]], attributes[unit.subject["attribute"]]) for unit in units]


def rating(answer: Answer, side: Side) -> Ballot:
    """The most probable rating, with the one to be expected, where the answer has them; else what it says."""
    shares = shares_of(answer, LABELS)
    if shares is None:
        return ballot_of(answer, parse_rating(answer.text), "a number from 1 to 5 first", side)
    ballot = ballot_of(answer, most_probable(shares), "a number from 1 to 5 first", side)
    return replace(ballot, raw_score=sum(int(label) * share for label, share in shares.items()))


def shuffled_side(material: Comparison, seed: int) -> Side:
    """Where the personalized response stands: a fair coin, the same for the same seed and texts."""
    pair = material.pair
    texts = (pair.prompt.text, pair.generic.text, pair.personalized.text, material.attribute.text or "")
    digest = hashlib.sha256("\x1f".join((str(seed), *texts)).encode("utf-8", "surrogatepass")).digest()
    return Side.LEFT if digest[0] % 2 else Side.RIGHT


def other_side(side: Side) -> Side:
    return Side.RIGHT if side == Side.LEFT else Side.LEFT


def question(material: Comparison, side: Side) -> str:
    """The request's text with the personalized response on ``side``; nothing in it says which is which."""
    pair = material.pair
    generic, personalized = pair.generic.text, pair.personalized.text
    left, right = (personalized, generic) if side == Side.LEFT else (generic, personalized)
    return prompts.render(
        "judge", prompt=pair.prompt.text, left=left, right=right, attribute=material.attribute.text or ""
    )


def pairs_with_attributes(runs: Sequence[Run]) -> Iterator[tuple[ResponsePair, Attribute]]:
    """The pairs that these runs made, each with the attributes to judge it by, in their order.

    A sample run among them leaves only what it drew.
    """
    sample = Sample(runs, InstrumentName.PREFERENCE)
    pairs = list(
        ResponsePair.objects.filter(personalized__run__in=runs)
        .select_related("personalized")
        .order_by("personalized__run_id", "prompt_id", "person_id")
    )
    labelled = _labelled(runs)
    given = {} if labelled is not None else _given(pairs)
    for pair in pairs:
        own = given.get(pair.personalized_id, []) if labelled is None else labelled[pair.prompt_id, pair.person_id]
        for attribute in own:
            if sample.holds(attribute, pair=pair):
                yield pair, attribute


def _labelled(runs: Sequence[Run]) -> dict[tuple[int, int], list[Attribute]] | None:
    """(prompt, person) -> attributes that a label run calls relevant; None where there is no label run."""
    label_runs = [run for run in runs if run.stage == StageName.LABEL]
    if not label_runs:
        return None
    found: dict[tuple[int, int], list[Attribute]] = defaultdict(list)
    rows = Label.objects.filter(run__in=label_runs, instrument=InstrumentName.RELEVANCE, value="yes")
    for row in rows.select_related("attribute").order_by("attribute__run_id", "attribute__position"):
        assert row.prompt_id is not None
        found[row.prompt_id, row.attribute.person_id].append(row.attribute)
    return found


def _given(pairs: Sequence[ResponsePair]) -> dict[int, list[Attribute]]:
    found: dict[int, list[Attribute]] = defaultdict(list)
    rows = GivenAttribute.objects.filter(response__in=[pair.personalized_id for pair in pairs])
    for row in rows.select_related("attribute").order_by("response_id", "position"):
        found[row.response_id].append(row.attribute)
    return found
