"""Chance that depends on nothing but words: the same parts give the same draw, in any process, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")

_SCALE = 2.0**-64
_NORMAL = NormalDist()


def draw(*parts: str) -> float:
    """Uniform in (0, 1)."""
    digest = blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest) + 0.5) * _SCALE


def gauss(*parts: str) -> float:
    """Standard normal."""
    return _NORMAL.inv_cdf(min(max(draw(*parts), 1e-12), 1 - 1e-12))


def pick(options: Sequence[T], *parts: str) -> T:
    return options[int(draw(*parts) * len(options))]


def shuffled(options: Sequence[T], *parts: str) -> list[T]:
    """All of them in an order that depends on the parts only."""
    order = sorted(range(len(options)), key=lambda place: draw(*parts, str(place)))
    return [options[place] for place in order]
