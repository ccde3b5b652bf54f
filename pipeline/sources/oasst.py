"""Source ``oasst``: Open-Assistant's message trees, whole (a tree a line) or flat (a message a record, trees in a row).

One conversation per tree, along its best path: at each fork the reply of the lowest rank, ranked before unranked, then
the first as the file has them. Everything off that path is counted. Trees with a prompt by a model on that path are a
corpus of their own, ``oasst-synthetic``. A person is the ``user_id`` of the first message where the export gives it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.sources.base import NotImported, Sample
from pipeline.sources.chats import ASSISTANT, LONGEST_LANGUAGE, LONGEST_MODEL, USER, role_of
from pipeline.sources.fields import FieldError, Fields
from pipeline.sources.people import person_of
from pipeline.sources.reading import HUMAN, SYNTHETIC, CorpusInfo, Parsed, Reading, RecordSource
from pipeline.sources.records import ConversationRecord, Record, Turn

NAME = "oasst"
MADE_UP = "-synthetic"
ROLES = {"prompter": USER, "assistant": ASSISTANT}
OFF_PATH = "messages off the best-ranked path of their tree, or deleted"
DELETED = NotImported("trees whose first message was deleted")
GIVEN_UP = ("aborted_low_grade", "halted_by_moderator")
_LICENCE = "Apache-2.0"
_UNRANKED = 2**31
_LARGEST = 10_000  # messages of a tree
_NEEDED = ("message_tree_id", "message_id", "text", "role")
_FLAT = (*_NEEDED, "rank", "deleted", "synthetic", "model_name", "lang", "user_id", "tree_state", "created_date")
_OPEN = "open tree"


def _recognise(sample: Sample) -> str:
    if isinstance(sample.first("message_tree_id", "prompt").get("prompt"), dict):
        return "each record has message_tree_id and a prompt with its replies"
    if sample.first(*_NEEDED):
        return "each record is a message with message_id and message_tree_id"
    return ""


def _parse(fields: Fields, reading: Reading) -> Iterator[Record | NotImported]:
    if "prompt" in fields:
        yield from _tree(fields.identifier("message_tree_id"), fields, fields.child("prompt"), reading)
        return
    tree, name = fields.identifier("message_tree_id"), fields.identifier("message_id")
    message = fields.copied(*_FLAT) | {"parent": fields.first_identifier("parent_id"), "replies": []}
    begun, messages = reading.kept.get(_OPEN, (tree, {}))
    if begun != tree:
        reading.kept[_OPEN] = tree, {name: message}
        yield from _hung_up(begun, messages, reading)
        return
    if name in messages:
        raise fields.fail("message_id", "a second message of this id in the tree", "keep one of the two", name)
    if len(messages) == _LARGEST:
        raise fields.fail("message_tree_id", f"more than {_LARGEST:,} messages in one tree", "check the ids", tree)
    messages[name] = message
    reading.kept[_OPEN] = tree, messages


def _finish(reading: Reading) -> Parsed:
    begun, messages = reading.kept.pop(_OPEN, ("", {}))
    return _hung_up(begun, messages, reading) if messages else ()


def _hung_up(tree: str, messages: dict[str, dict[str, Any]], reading: Reading) -> Parsed:
    """The flat messages of one tree, put under their parents."""
    roots = [message for message in messages.values() if message["parent"] not in messages]
    for message in messages.values():
        if message["parent"] in messages:
            messages[message["parent"]]["replies"].append(message)
    if not roots:
        raise FieldError("parent_id", "no message of the tree is its first", "check that these are whole trees", tree)
    if strays := len(roots) - 1:
        yield NotImported("messages whose parent is not in the file, and replies to them", strays)
    yield from _tree(tree, Fields(roots[0]), Fields(roots[0]), reading)


def _tree(name: str, fields: Fields, root: Fields, reading: Reading) -> Iterator[Record | NotImported]:
    state = fields.optional_text("tree_state")
    if state in GIVEN_UP:
        yield NotImported(f"trees that the project gave up ({state})")
        return
    if root.optional_flag("deleted"):
        yield DELETED
        return
    path = _best_path(root)
    made_up = any(_is_synthetic(message) for message in path if message.text("role") == "prompter")
    corpus = reading.corpus + MADE_UP if made_up else reading.corpus
    named = root.first_identifier("user_id")
    person, said = person_of(corpus, named, name)
    yield from said
    models = dict.fromkeys(message.label("model_name", LONGEST_MODEL) for message in path)
    yield ConversationRecord(
        person,
        name,
        reading.next_position(f"{corpus} {named}") if named else 0,
        tuple(Turn(role_of(message, "role", ROLES), message.text("text")) for message in path),
        root.label("lang", LONGEST_LANGUAGE),
        ", ".join(filter(None, models))[:LONGEST_MODEL],
        root.moment("created_date"),
        id_field="message_tree_id",
    )
    if others := _size(root) - len(path):
        yield NotImported(OFF_PATH, others)


def _is_synthetic(message: Fields) -> bool:
    return bool(message.optional_flag("synthetic"))


def _replies(message: Fields) -> list[Fields]:
    return message.objects("replies") if "replies" in message else []


def _best_path(root: Fields) -> list[Fields]:
    path = [root]
    while standing := [reply for reply in _replies(path[-1]) if not reply.optional_flag("deleted")]:
        path.append(min(standing, key=_rank))  # min takes the first of equals
    return path


def _rank(message: Fields) -> float:
    rank = message.value("rank")
    if rank is None:
        return _UNRANKED
    if isinstance(rank, bool) or not isinstance(rank, int | float) or not rank >= 0:
        raise message.fail("rank", "not a number from 0", "write a number, or null where it is unranked", rank)
    return rank


def _size(root: Fields) -> int:
    count, open_ = 0, [root]
    while open_:
        count += 1
        open_ += _replies(open_.pop())
    return count


OASST = RecordSource(
    NAME,
    _recognise,
    _parse,
    {
        NAME: CorpusInfo("Open-Assistant", HUMAN, _LICENCE, "LAION-AI/Open-Assistant, written by volunteers"),
        NAME + MADE_UP: CorpusInfo(
            "Open-Assistant, prompts by models",
            SYNTHETIC,
            _LICENCE,
            "LAION-AI/Open-Assistant: prompts marked synthetic",
        ),
    },
    corpus=NAME,
    columns=(*_FLAT, "parent_id", "prompt"),
    finish=_finish,
)
