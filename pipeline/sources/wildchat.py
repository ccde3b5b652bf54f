"""Source ``wildchat``: WildChat-1M (a person is a ``hashed_ip``) and the first release of 650k, which names nobody.

``conversation_hash`` is a hash of the content and no key: what one person said twice word for word is one conversation.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.sources.base import NotImported, Sample
from pipeline.sources.chats import LONGEST_LANGUAGE, LONGEST_MODEL, NO_TURNS, dialogue_count, dialogues_in
from pipeline.sources.fields import Fields
from pipeline.sources.people import person_of
from pipeline.sources.reading import HUMAN, CorpusInfo, Reading, RecordSource
from pipeline.sources.records import ConversationRecord, Record

NAME = "wildchat"
_COLUMNS = ("conversation_hash", "conversation_id", "hashed_ip", "conversation", "model", "timestamp", "language")
_MARKS = ("toxic", "redacted")


def _recognise(sample: Sample) -> str:
    if sample.first("conversation", "conversation_hash", "hashed_ip"):
        return "each record has conversation, conversation_hash and hashed_ip"
    if sample.first("conversation", "conversation_id", "timestamp", "toxic"):
        return "each record has conversation, conversation_id, timestamp and toxic (the first release: no hashed_ip)"
    return ""


def _parse(fields: Fields, reading: Reading) -> Iterator[Record | NotImported]:
    ids = "conversation_hash" if "conversation_hash" in fields else "conversation_id"
    named = fields.first_identifier("hashed_ip")
    first = reading.next_position(named, dialogue_count(fields)) if named else 0
    for i, (name, turns) in enumerate(dialogues_in(fields, ids)):
        person, said = person_of(reading.corpus, named, name)
        yield from said
        if not turns:
            yield NO_TURNS
            continue
        yield ConversationRecord(
            person,
            name,
            first + i if named else 0,
            turns,
            fields.label("language", LONGEST_LANGUAGE),
            fields.label("model", LONGEST_MODEL),
            fields.moment("timestamp"),
            fields.optional_flag("toxic"),
            fields.optional_flag("redacted"),
            ids,
        )


WILDCHAT = RecordSource(
    NAME,
    _recognise,
    _parse,
    {NAME: CorpusInfo("WildChat", HUMAN, "ODC-BY 1.0", "allenai/WildChat: chats with GPT-3.5 and GPT-4")},
    corpus=NAME,
    columns=(*_COLUMNS, *_MARKS),
)
