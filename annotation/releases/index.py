"""Which ids a release holds and which it refers to, on disk: checking references needs no memory that grows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from types import TracebackType
from typing import NamedTuple

LIMIT = 20
_COLUMNS = "kind TEXT NOT NULL, id TEXT NOT NULL"
_KEY = "PRIMARY KEY (kind, id)) WITHOUT ROWID"
_MISSING = """
    SELECT * FROM wanted WHERE NOT EXISTS
        (SELECT 1 FROM known WHERE known.kind = wanted.kind AND known.id = wanted.id)
    ORDER BY place LIMIT ?
"""


class Reference(NamedTuple):
    """``key`` of ``kind`` must be somewhere in the release; ``place`` says who says so."""

    kind: str
    key: str
    place: str


class Index:
    """A private SQLite file that vanishes with the block. Keys and references may come in any order."""

    def __enter__(self) -> Index:
        self._database = sqlite3.connect("", isolation_level=None)  # "" is a temporary file, spilled when it grows
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute(f"CREATE TABLE known ({_COLUMNS}, {_KEY}")
        self._database.execute(f"CREATE TABLE wanted ({_COLUMNS}, place TEXT NOT NULL, {_KEY}")
        self._database.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def know(self, keys: Iterable[tuple[str, str]]) -> None:
        self._database.executemany("INSERT OR IGNORE INTO known VALUES (?, ?)", keys)

    def want(self, references: Iterable[Reference]) -> None:
        """Only the first place of each reference is kept."""
        self._database.executemany("INSERT OR IGNORE INTO wanted VALUES (?, ?, ?)", references)

    def missing(self) -> list[Reference]:
        """References to nothing, the first few."""
        return [Reference(*row) for row in self._database.execute(_MISSING, (LIMIT,))]
