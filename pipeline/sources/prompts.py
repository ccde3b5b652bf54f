"""Source ``prompts``: requests to be answered, put to nobody yet: LIMA in its layouts, and any plain list of prompts.

Of a dialogue the opening request is the prompt. A prompt is named by its ``prompt_id``, ``prompt_index`` or ``id``,
else by its content; the list by ``lima`` where it is LIMA's, else as its file is called.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.sources.base import NotImported, Sample
from pipeline.sources.chats import text_id
from pipeline.sources.containers import stem_of
from pipeline.sources.fields import FieldError, Fields
from pipeline.sources.reading import Reading, RecordSource
from pipeline.sources.records import PromptRecord, PromptRef, Record

NAME = "prompts"
LIMA = "lima"
TEXTS = ("prompt", "prompt_text", "instruction", "text", "question")
IDS = ("prompt_id", "prompt_index", "id")
MORE = ("input", "context")  # what an instruction is about
ANSWERS = ("output", "response", "answer")
_KNOWN = {*TEXTS, *IDS, *MORE, *ANSWERS, "history", "system", "n_turns", "source", "category", "language"}
_LIMA_NAME = re.compile(r"(^|[^a-z])lima([^a-z]|$)|^study_prompts")
OWN_ANSWERS = NotImported("answers that came with their prompts")
LATER = NotImported("dialogues cut to their opening request")


def _recognise(sample: Sample) -> str:
    if sample.values and all(isinstance(value, str) for value in sample.values):
        return "it is a list of texts"
    record = sample.first()
    turns = record.get("conversations")
    if isinstance(turns, list) and turns and isinstance(turns[0], str):
        return "each record has conversations of plain texts (LIMA)"
    name = next((name for name in TEXTS if name in record), "")
    return f"each record has {name} and no dialogue" if name and record.keys() <= _KNOWN else ""


def _parse(fields: Fields, reading: Reading) -> Iterator[Record | NotImported]:
    if "conversations" in fields:
        said = fields.texts("conversations")
        if not said:
            raise fields.fail("conversations", "empty", "write the request, or remove the record", said)
        text, answered, later = said[0], len(said) > 1, len(said) > 2
        if not text.strip():
            raise fields.fail("conversations[0]", "empty", "write the request, or remove the record", text)
    else:
        text, later = _request(fields)
        answered = any(fields.value(name) for name in ANSWERS)
    yield PromptRecord(PromptRef(_list_name(reading), fields.first_identifier(*IDS) or text_id(text)), text)
    if answered:
        yield OWN_ANSWERS
    if later:
        yield LATER


def _request(fields: Fields) -> tuple[str, bool]:
    """The opening request, and whether a dialogue came after it."""
    if fields.value("history"):
        first = fields.entries("history")[0]
        if not isinstance(first, list) or not first or not isinstance(first[0], str) or not first[0].strip():
            raise fields.fail("history", "not a list of [request, answer]", "write the pairs in [ ]", first)
        return Fields({"history": first[0]}).text("history"), True
    name = next((name for name in TEXTS if name in fields), None)
    if name is None:
        what = f"none of {', '.join(TEXTS)} is there; the record has {', '.join(fields.names()[:6]) or 'nothing'}"
        raise FieldError("", what, "name the field that holds the request one of these")
    parts = [fields.text(name, blank=False), *(fields.text(more) for more in MORE if more in fields)]
    return "\n\n".join(part for part in parts if part.strip()), False


def _list_name(reading: Reading) -> str:
    if reading.options.corpus:
        return reading.options.corpus
    path = reading.file.path.resolve()
    is_lima = any(_LIMA_NAME.search(name.lower()) for name in (path.parent.name, stem_of(path)))
    return LIMA if is_lima else reading.corpus


PROMPTS = RecordSource(NAME, _recognise, _parse, texts=True)
