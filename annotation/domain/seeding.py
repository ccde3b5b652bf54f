"""Seeded orders of what raters see. What draws them is the pipeline's own seeded chance."""

from __future__ import annotations

import hashlib

from pipeline.domain.seeding import shuffled

__all__ = ["page_order", "shuffled"]


def page_order(seed: str, item_id: int, rater_id: int, n: int) -> list[int]:
    """The order of an item's ``n`` questions on a rater's page. hand_in.sql draws the same, hence by md5 alone."""

    def lot(position: int) -> str:
        words = "|".join(map(str, (seed, "page", item_id, rater_id, position)))
        return hashlib.md5(words.encode(), usedforsecurity=False).hexdigest()

    return sorted(range(n), key=lot)
