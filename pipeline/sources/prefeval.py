"""Source ``prefeval``: PrefEval's four kinds of files, one per topic.

A persona-driven dialogue belongs to its persona (several records, one person, as the study has it), a choice-based one
to a person of its own. The question of a record is a prompt put to its person; explicit and multiple-choice files have
questions only. The preference that a record is about is no run's inference and stays outside, as its options do.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.sources.base import NotImported, Sample
from pipeline.sources.chats import ASSISTANT, NO_TURNS, USER, text_id
from pipeline.sources.containers import stem_of
from pipeline.sources.fields import ID_LENGTH, Fields, identified
from pipeline.sources.reading import SYNTHETIC, CorpusInfo, Reading, RecordSource
from pipeline.sources.records import ConversationRecord, PersonRef, PromptRecord, PromptRef, Record, Turn

NAME = "prefeval"
CHOICE = {
    "query": USER,
    "assistant_options": ASSISTANT,
    "user_selection": USER,
    "assistant_acknowledgment": ASSISTANT,
}
TRUTH = NotImported("preferences with their explanations (no run inferred them)")
OPTIONS = NotImported("lists of options to choose from")


def _recognise(sample: Sample) -> str:
    if sample.first("preference", "question", "explanation"):
        return "each record has preference, question and explanation"
    return ""


def _parse(fields: Fields, reading: Reading) -> Iterator[Record | NotImported]:
    question = fields.text("question", blank=False)
    number, topic = reading.number - 1, stem_of(reading.file.path)
    people: tuple[PersonRef, ...] = ()
    if "conversation" in fields:
        by_choice = "persona" not in fields
        kind = "choice-based" if by_choice else "persona-driven"
        name = identified("file", f"{kind}/{topic}/{number}")
        named = f"{topic}/{number}" if by_choice else _persona(fields)
        person = PersonRef(reading.corpus, named)
        position = reading.next_position(named)
        turns = _chosen(fields.child("conversation")) if by_choice else _rounds(fields.child("conversation"))
        yield ConversationRecord(person, name, position, turns) if turns else NO_TURNS
        people = (person,)
    yield PromptRecord(PromptRef(reading.corpus, text_id(question)), question, people)
    yield TRUTH
    if "options" in fields or "classification_task_options" in fields:
        yield OPTIONS


def _persona(fields: Fields) -> str:
    persona = fields.text("persona", blank=False)
    return persona if len(persona) <= ID_LENGTH else text_id(persona)


def _chosen(chat: Fields) -> tuple[Turn, ...]:
    return tuple(Turn(role, chat.text(name)) for name, role in CHOICE.items())


def _rounds(chat: Fields) -> tuple[Turn, ...]:
    """``{"0": {"user": ..., "assistant": ...}, "1": ...}``."""
    turns: list[Turn] = []
    for name in sorted(chat.names(), key=lambda name: (len(name), name)):
        said = chat.child(name)
        turns += [Turn(role, said.text(role)) for role in (USER, ASSISTANT) if role in said]
    return tuple(turns)


PREFEVAL = RecordSource(
    NAME,
    _recognise,
    _parse,
    {NAME: CorpusInfo("PrefEval", SYNTHETIC, "CC BY-NC 4.0", "PrefEval benchmark")},
    corpus=NAME,
)
