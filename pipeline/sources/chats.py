"""Turns of a dialogue out of a record: quickly where they are as they should be, with a message where not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.sources.base import NotImported
from pipeline.sources.fields import FieldError, Fields, objects_in
from pipeline.sources.records import Turn

LONGEST_LANGUAGE = 32
LONGEST_MODEL = 200
USER, ASSISTANT, SYSTEM, TOOL = "user", "assistant", "system", "tool"
ROLES = {USER: USER, ASSISTANT: ASSISTANT, SYSTEM: SYSTEM}
NO_TURNS = NotImported("conversations without a turn")
_SHOWN_ROLES = 8


def turns_in(
    fields: Fields, name: str, roles: Mapping[str, str] = ROLES, role: str = "role", content: str = "content"
) -> tuple[Turn, ...]:
    """The turns of the list ``name`` in its order, roles put in this platform's words. Raises FieldError."""
    return read_turns(fields.path(name), fields.entries(name), roles, role, content)


def read_turns(
    path: str, values: list[Any], roles: Mapping[str, str] = ROLES, role: str = "role", content: str = "content"
) -> tuple[Turn, ...]:
    turns = []
    for value in values:
        try:
            said = value[content]
            turns.append(Turn(roles[value[role]], said))
        except (KeyError, TypeError):
            return _carefully(path, values, roles, role, content)
        if type(said) is not str or "\x00" in said or not (said.isascii() or _whole(said)):
            return _carefully(path, values, roles, role, content)
    return tuple(turns)


def _whole(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _carefully(path: str, values: list[Any], roles: Mapping[str, str], role: str, content: str) -> tuple[Turn, ...]:
    """The same with a look at every field, so that the first that is wrong is named."""
    return tuple(Turn(role_of(entry, role, roles), entry.text(content)) for entry in objects_in(path, values))


def role_of(entry: Fields, name: str, roles: Mapping[str, str]) -> str:
    said = entry.text(name)
    if said not in roles:
        known = ", ".join(list(roles)[:_SHOWN_ROLES])
        raise entry.fail(name, "unknown role", f"use one of {known}", said)
    return roles[said]


def content_id(turns: Iterable[Turn]) -> str:
    """A name for a conversation that has none: the same words are the same conversation, wherever they stand."""
    digest = hashlib.sha256()
    for turn in turns:
        digest.update(f"{turn.role}\x1f{turn.content}\x1e".encode())
    return digest.hexdigest()[:32]


def text_id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def dialogue_count(fields: Fields) -> int:
    """How many conversations ``dialogues_in`` gives, or would if they were good."""
    values = fields.value("conversation")
    return len(values) if isinstance(values, list) and values and isinstance(values[0], list) else 1


def dialogues_in(fields: Fields, ids: str) -> list[tuple[str, tuple[Turn, ...]]]:
    """(id, turns) of ``conversation``; of each, where it is a list of conversations and ``ids`` a list of their ids."""
    values = fields.entries("conversation")
    if not values or not isinstance(values[0], list):
        return [(fields.identifier(ids), read_turns(fields.path("conversation"), values))]
    names = fields.identifiers(ids)
    if len(names) != len(values):
        what = f"{len(names)} ids for {len(values)} conversations"
        raise fields.fail(ids, what, "give one id for each conversation", names)
    path = fields.path("conversation")
    for i, value in enumerate(values):
        if not isinstance(value, list):
            raise FieldError(f"{path}[{i}]", "not a list of turns", "write it in [ ]", value)
    return [
        (name, read_turns(f"{path}[{i}]", value)) for i, (name, value) in enumerate(zip(names, values, strict=True))
    ]
