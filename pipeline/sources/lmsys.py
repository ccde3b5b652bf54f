"""Source ``lmsys``: LMSYS-Chat-1M. It names no people; its moderation's flags are its mark of toxicity."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.sources.base import NotImported, Sample
from pipeline.sources.chats import LONGEST_LANGUAGE, LONGEST_MODEL, NO_TURNS, turns_in
from pipeline.sources.fields import Fields
from pipeline.sources.people import person_of
from pipeline.sources.reading import HUMAN, CorpusInfo, Reading, RecordSource
from pipeline.sources.records import ConversationRecord, Record

NAME = "lmsys"
_COLUMNS = ("conversation_id", "model", "conversation", "language", "openai_moderation", "redacted")


def _recognise(sample: Sample) -> str:
    record = sample.first("conversation", "conversation_id", "model")
    if record and "timestamp" not in record and "toxic" not in record:
        return "each record has conversation, conversation_id and model, and neither time nor person"
    return ""


def _parse(fields: Fields, reading: Reading) -> Iterator[Record | NotImported]:
    name = fields.identifier("conversation_id")
    turns = turns_in(fields, "conversation")
    if not turns:
        yield NO_TURNS
        return
    person, said = person_of(reading.corpus, "", name)
    yield from said
    yield ConversationRecord(
        person,
        name,
        0,
        turns,
        fields.label("language", LONGEST_LANGUAGE),
        fields.label("model", LONGEST_MODEL),
        None,
        _flagged(fields),
        fields.optional_flag("redacted"),
        "conversation_id",
    )


def _flagged(fields: Fields) -> bool | None:
    """Whether the moderation of any turn says so; None where there is none."""
    if "openai_moderation" not in fields:
        return None
    flags = [entry.optional_flag("flagged") for entry in fields.objects("openai_moderation")]
    return any(flags) if flags else None


LMSYS = RecordSource(
    NAME,
    _recognise,
    _parse,
    {
        NAME: CorpusInfo(
            "LMSYS-Chat-1M", HUMAN, "LMSYS-Chat-1M Dataset License Agreement", "lmsys/lmsys-chat-1m: Chatbot Arena"
        )
    },
    corpus=NAME,
    columns=_COLUMNS,
)
