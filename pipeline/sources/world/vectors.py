"""Vectors by construction: what a statement says decides where it points, its wording only nudges it."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from random import Random

from pipeline.sources.world.catalogue import squeezed
from pipeline.sources.world.draws import draw
from pipeline.sources.world.world import World

DIMENSIONS = 96
OF_TOPICS = 0.3  # share of a statement's direction that its topics decide; of a prompt's, twice that
Vector = tuple[float, ...]


def embed(world: World, text: str) -> list[float]:
    text = squeezed(text)
    prompt = world.prompt_of(text)
    if prompt:
        centre = _centre(world.seed, prompt.kind.topics, prompt.kind.text, 2 * OF_TOPICS)
    else:
        concept = world.concept_of(text)
        topics = concept.topics if world.knows(text) else tuple(_words_as_topics(text))
        centre = _centre(world.seed, topics, concept.name, OF_TOPICS)
    nudge = 0.06 + 0.10 * draw(world.seed, "nudge", text)
    return list(_mixed(centre, _direction(world.seed, "wording", text), nudge))


def _words_as_topics(text: str) -> list[str]:
    return sorted({word for word in text.lower().split() if len(word) > 4})


@lru_cache(maxsize=50_000)
def _centre(seed: str, topics: tuple[str, ...], name: str, share: float) -> Vector:
    own = _direction(seed, "concept", name)
    if not topics:
        return own
    parts = [_direction(seed, "topic", topic) for topic in topics]
    return _mixed(own, _scaled([sum(values) for values in zip(*parts, strict=True)]), share)


@lru_cache(maxsize=20_000)
def _direction(*parts: str) -> Vector:
    random = Random("|".join(parts))  # noqa: S311
    return _scaled([random.gauss(0, 1) for _ in range(DIMENSIONS)])


def _mixed(first: Vector, second: Vector, share: float) -> Vector:
    """``share`` of the squared length from the second."""
    one, other = sqrt(1 - share), sqrt(share)
    return _scaled([one * a + other * b for a, b in zip(first, second, strict=True)])


def _scaled(values: list[float]) -> Vector:
    length = sqrt(sum(value * value for value in values))
    return tuple(value / length for value in values)
