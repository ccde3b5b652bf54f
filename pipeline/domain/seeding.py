"""Seeded chance: the same seed and words give the same order on every machine and Python."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def chance(*words: object) -> random.Random:
    """A generator seeded by the words (sha256, so neighbours in the words are strangers in the stream)."""
    digest = hashlib.sha256("\x1f".join(str(word) for word in words).encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))  # noqa: S311 - order, not secrets


def shuffled(things: Iterable[T], *words: object) -> list[T]:
    result = list(things)
    chance(*words).shuffle(result)
    return result
