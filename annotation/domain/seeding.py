"""Seeded orders of what raters see. What draws them is the pipeline's own seeded chance."""

from __future__ import annotations

import hashlib

from pipeline.domain.seeding import shuffled

__all__ = ["lot", "page_order", "shuffled"]


def page_order(seed: str, item_id: int, rater_id: int, n: int) -> list[int]:
    """The order of an item's ``n`` questions on a rater's page. hand_in.sql draws the same, hence by md5 alone."""

    return sorted(range(n), key=lambda position: _drawn(seed, "page", item_id, rater_id, position))


def lot(*words: object) -> int:
    """A number from 0 to below 2^28 that the words draw. hand_in.sql draws the same."""
    return int(_drawn(*words)[:7], 16)


def _drawn(*words: object) -> str:
    return hashlib.md5("|".join(map(str, words)).encode(), usedforsecurity=False).hexdigest()
