"""Source ``cupid``: CUPID's instances, and its people in the study's layout.

A person is a ``persona_id``; the instances of one person repeat dialogues, each of which is imported once, named by its
content. The request of an instance is a prompt put to its person. What the benchmark knows of the person (preferences,
context factors, checklists) is no run's inference and stays outside.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.sources.base import NotImported, Sample
from pipeline.sources.chats import NO_TURNS, content_id, dialogue_count, dialogues_in, text_id, turns_in
from pipeline.sources.fields import Fields
from pipeline.sources.reading import SYNTHETIC, CorpusInfo, Reading, RecordSource
from pipeline.sources.records import ConversationRecord, PersonRef, PromptRecord, PromptRef, Record

NAME = "cupid"
REPEATED = NotImported("dialogues that another instance of the same person repeats")
TRUTH = NotImported("preferences, context factors and checklists of an instance (no run inferred them)")


def _recognise(sample: Sample) -> str:
    if sample.first("prior_interactions", "current_request"):
        return "each record has prior_interactions and current_request"
    return ""


def _parse(fields: Fields, reading: Reading) -> Iterator[Record | NotImported]:
    if "prior_interactions" in fields or "hashed_ip" not in fields:
        yield from _instance(fields, reading)
        return
    person = PersonRef(reading.corpus, fields.identifier("hashed_ip"))
    first = reading.next_position(person.source_id, dialogue_count(fields))
    for i, (name, turns) in enumerate(dialogues_in(fields, "conversation_hash")):
        yield ConversationRecord(person, name, first + i, turns) if turns else NO_TURNS


def _instance(fields: Fields, reading: Reading) -> Iterator[Record | NotImported]:
    person = PersonRef(reading.corpus, fields.identifier("persona_id"))
    request = fields.text("current_request", blank=False)
    known: set[str] = reading.kept.setdefault(person.source_id, set())
    for entry in fields.objects("prior_interactions"):
        turns = turns_in(entry, "dialogue")
        name = content_id(turns)
        if not turns:
            yield NO_TURNS
        elif name in known:
            yield REPEATED
        else:
            known.add(name)
            yield ConversationRecord(person, name, reading.next_position(person.source_id), turns)
    yield PromptRecord(PromptRef(reading.corpus, text_id(request)), request, (person,))
    yield TRUTH


CUPID = RecordSource(
    NAME,
    _recognise,
    _parse,
    {NAME: CorpusInfo("CUPID", SYNTHETIC, "MIT", "CUPID benchmark")},
    corpus=NAME,
)
