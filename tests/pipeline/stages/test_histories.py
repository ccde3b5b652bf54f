from __future__ import annotations

import pytest

from pipeline.models import Attribute, Conversation
from pipeline.stages.base import UnitFailed
from pipeline.stages.histories import History, evidence_named, shown_for, shown_within

LONG = "and so on " * 20


def chat(pk: int, *texts: str) -> Conversation:
    return Conversation(pk=pk, turns=[{"role": "user", "content": text} for text in texts])


CHATS = (
    chat(1, "Rye bread.", LONG),
    chat(2, "My bees swarmed.", LONG),
    chat(3, "Where do I sail?", LONG, "On the lake.", "Alone."),
)
HISTORY = History(Attribute(text="Keeps bees."), CHATS, {3: frozenset({2})})


def test_shown_within_is_everything_in_its_order_where_that_fits() -> None:
    shown = shown_within(HISTORY, 10_000)
    assert shown.text.startswith("=== Conversation 0 ===\n\n[0] user: Rye bread.")
    assert list(shown.conversations) == [0, 1, 2]
    assert shown.left_out == ()
    assert shown_within(HISTORY, len(shown.text)) == shown


def test_shown_within_takes_evidence_first_then_what_is_nearest_to_the_statement() -> None:
    """One conversation fits beside the one with evidence: the bees', though the bread stands before it."""
    shown = shown_within(HISTORY, 580)
    assert list(shown.conversations) == [1, 2]
    assert shown.text.index("=== Conversation 1 ===") < shown.text.index("=== Conversation 2 ===")
    assert "Alone." in shown.text
    assert shown.left_out == (1,)
    assert len(shown.text) <= 580


def test_shown_within_shows_the_marked_turns_of_what_does_not_fit_whole() -> None:
    history = History(HISTORY.attribute, CHATS, {3: frozenset({3})})
    shown = shown_within(history, 80)
    assert shown.text == "=== Conversation 2 ===\n\n[...]\n\n[2] user: On the lake.\n\n[3] user: Alone."
    assert shown.left_out == (1, 2, 3)


@pytest.mark.parametrize("most", range(120, 900, 37))
def test_shown_within_never_shows_more_than_it_may(most: int) -> None:
    assert 0 < len(shown_within(HISTORY, most).text) <= most


def test_shown_within_fails_where_nothing_fits() -> None:
    with pytest.raises(UnitFailed, match="none of 3 conversations fits into 20 characters: raise max_char") as failed:
        shown_within(HISTORY, 20)
    assert failed.value.kind == "too_long"


def test_shown_for_is_what_holds_evidence_or_all_where_nothing_does() -> None:
    only = shown_for(HISTORY, {"shown": "evidence", "max_characters": 10_000})
    assert list(only.conversations.values()) == [CHATS[2]]
    assert evidence_named(HISTORY, only) == "conversation 0, turn 2"
    nothing = History(HISTORY.attribute, CHATS)
    assert len(shown_for(nothing, {"shown": "evidence", "max_characters": 10_000}).conversations) == 3
    assert evidence_named(nothing, shown_within(nothing, 10_000)) == "none"
    assert len(shown_for(HISTORY, {"shown": "all", "max_characters": 10_000}).conversations) == 3
