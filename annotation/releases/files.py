"""A table's two files: JSON lines, and Parquet in row groups of the same rows. Memory is bounded by one row group."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.schema import TABLES
from annotation.releases.tables.rows import Row

ROWS_PER_GROUP = 2048
BYTES_PER_GROUP = 2**19  # of JSON; as Python objects it is ten times that
DATA = "data"


def jsonl_path(folder: Path, name: str) -> Path:
    return folder / DATA / f"{name}.jsonl"


def parquet_path(folder: Path, name: str) -> Path:
    return folder / DATA / f"{name}.parquet"


def encode(row: Row) -> bytes:
    """The row's line. Raises TypeError for text that is not Unicode (half a surrogate pair)."""
    return orjson.dumps(row) + b"\n"


class TableWriter:
    """Writes both files of one table side by side, row group by row group. On leaving the block, all is on disk."""

    def __init__(self, folder: Path, name: str) -> None:
        self.table = TABLES[name]
        self._jsonl: IO[bytes] = jsonl_path(folder, name).open("wb")
        self._path = parquet_path(folder, name)
        schema = _arrow(pl.DataFrame(schema=self.table.polars_schema)).schema
        # No dictionaries: in groups as small as these they cost time, and files are larger with them.
        self._parquet = pq.ParquetWriter(
            self._path, schema, compression="zstd", use_dictionary=False, store_schema=False
        )
        self._threads = ThreadPoolExecutor(max_workers=2)  # one for each file
        self._writing: list[Future[None]] = []

    def add(self, frame: pl.DataFrame) -> None:
        """One row group. Both files hold the same bytes for the same groups, whatever database they came from.

        It is written while the next one is made; what goes wrong with it is raised by the next ``add``, or at the end.
        """
        self._wait()
        self._writing = [self._threads.submit(write, frame) for write in (self._write_jsonl, self._write_parquet)]

    def _write_jsonl(self, frame: pl.DataFrame) -> None:
        frame.write_ndjson(self._jsonl)

    def _write_parquet(self, frame: pl.DataFrame) -> None:
        self._parquet.write_table(_arrow(frame))
        pa.default_memory_pool().release_unused()

    def _wait(self) -> None:
        writing, self._writing = self._writing, []
        for each in writing:
            each.result()

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._wait()
        finally:
            self._threads.shutdown()
            self._parquet.close()
            self._jsonl.close()
        if kind is None:
            flush_to_disk(self._path)
            flush_to_disk(Path(self._jsonl.name))


def _arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def frames_of(name: str, rows: Iterable[Row]) -> Iterator[pl.DataFrame]:
    """Rows of a table as row groups. Raises ValueError naming a row that the table's types cannot hold as it is."""
    group: list[Row] = []
    lines: list[bytes] = []
    size = 0
    for row in rows:
        lines.append(_line(name, row))
        group.append(row)
        size += len(lines[-1])
        if len(group) >= ROWS_PER_GROUP or size >= BYTES_PER_GROUP:
            yield _frame(name, group, lines)
            group, lines, size = [], [], 0
    if group:
        yield _frame(name, group, lines)


def _line(name: str, row: Row) -> bytes:
    try:
        return encode(row)
    except (TypeError, ValueError) as error:
        raise _misfit(name, row, error) from error


def _frame(name: str, group: list[Row], lines: list[bytes]) -> pl.DataFrame:
    """Polars makes a text of a number where a text should be, so the frame must say what the rows said."""
    try:
        frame = pl.DataFrame(group, schema=TABLES[name].polars_schema, orient="row")
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise _misfit(name, group[-1], error) from error
    written = io.BytesIO()
    frame.write_ndjson(written)
    if written.getbuffer() != b"".join(lines):
        pairs = zip(group, frame.iter_rows(named=True), strict=True)
        row, held = next((row, held) for row, held in pairs if encode(row) != encode(held))
        field = next(field for field in row if encode({field: row[field]}) != encode({field: held[field]}))
        raise _misfit(name, row, f"{field}: {row[field]!r} is not of the type {TABLES[name].polars_schema[field]}")
    return frame


def _misfit(name: str, row: Row, error: Exception | str) -> ValueError:
    return ValueError(f"{row[TABLES[name].names[0]]!r}: {error}")


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
    parquet = pq.ParquetFile(parquet_path(folder, name), pre_buffer=False)
    line = 1
    with jsonl_path(folder, name).open("rb") as jsonl:
        for number in range(parquet.num_row_groups):
            frame = pl.DataFrame(pl.from_arrow(parquet.read_row_group(number, use_threads=False)))
            pa.default_memory_pool().release_unused()  # which it keeps otherwise, a group's worth for each thread
            yield Group(line, frame, list(islice(jsonl, frame.height)))
            line += frame.height
        empty = pl.DataFrame(schema=pl.read_parquet_schema(parquet_path(folder, name)))
        yield Group(line, empty, list(islice(jsonl, 1)))


def read_rows(folder: Path, name: str) -> Iterator[tuple[int, Row]]:
    """The JSON lines of a table with their numbers, from 1."""
    with jsonl_path(folder, name).open("rb") as jsonl:
        for number, line in enumerate(jsonl, start=1):
            yield number, orjson.loads(line)


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
