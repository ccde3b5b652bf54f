"""Texts as people saw them: personal data covered, and places of evidence where they are in what is shown.

What is covered is counted once in the scope: an item's questions repeat what attributes state and are not counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db.models import F, Q

from annotation.domain.remark_masks import spans_of
from annotation.models import Question
from annotation.releases.errors import ReleaseRefused
from annotation.releases.tables.rows import Children, Row, binary, stream
from annotation.releases.tables.scope import Scope
from pipeline.backends.base import BackendUnusable
from pipeline.domain.masking import spans_in
from pipeline.masks import Shown, Span, shown
from pipeline.models import REASON, STATEMENT, Conversation, Mask

AT_ONCE = 500
Turns = dict[int, list[Span]]
Turn = tuple[str, int]  # conversation's public id, position


def masks_by(scope: Scope, of: str, where: Q) -> Children:
    """Of every run, as on raters' pages; in the order of what they are in: ``of`` is "conversation", "prompt",
    "response" or "attribute", and ``where`` says of which. Each is turn, start, end, kind. Empty where the release
    covers nothing."""
    if not scope.settings.masks:
        return Children(())
    rows = Mask.objects.filter(where).order_by(binary(f"{of}__public_id"), "turn", "start", "end", "pk")
    return Children(stream(rows, f"{of}__public_id", "turn", "start", "end", "kind"))


def masks_of_questions(scope: Scope, where: Q) -> Children:
    """In the order of items: position, text, start, end, kind. Of questions that state what their attribute does."""
    if not scope.settings.masks:
        return Children(())
    rows = Question.objects.filter(where, attribute__masks__turn=STATEMENT, text=F("attribute__text"))
    rows = rows.order_by(binary("item__public_id"), "position")
    places = (f"attribute__masks__{name}" for name in ("start", "end", "kind"))
    return Children(stream(rows, "item__public_id", "position", *places))


def covered_statement(scope: Scope, row: tuple[Any, ...], masks: Iterable[tuple[Any, ...]]) -> list[Any]:
    """An attribute's columns, which end with text, reason and confidence, as shown."""
    spans: Turns = defaultdict(list)
    for turn, start, end, kind in masks:
        spans[turn].append(Span(start, end, kind))
    *front, text, reason, confidence = row
    text, reason = _covered(scope, text, spans.get(STATEMENT, [])), _covered(scope, reason, spans.get(REASON, []))
    return [*front, text, reason, confidence]


def covered_questions(questions: list[tuple[Any, ...]], masks: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """An item's questions, which begin with their position and end with their text, as shown."""
    spans: Turns = defaultdict(list)
    for position, start, end, kind in masks:
        spans[position].append(Span(start, end, kind))
    if not spans:
        return questions
    return [(position, *about, shown(text, spans.get(position, ())).text) for position, *about, text in questions]


def covered_words(scope: Scope, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[list[Any], str | None]]:
    """Of rows that end with what a rater wrote, its masks and what it was looked through with: the rest, and the words
    as shown. Some hundreds at a time; what no worker has looked at is looked through now, and nothing of it kept.

    Raises ReleaseRefused where that cannot be done.
    """
    left = iter(rows)
    while chunk := list(islice(left, AT_ONCE)):
        unseen = [words for *_, words, _, looked in chunk if words and not looked] if scope.settings.masks else []
        found = iter(_found_in(unseen))
        for *values, words, masks, looked in chunk:
            if not words or not scope.settings.masks:
                yield values, words
            else:
                yield values, _covered(scope, words, spans_of(masks) if looked else next(found))


def _found_in(texts: list[str]) -> list[list[Span]]:
    try:
        return spans_in(texts) if texts else []
    except BackendUnusable as error:
        raise ReleaseRefused([f"what raters wrote cannot be looked through for personal data: {error}"]) from error


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
    scope.covered.update(str(span.kind) for span in result.spans)
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
