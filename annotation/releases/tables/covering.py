"""Texts as people saw them: personal data covered, and places of evidence where they are in what is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db.models import Q

from annotation.releases.tables.rows import Children, Row, binary, stream
from annotation.releases.tables.scope import Scope
from pipeline.masks import Shown, Span, shown
from pipeline.models import Conversation, Mask

AT_ONCE = 500
Turns = dict[int, list[Span]]
Turn = tuple[str, int]  # conversation's public id, position


def masks_by(scope: Scope, of: str, where: Q) -> Children:
    """Of every run, as on raters' pages; in the order of what they are in: ``of`` is "conversation", "prompt" or
    "response", and ``where`` says of which. Each is turn, start, end, kind. Empty where the release covers nothing."""
    if not scope.settings.masks:
        return Children(())
    rows = Mask.objects.filter(where).order_by(binary(f"{of}__public_id"), "turn", "start", "end", "pk")
    return Children(stream(rows, f"{of}__public_id", "turn", "start", "end", "kind"))


def covered_turns(scope: Scope, turns: list[Row], masks: Iterable[tuple[Any, ...]]) -> list[Row]:
    """The turns' roles and texts as shown; what is covered is counted in ``scope``."""
    spans: Turns = defaultdict(list)
    for turn, start, end, kind in masks:
        spans[turn].append(Span(start, end, kind))
    return [
        {"role": turn["role"], "content": _covered(scope, turn["content"], spans.get(place, []))}
        for place, turn in enumerate(turns)
    ]


def covered_text(scope: Scope, text: str, masks: Iterable[tuple[Any, ...]]) -> str:
    """A prompt's or a response's, as shown; counted as those of turns are."""
    return _covered(scope, text, [Span(start, end, kind) for _, start, end, kind in masks])


def _covered(scope: Scope, text: str, spans: list[Span]) -> str:
    if not spans:
        return text
    result = shown(text, spans)
    scope.covered.update(span.kind for span in result.spans)
    return result.text


def placed(scope: Scope, rows: Iterator[tuple[Any, list[Row]]]) -> Iterator[tuple[Any, list[Row]]]:
    """Rows with their evidence, some hundreds at a time; places of covered turns become those in the shown text."""
    while chunk := list(islice(rows, AT_ONCE)):
        turns = _shown_turns(places for _, places in chunk) if scope.settings.masks else {}
        for row, places in chunk:
            yield row, _places_in(places, turns)


def _places_in(places: Iterable[Row], turns: dict[Turn, Shown]) -> list[Row]:
    """Places that begin together, because one covered place begins both, are one: the longer."""
    found: dict[tuple[Any, ...], Row] = {}
    for place in places:
        moved = _moved(place, turns.get((place["conversation"], place["turn"])))
        key = (moved["conversation"], moved["turn"], moved["start"])
        if key not in found or moved["end"] > found[key]["end"]:
            found[key] = moved
    return list(found.values())


def _moved(place: Row, turn: Shown | None) -> Row:
    if turn is None or place["start"] is None:
        return place
    start, end = turn.place(place["start"], place["end"])
    return place | {"start": start, "end": end}


def _shown_turns(evidence: Iterable[list[Row]]) -> dict[Turn, Shown]:
    """The covered ones of the turns that have evidence within them."""
    wanted = {place["conversation"] for places in evidence for place in places if place["start"] is not None}
    if not wanted:
        return {}
    spans: dict[Turn, list[Span]] = defaultdict(list)
    rows = Mask.objects.filter(conversation__public_id__in=wanted)
    for chat, turn, start, end, kind in rows.values_list("conversation__public_id", "turn", "start", "end", "kind"):
        spans[chat, turn].append(Span(start, end, kind))
    chats = Conversation.objects.filter(public_id__in={chat for chat, _ in spans})
    texts = dict(chats.values_list("public_id", "turns"))
    return {
        (chat, turn): shown(texts[chat][turn]["content"], found)
        for (chat, turn), found in spans.items()
        if turn < len(texts[chat])
    }
