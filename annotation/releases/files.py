"""A table's two files: JSON lines, and Parquet in row groups of the same rows. Memory is bounded by one row group."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.schema import TABLES, Table
from annotation.releases.tables.rows import Row

ROWS_PER_GROUP = 8192
BYTES_PER_GROUP = 4 * 2**20
DATA = "data"


def jsonl_path(folder: Path, name: str) -> Path:
    return folder / DATA / f"{name}.jsonl"


def parquet_path(folder: Path, name: str) -> Path:
    return folder / DATA / f"{name}.parquet"


def encode(row: Row) -> bytes:
    """The row's line. Raises TypeError for text that is not Unicode (half a surrogate pair)."""
    return orjson.dumps(row) + b"\n"


def arrow_table(table: Table, rows: list[Row]) -> pa.Table:
    frame = pl.DataFrame(rows, schema=table.polars_schema, orient="row")
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


class TableWriter:
    """Writes both files of one table side by side. On leaving the block, all is on disk."""

    def __init__(self, folder: Path, name: str) -> None:
        self.table = TABLES[name]
        self._jsonl: IO[bytes] = jsonl_path(folder, name).open("wb")
        self._path = parquet_path(folder, name)
        schema = arrow_table(self.table, []).schema
        self._parquet = pq.ParquetWriter(self._path, schema, compression="zstd", store_schema=False)
        self._rows: list[Row] = []
        self._bytes = 0

    def add(self, row: Row) -> None:
        line = encode(row)
        self._jsonl.write(line)
        self._rows.append(row)
        self._bytes += len(line)
        if len(self._rows) >= ROWS_PER_GROUP or self._bytes >= BYTES_PER_GROUP:
            self._end_group()

    def _end_group(self) -> None:
        if self._rows:
            self._parquet.write_table(arrow_table(self.table, self._rows))
        self._rows, self._bytes = [], 0

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._end_group()
        self._parquet.close()
        self._jsonl.close()
        if kind is None:
            flush_to_disk(self._path)
            flush_to_disk(Path(self._jsonl.name))


def flush_to_disk(path: Path) -> None:
    """After this the file or folder outlives a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Group(NamedTuple):
    """One row group: its Parquet rows, the same rows' JSON lines, and the number of the first of those lines."""

    first_line: int
    frame: pl.DataFrame
    lines: list[bytes]


def read_groups(folder: Path, name: str) -> Iterator[Group]:
    """Both files of a table side by side, a row group at a time; the last group holds lines beyond the Parquet rows.

    A table without rows gives one empty group. Raises OSError or pyarrow.ArrowException for files that are no tables.
    """
    parquet = pq.ParquetFile(parquet_path(folder, name))
    line = 1
    with jsonl_path(folder, name).open("rb") as jsonl:
        for number in range(parquet.num_row_groups):
            frame = pl.DataFrame(pl.from_arrow(parquet.read_row_group(number)))
            yield Group(line, frame, list(islice(jsonl, frame.height)))
            line += frame.height
        empty = pl.DataFrame(pl.from_arrow(parquet.schema_arrow.empty_table()))
        yield Group(line, empty, list(islice(jsonl, 1)))


def read_rows(folder: Path, name: str) -> Iterator[tuple[int, Row]]:
    """The JSON lines of a table with their numbers, from 1."""
    with jsonl_path(folder, name).open("rb") as jsonl:
        for number, line in enumerate(jsonl, start=1):
            yield number, orjson.loads(line)


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
