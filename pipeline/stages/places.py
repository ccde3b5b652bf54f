"""Places of evidence: turns, and spans of their text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Place(NamedTuple):
    """A turn of a conversation (its key), or code points ``start`` to ``end`` of it."""

    conversation: int
    turn: int
    start: int | None = None
    end: int | None = None


def place_columns(place: Place) -> dict[str, int | None]:
    """The columns of an Evidence row."""
    return {"conversation_id": place.conversation, "turn": place.turn, "start": place.start, "end": place.end}


def longest(places: Iterable[Place]) -> list[Place]:
    """In order, each turn once and, of the spans that begin at one point, the longest."""
    ordered = sorted(places, key=lambda place: tuple(-1 if part is None else part for part in place))
    return list({place[:3]: place for place in ordered}.values())
