"""CSV whose cells no spreadsheet executes, and the way back to the very text.

A text cell that begins with a character by which spreadsheets know a formula gets an apostrophe before it; so does
one that begins with an apostrophe. The same holds after every tab, line break, comma, semicolon and bar inside a cell,
because a program that takes one of these for the separator begins a new cell there. U+0000, which no CSV reader is sure
to keep, becomes U+2400 and 0, and U+2400 itself is doubled. ``decoded`` undoes both; numbers are written as they are.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

STARTS = "=+\\-@\t\r\n\u2400'＝＋－＠"  # noqa: RUF001 - full-width forms are formulas in some languages
_UNSAFE = re.compile(f"(^|[\t\r\n,;|])(?=[{STARTS}])")
_SAFE = re.compile(r"(^|[\t\r\n,;|])'")
_NUL = re.compile("\u2400([0\u2400])")


def encoded(text: str) -> str:
    """The text as a cell that stays text."""
    return _UNSAFE.sub(r"\1'", text.replace("\u2400", "\u2400\u2400").replace("\0", "\u24000"))


def decoded(cell: str) -> str:
    """The text that ``encoded`` was given."""
    return _NUL.sub(lambda match: "\0" if match[1] == "0" else "\u2400", _SAFE.sub(r"\1", cell))


def cell_of(value: Any) -> Any:
    """Null is an empty cell; lists and structs are JSON, which begins with a bracket or brace."""
    if isinstance(value, str):
        return encoded(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return encoded(orjson.dumps(value).decode())
    return value


def csv_pieces(names: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """A header and rows, every text quoted, lines ending in CR LF as RFC 4180 has it; some rows a piece."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(list(names))
    for row in rows:
        writer.writerow([cell_of(value) for value in row])
        if buffer.tell() > 256 * 1024:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
