"""Source ``sharegpt``: ``conversations`` (or ``items``) of ``from`` and ``value``, as FastChat, LLaMA-Factory have it.

A call of a tool is said by the assistant, its result by the role ``tool``. In the preference variant the chosen answer
ends the dialogue. Records without ``id`` are named by their content.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.sources.base import NotImported, Sample
from pipeline.sources.chats import ASSISTANT, SYSTEM, TOOL, USER, read_turns, turns_in
from pipeline.sources.fields import Fields
from pipeline.sources.people import unbranded_conversation, whose
from pipeline.sources.reading import Reading, RecordSource
from pipeline.sources.records import Record, Turn

NAME = "sharegpt"
ROLES = {
    "human": USER,
    "gpt": ASSISTANT,
    "system": SYSTEM,
    "function_call": ASSISTANT,
    "observation": TOOL,
    "user": USER,
    "assistant": ASSISTANT,
    "chatgpt": ASSISTANT,
    "bing": ASSISTANT,
    "bard": ASSISTANT,
    "tool": TOOL,
}
TOOLS = NotImported("lists of tools that the model was offered")
REJECTED = NotImported("answers that were not chosen")


def _recognise(sample: Sample) -> str:
    for name in ("conversations", "items"):
        turns = sample.first(name).get(name)
        if isinstance(turns, list) and turns and isinstance(turns[0], dict) and {"from", "value"} <= turns[0].keys():
            return f"each record has {name} of from and value"
    return ""


def _parse(fields: Fields, reading: Reading) -> Iterator[Record | NotImported]:
    person = whose(fields, reading)
    turns = turns_in(fields, "items" if "items" in fields else "conversations", ROLES, "from", "value")
    if "system" in fields and (text := fields.text("system")):
        turns = (Turn(SYSTEM, text), *turns)
    if "chosen" in fields:
        turns += read_turns(fields.path("chosen"), [fields.need("chosen")], ROLES, "from", "value")
    if "tools" in fields and fields.need("tools"):
        yield TOOLS
    if "rejected" in fields:
        yield REJECTED
    yield from unbranded_conversation(fields, reading, person, turns)


SHAREGPT = RecordSource(NAME, _recognise, _parse)
