"""Whose conversation a record is: the person it names, or one of its own where it names nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.sources.base import NotImported
from pipeline.sources.chats import LONGEST_LANGUAGE, LONGEST_MODEL, NO_TURNS, content_id
from pipeline.sources.fields import Fields
from pipeline.sources.reading import Reading
from pipeline.sources.records import ConversationRecord, PersonRef, Turn

NO_PEOPLE = "ids of people (this source knows none: each conversation became a person of its own)"


def person_of(corpus: str, named: str, conversation: str) -> tuple[PersonRef, list[NotImported]]:
    """The person the record names; where it names none, one of the conversation's own, which is said."""
    if named:
        return PersonRef(corpus, named), []
    return PersonRef(corpus, conversation), [NotImported(NO_PEOPLE)]


@dataclass(frozen=True, slots=True)
class Whose:
    """The person that a record names, "" for none, and which of their conversations it is."""

    named: str
    position: int


def whose(fields: Fields, reading: Reading) -> Whose:
    named = fields.first_identifier("user_id", "person_id", "user", "hashed_ip")
    return Whose(named, reading.next_position(named) if named else 0)


def unbranded_conversation(
    fields: Fields, reading: Reading, whose: Whose, turns: tuple[Turn, ...]
) -> Iterator[ConversationRecord | NotImported]:
    """A conversation of a format in which anybody's chats may be: each further field where the record has it."""
    if not turns:
        yield NO_TURNS
        return
    name = fields.first_identifier("id", "conversation_id", "conversation_hash") or content_id(turns)
    person, said = person_of(reading.corpus, whose.named, name)
    yield from said
    yield ConversationRecord(
        person,
        name,
        whose.position,
        turns,
        fields.label("language", LONGEST_LANGUAGE),
        fields.label("model", LONGEST_MODEL),
        fields.moment("timestamp", "created_at", "created"),
        fields.optional_flag("toxic"),
        fields.optional_flag("redacted"),
        "id",
    )
