"""What every export shares: answers that count, read a batch at a time, and long texts looked up on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotation.enums import Origin
from annotation.releases.files import parquet_path, read_rows
from annotation.releases.tables.rows import Row

BATCH = 8192


class ExportFile(NamedTuple):
    """A file's name within the export, and its bytes in pieces. Pieces are to be taken before the next file's are."""

    name: str
    pieces: Iterator[bytes]


@dataclass(frozen=True)
class Export:
    """A form that other tools read. ``files`` takes a release folder; memory does not grow with the release."""

    title: str
    about: str
    files: Callable[[Path], Iterator[ExportFile]]


def batches(folder: Path, table: str, columns: Sequence[str] | None = None) -> Iterator[list[Row]]:
    """The table's rows, some thousands at a time."""
    with pq.ParquetFile(parquet_path(folder, table)) as file:
        for batch in file.iter_batches(BATCH, columns=None if columns is None else list(columns)):
            yield batch.to_pylist()


def campaigns_of(folder: Path) -> list[Row]:
    """Kept in memory: a study has a handful."""
    return [row for _, row in read_rows(folder, "campaigns")]


def answers_of(folder: Path, campaign: Row, columns: Sequence[str]) -> Iterator[Row]:
    """The campaign's answers that numbers rest on, as the analysis takes them: counted, or imported. None is erased."""
    imported = campaign["origin"] == Origin.IMPORTED
    needed = {"campaign", "value", "counted", "not_counted_because", *columns}
    with pq.ParquetFile(parquet_path(folder, "judgments")) as file:
        for batch in file.iter_batches(BATCH, columns=sorted(needed)):
            own = pc.and_(pc.equal(batch["campaign"], campaign["campaign"]), pc.is_valid(batch["value"]))
            taken = pc.equal(batch["not_counted_because"], "imported") if imported else batch["counted"]
            yield from batch.filter(pc.and_(own, taken)).to_pylist()


class OnDisk:
    """Texts by key in a private SQLite file that vanishes with the block: a release's texts need not fit in memory."""

    def __enter__(self) -> OnDisk:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute(
            "CREATE TABLE texts (kind TEXT, id TEXT, text TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID"
        )
        self._database.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def put(self, kind: str, texts: Iterable[tuple[str, str]]) -> None:
        rows = ((kind, key, text) for key, text in texts)
        self._database.executemany("INSERT OR REPLACE INTO texts VALUES (?, ?, ?)", rows)

    def put_table(self, folder: Path, table: str, key: str, text: str = "text") -> None:
        for rows in batches(folder, table, [key, text]):
            self.put(table, ((row[key], row[text] or "") for row in rows))

    def get(self, kind: str, key: str | None) -> str:
        """ "" for a key that is not there."""
        found = self._database.execute("SELECT text FROM texts WHERE kind = ? AND id = ?", (kind, key)).fetchone()
        return "" if found is None else str(found[0])


def notices_of(manifest: dict[str, Any]) -> list[str]:
    """What nobody may overlook, in every export again."""
    return [str(notice) for notice in manifest.get("notices", [])]
