"""Where in a plan's file a value stands, so that a message can say so."""

from __future__ import annotations

import re
from typing import NamedTuple

KeyPath = tuple[str | int, ...]  # of a value in the file: ("select", "models", 0)


class Wrong(NamedTuple):
    """A value that cannot stand, and what to do about it."""

    path: KeyPath
    message: str


def line_of(text: str, path: KeyPath) -> int | None:
    """The line of the longest beginning of ``path`` that the text has as a table or a key of its own."""
    best: tuple[int, int | None] = (0, None)
    table: KeyPath = ()
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*(\[\[?)([^\[\]]+)\]", line):
            name = header[2].strip()
            table = _names(name)
            if header[1] == "[[":
                table, counts[name] = (*table, counts.get(name, 0)), counts.get(name, 0) + 1
            found = table
        elif key := re.match(r"""\s*([\w."'-]+)\s*=""", line):
            found = (*table, *_names(key[1]))
        else:
            continue
        if found == path[: len(found)] and len(found) > best[0]:
            best = (len(found), number)
    return best[1]


def _names(dotted: str) -> KeyPath:
    return tuple(name.strip().strip("\"'") for name in dotted.split("."))
