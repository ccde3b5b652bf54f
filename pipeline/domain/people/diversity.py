"""Drawing people who are far from each other, and saying how far. Rows are unit vectors, one for each person, or zeros
for a person without a direction; distance is cosine distance: 0 the same direction, 1 unrelated, 2 opposite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

RANDOM_DRAWS = 100
_EQUAL = 1e-5  # distances closer than this are a tie: sums differ in the last places from machine to machine


@dataclass(frozen=True)
class Diversity:
    """Mean distance over all pairs, and the distance of the closest pair; None where there are fewer than two people.

    ``random_*`` are means over RANDOM_DRAWS seeded draws of as many people as were drawn.
    """

    drawn_mean: float | None
    drawn_min: float | None
    eligible_mean: float | None
    random_mean: float | None
    random_min: float | None
    random_draws: int
    without_direction: int  # eligible people of whom no distance is defined; left out of the figures

    def as_json(self) -> dict[str, float | int | None]:
        return asdict(self)


def draw_apart(vectors: Vectors, n: int, chance: Random) -> list[int]:
    """``n`` rows, or all there are, in the order of the draw: the first at random, then always the one whose nearest
    neighbour among the drawn is farthest (Gonzalez 1985; no other draw of as many has its closest two more than four
    times as far apart). Ties go to the earlier row. Rows without a direction come last, at random.
    """
    directed = np.flatnonzero(has_direction(vectors))
    others = np.flatnonzero(~has_direction(vectors)).tolist()
    drawn: list[int] = []
    if len(directed):
        drawn = directed[_farthest_first(vectors[directed], min(n, len(directed)), chance)].tolist()
    chance.shuffle(others)
    return drawn + others[: n - len(drawn)]


def _farthest_first(vectors: Vectors, n: int, chance: Random) -> list[int]:
    latest = chance.randrange(len(vectors))
    drawn = [latest]
    nearest = np.full(len(vectors), np.inf)
    while len(drawn) < n:
        nearest = np.minimum(nearest, 1 - vectors @ vectors[latest])
        nearest[latest] = -np.inf
        latest = int(np.argmax(nearest >= nearest.max() - _EQUAL))
        drawn.append(latest)
    return drawn


def diversity_of(vectors: Vectors, drawn: Sequence[int], chance: Random) -> Diversity:
    directed = has_direction(vectors)
    eligible = vectors[directed]
    chosen = vectors[[place for place in drawn if directed[place]]]
    draws = [eligible[chance.sample(range(len(eligible)), len(chosen))] for _ in range(RANDOM_DRAWS)]
    return Diversity(
        drawn_mean=mean_distance(chosen),
        drawn_min=least_distance(chosen),
        eligible_mean=mean_distance(eligible),
        random_mean=_mean([mean_distance(draw) for draw in draws]),
        random_min=_mean([least_distance(draw) for draw in draws]),
        random_draws=RANDOM_DRAWS,
        without_direction=int(np.count_nonzero(~directed)),
    )


def has_direction(vectors: Vectors) -> NDArray[np.bool_]:
    return np.asarray(vectors.any(axis=1))


def mean_distance(vectors: Vectors) -> float | None:
    """Over all pairs, exact in linear time: the squared length of the sum of unit vectors holds every dot product."""
    n = len(vectors)
    if n < 2:
        return None
    total = vectors.sum(axis=0, dtype=np.float64)
    squares = np.einsum("ij,ij->", vectors, vectors, dtype=np.float64)
    return float(np.clip(1 - (total @ total - squares) / (n * (n - 1)), 0, 2))


def least_distance(vectors: Vectors) -> float | None:
    """Of the closest pair, compared all with all: for as many people as are drawn, not for all that could be."""
    n = len(vectors)
    if n < 2:
        return None
    return float(np.clip(1 - (vectors @ vectors.T)[np.triu_indices(n, 1)].max(), 0, 2))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
