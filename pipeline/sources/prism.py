"""Source ``prism``: PRISM's conversations.jsonl; a person is a participant.

Several models answer a turn; the chosen answer makes the linear dialogue, as it did for the participant. An empty text
is written "EMPTY STRING" there. The language is that of the first prompt in ``metadata.jsonl``, where it lies beside;
the other files (survey, utterances, ...) are counted, not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby

from pipeline.sources.base import NotImported, Sample
from pipeline.sources.chats import ASSISTANT, LONGEST_LANGUAGE, LONGEST_MODEL, NO_TURNS, USER
from pipeline.sources.containers import container_of, input_files, stem_of, values
from pipeline.sources.fields import FieldError, Fields
from pipeline.sources.reading import HUMAN, CorpusInfo, Reading, RecordSource
from pipeline.sources.records import ConversationRecord, PersonRef, Record, Turn

NAME = "prism"
MODEL, METADATA = "model", "metadata"
_LANGUAGES = "languages"
EMPTY = "EMPTY STRING"
NOT_CHOSEN = "answers that were not chosen"
NO_CHOICE = NotImported("turns in which no answer was chosen")
_BESIDE = {
    "survey": "what participants said of themselves: the platform has no place for it",
    "utterances": "the same texts as in conversations",
    "metadata": "marks of single texts, of which the language is taken",
    "models": "how the models were set",
}


def _recognise(sample: Sample) -> str:
    if sample.first("conversation_history", "conversation_id", "user_id"):
        return "each record has conversation_history, conversation_id and user_id"
    return ""


def _others(sample: Sample) -> str:
    stem = stem_of(sample.file.path).lower()
    because = _BESIDE.get(stem) if container_of(sample.file.path) else None
    return f"files of {stem} ({because})" if because else ""


def _parse(fields: Fields, reading: Reading) -> Iterator[Record | NotImported]:
    name, person = fields.identifier("conversation_id"), fields.identifier("user_id")
    position = reading.next_position(person)
    messages = fields.objects("conversation_history")
    turns, models, left_out = [], [], 0
    for _, rounds in groupby(messages, key=lambda message: message.integer("turn")):
        said = list(rounds)
        answers = [message for message in said if _role(message) == MODEL]
        turns += [Turn(USER, _text(message)) for message in said if _role(message) == USER]
        chosen = next((answer for answer in answers if answer.optional_flag("if_chosen")), None)
        left_out += len(answers) - bool(chosen)
        if chosen:
            turns.append(Turn(ASSISTANT, _text(chosen)))
            models.append(chosen.label("model_name", LONGEST_MODEL))
        elif answers:
            yield NO_CHOICE
    if left_out:
        yield NotImported(NOT_CHOSEN, left_out)
    if not turns:
        yield NO_TURNS
        return
    yield ConversationRecord(
        PersonRef(reading.corpus, person),
        name,
        position,
        tuple(turns),
        fields.label("language", LONGEST_LANGUAGE) or _languages(reading).get(name, ""),
        ", ".join(dict.fromkeys(filter(None, models)))[:LONGEST_MODEL],
        fields.moment("generated_datetime"),
        id_field="conversation_id",
    )


def _languages(reading: Reading) -> dict[str, str]:
    """The language of each conversation's first prompt, as far as the marks beside the conversations say."""
    if _LANGUAGES not in reading.kept:
        found: dict[str, str] = reading.kept.setdefault(_LANGUAGES, {})
        beside = [file for file in input_files(reading.file.path.parent) if stem_of(file.path).lower() == METADATA]
        for item in (item for file in beside for item in values(file)):
            with suppress(FieldError):  # a bad mark is no mark
                marks = Fields(item[1] if isinstance(item, tuple) and isinstance(item[1], dict) else {})
                if "prompt" in marks.optional_text("column_id"):
                    language = marks.label("language_flag", LONGEST_LANGUAGE)
                    found.setdefault(marks.first_identifier("conversation_id"), language)
    languages: dict[str, str] = reading.kept[_LANGUAGES]
    return languages


def _role(message: Fields) -> str:
    role = message.text("role")
    if role not in (USER, MODEL):
        raise message.fail("role", "unknown role", f"use {USER} or {MODEL}", role)
    return role


def _text(message: Fields) -> str:
    text = message.text("content")
    return "" if text == EMPTY else text


PRISM = RecordSource(
    NAME,
    _recognise,
    _parse,
    {
        NAME: CorpusInfo(
            "PRISM",
            HUMAN,
            "CC BY 4.0 (what people wrote), CC BY-NC 4.0 (what models wrote)",
            "HannahKirk/prism-alignment: chats of survey participants with several models",
        )
    },
    corpus=NAME,
    others=_others,
)
