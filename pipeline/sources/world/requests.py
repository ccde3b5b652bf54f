"""What a request asks: the stage by the template in pipeline/prompts that it was made from, and what was put in."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from pipeline import prompts

STAGES = ("extract", "evidence", "verify", "refine", "select", "judge", "respond", "mention", "why")
_NAME = re.compile(r"\$\{(\w+)\}")
_BLOCK = re.compile(r"(?:^|\n\n)=== Conversation (\d+) ===\n\n")
_TURN = re.compile(r"(?:^|\n\n)\[(\d+)\] (user|assistant|system): ")


class Asked(NamedTuple):
    stage: str  # "" for a request made from no template: somebody's own words, under "prompt"
    material: dict[str, str]


def asked_by(content: str) -> Asked:
    for stage in STAGES:
        material = _fill(content, *_pieces(stage))
        if material is not None:
            return Asked(stage, material)
    return Asked("", {"prompt": content})


def opening_of(conversation: str) -> str:
    """The first turn's words of a conversation as it stands in a request; "" where it has none."""
    marks = list(_TURN.finditer(conversation))
    if not marks:
        return ""
    end = next((mark.start() for mark in marks[1:] if mark[1] == "1"), len(conversation))
    return conversation[marks[0].end() : end]


def conversations_in(history: str) -> list[tuple[int, str]]:
    """Number and text of each conversation of a history."""
    parts = _BLOCK.split(history)
    return [(int(parts[place]), parts[place + 1]) for place in range(1, len(parts) - 1, 2)]


@cache
def _pieces(stage: str) -> tuple[list[str], list[str]]:
    """The template's fixed texts and, between them, the names of what is put in."""
    parts = _NAME.split(prompts.template(stage).strip())
    return parts[0::2], parts[1::2]


def _fill(content: str, fixed: list[str], names: list[str]) -> dict[str, str] | None:
    if not content.startswith(fixed[0]) or not content.endswith(fixed[-1]):
        return None
    rest = content[len(fixed[0]) : len(content) - len(fixed[-1])]
    material = {}
    for name, following in zip(names[:-1], fixed[1:-1], strict=True):
        material[name], found, rest = rest.partition(following)
        if not found:
            return None
    return material | {names[-1]: rest}
