"""Source ``openai_messages``: ``messages`` of ``role`` and ``content``, the content a text or a list of typed parts.

Of parts the texts are kept, joined as they stand. Calls of tools are said by the assistant, as JSON. In the preference
variant the chosen answer ends the dialogue. Records without ``id`` are named by their content.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from pipeline.sources.base import NotImported, Sample
from pipeline.sources.chats import ASSISTANT, SYSTEM, TOOL, USER, role_of
from pipeline.sources.fields import FieldError, Fields, kind_of, objects_in
from pipeline.sources.people import unbranded_conversation, whose
from pipeline.sources.reading import Reading, RecordSource
from pipeline.sources.records import Record, Turn
from pipeline.sources.sharegpt import REJECTED, TOOLS

NAME = "openai_messages"
ROLES = {
    "system": SYSTEM,
    "developer": SYSTEM,
    "user": USER,
    "assistant": ASSISTANT,
    "tool": TOOL,
    "function": TOOL,
}
_TEXTS = ("text", "value", "refusal")  # OpenAI's name, LLaMA-Factory's, and where the model declined
LABELS = NotImported("labels that say whether an answer was wanted")


def _recognise(sample: Sample) -> str:
    for name in ("messages", "chosen"):
        messages = sample.first(name).get(name)
        if isinstance(messages, list) and messages and isinstance(messages[0], dict) and "role" in messages[0]:
            return f"each record has {name} of role and content"
    return ""


def _parse(fields: Fields, reading: Reading) -> Iterator[Record | NotImported]:
    person = whose(fields, reading)
    entries = _messages(fields)
    left_out: list[NotImported] = []
    turns = tuple(Turn(role_of(entry, "role", ROLES), _content(entry, left_out)) for entry in entries)
    yield from left_out
    if "tools" in fields and fields.need("tools"):
        yield TOOLS
    if "rejected" in fields:
        yield REJECTED
    if "label" in fields:
        yield LABELS
    yield from unbranded_conversation(fields, reading, person, turns)


def _messages(fields: Fields) -> list[Fields]:
    """The dialogue: ``chosen`` is its last answer, or the whole of it."""
    if isinstance(fields.value("chosen"), list):
        return fields.objects("chosen")
    last = [fields.child("chosen")] if "chosen" in fields else []
    return fields.objects("messages") + last


def _content(message: Fields, left_out: list[NotImported]) -> str:
    """The words of a message, then the calls that it makes."""
    said = message.value("content")
    if isinstance(said, list):
        text = "".join(_part(part, left_out) for part in objects_in(message.path("content"), said))
    elif said is None:
        text = ""
    elif isinstance(said, str):
        text = message.text("content")
    else:
        remedy = "write a text, or a list of parts such as {type: text, text: ...}"
        raise message.fail("content", f"expected a text or a list of parts, found {kind_of(said)}", remedy, said)
    calls = message.value("tool_calls") or message.value("function_call")
    if calls:
        return "\n".join(filter(None, [text, _as_json(message, calls)]))
    if said is None:
        raise message.fail("content", "neither words nor a call of a tool", "write the text, or remove the message")
    return text


def _part(part: Fields, left_out: list[NotImported]) -> str:
    for name in _TEXTS:
        if name in part:
            return part.text(name)
    kind = part.text("type")
    if "text" in kind:
        raise part.fail("text", "missing in a part that is a text", "write its text", kind)
    left_out.append(NotImported(f"parts of messages that are no text ({kind[:40]})"))
    return ""


def _as_json(message: Fields, calls: object) -> str:
    try:
        return orjson.dumps(calls).decode()
    except orjson.JSONEncodeError as error:
        raise FieldError(message.path("tool_calls"), f"cannot be kept: {error}", "mend or remove it") from None


OPENAI_MESSAGES = RecordSource(NAME, _recognise, _parse)
