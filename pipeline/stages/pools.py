"""Baselines of select: choices that ask no model, made within the pool of attributes that raters see together.

bm25 by words shared with the prompt, embedding by the likeness of sentence vectors, all and none as floors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import Field

from pipeline.backends.base import BackendOptions, FinalError
from pipeline.backends.baselines import bm25_scores, cosine_scores
from pipeline.backends.embedders import open_embedder
from pipeline.enums import FailureKind, InstrumentName
from pipeline.enums import Stage as StageName
from pipeline.models import Attribute, Prompt, Run, Vote, WorkUnit
from pipeline.stages.base import Scope, StageParameters, UnitFailed, UnitSpec, Work
from pipeline.stages.select import READS, attributes_by_prompt
from pipeline.stages.voting import Ballot, vote_row


@dataclass(frozen=True)
class Pool:
    """A prompt and the attributes of all the people it is put to."""

    prompt: Prompt
    attributes: tuple[Attribute, ...]


class SelectFromPool:
    """What the baselines share. ``value`` is the answer to everything."""

    name = StageName.SELECT.value
    template = ""
    accepts = READS
    parameters: type[StageParameters] = StageParameters

    def __init__(self, value: str = "yes") -> None:
        self.value = value

    def units(self, scope: Scope) -> Iterable[UnitSpec]:
        for prompt, _ in attributes_by_prompt(scope.inputs):
            yield UnitSpec(prompt.public_id, {"prompt": prompt.pk})

    def load(self, run: Run, units: Sequence[WorkUnit]) -> list[Pool]:
        wanted = [unit.subject["prompt"] for unit in units]
        pools = dict(attributes_by_prompt(list(run.inputs.all()), prompts=wanted))
        by_key = {prompt.pk: Pool(prompt, tuple(attributes)) for prompt, attributes in pools.items()}
        return [by_key[pk] for pk in wanted]

    def work(self, run: Run, material: Pool) -> Work[list[Ballot]]:
        return self.choose(run, material)
        yield  # a generator that asks no model

    def choose(self, run: Run, pool: Pool) -> list[Ballot]:
        """One ballot per attribute, in their order. Raises UnitFailed."""
        return [Ballot(self.value) for _ in pool.attributes]

    def record(self, run: Run, unit: WorkUnit, material: Pool, result: list[Ballot]) -> None:
        Vote.objects.bulk_create(
            vote_row(run, InstrumentName.RELEVANCE, ballot, attribute, prompt=material.prompt)
            for attribute, ballot in zip(material.attributes, result, strict=True)
        )

    def finish(self, run: Run) -> None:
        """Nothing: each pool stands by itself."""


class Bm25Parameters(StageParameters):
    """yes: a score above ``threshold``, and among the ``top_k`` best of the person if one is given."""

    threshold: float = Field(default=0.0, ge=0)
    top_k: int | None = Field(default=None, ge=1)


class SelectByBm25(SelectFromPool):
    """Words shared with the prompt, weighed within the pool."""

    parameters: type[StageParameters] = Bm25Parameters

    def choose(self, run: Run, pool: Pool) -> list[Ballot]:
        scores = bm25_scores(pool.prompt.text, [attribute.text or "" for attribute in pool.attributes])
        return ballots_by_score(run, pool, scores)


class EmbeddingParameters(StageParameters):
    """yes: a cosine similarity above ``threshold``, and among the ``top_k`` best of the person if one is given."""

    threshold: float = Field(default=0.125, ge=-1, le=1)  # docs/results.md: of all-MiniLM-L6-v2
    top_k: int | None = Field(default=None, ge=1)


class SelectByEmbedding(SelectFromPool):
    """Likeness of the prompt's and the attribute's vectors. The run's model is the one that makes them."""

    parameters: type[StageParameters] = EmbeddingParameters

    def choose(self, run: Run, pool: Pool) -> list[Ballot]:
        embedder = open_embedder(embedder_of(run.backend_options), run.model_name, run.backend_options)
        try:
            vectors = embedder.embed([pool.prompt.text, *(attribute.text or "" for attribute in pool.attributes)])
        except FinalError as error:
            raise UnitFailed(str(error), error.kind) from error
        try:
            scores = cosine_scores(vectors[0], vectors[1:])
        except ValueError as error:
            raise UnitFailed(str(error), FailureKind.NO_MATERIAL) from error
        return ballots_by_score(run, pool, scores)


def embedder_of(options: BackendOptions) -> str:
    """The embedder that a baseline's options name or imply (a file, an address); ``local`` where they are silent."""
    named = str(options.get("embedder", ""))
    return named or ("recorded" if "recorded" in options else "openai_api" if "base_url" in options else "local")


def ballots_by_score(run: Run, pool: Pool, scores: Sequence[float]) -> list[Ballot]:
    """By the run's ``threshold`` and ``top_k``; each with its score."""
    best = best_of_each_person(pool.attributes, scores, run.parameters["top_k"])
    threshold = run.parameters["threshold"]
    return [
        Ballot("yes" if score > threshold and place in best else "no", raw_score=score)
        for place, score in enumerate(scores)
    ]


def best_of_each_person(attributes: Sequence[Attribute], scores: Sequence[float], top_k: int | None) -> set[int]:
    """Places of each person's ``top_k`` best scores, all of them for None; a tie goes to the earlier attribute."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, attribute in enumerate(attributes):
        places[attribute.person_id].append(place)
    chosen = (sorted(own, key=lambda place: -scores[place])[:top_k] for own in places.values())
    return {place for own in chosen for place in own}
