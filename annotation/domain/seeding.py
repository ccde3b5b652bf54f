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


def page_order(seed: str, item_id: int, rater_id: int, n: int) -> list[int]:
    """The order of an item's ``n`` questions on a rater's page. hand_in.sql draws the same, hence by md5 alone."""

    def lot(position: int) -> str:
        words = "|".join(map(str, (seed, "page", item_id, rater_id, position)))
        return hashlib.md5(words.encode(), usedforsecurity=False).hexdigest()

    return sorted(range(n), key=lot)
