"""What files hold, value by value and without the whole in memory: JSON Lines, a JSON list, Parquet, CSV, plain lines;
all but Parquet also packed with gzip. A value that cannot be read is a Problem; nothing raises.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from pipeline.sources.base import InputFile, Place, Problem
from pipeline.sources.fields import FieldError, Fields, kind_of
from pipeline.sources.json_text import decoded, elements, parse_line
from pipeline.sources.opening import BrokenAt, Opened, check_ratio, lines, opened

Notice = Callable[[str], None]
Value = tuple[int, Any]  # (line or row from 1, value, or the FieldError that stands in its place)
NOTICE_EVERY = 10_000  # values
PARQUET, PLAIN = ".parquet", ".txt"
_ROWS_AT_ONCE = 128
_COLUMN_BUFFER = 2**20  # bytes of a column that pyarrow holds, instead of all of a row group's


def container_of(path: PurePath) -> str:
    """``.jsonl`` for ``Chats.JSONL.gz``; "" for a file that none of the readers takes."""
    name = path.name.lower()
    suffix = PurePath(name.removesuffix(".gz")).suffix
    known = suffix in _READERS or (suffix == PARQUET and not name.endswith(".gz"))
    return suffix if known else ""


def stem_of(path: PurePath) -> str:
    """The file's name without what says its container."""
    bare = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    return PurePath(bare).stem


def input_files(path: Path) -> list[InputFile]:
    """The file itself, or all files below the folder that a reader takes, by name. Hidden ones are passed over,
    and plain texts too, which are licences and remarks more often than data: such a file has to be named itself.
    """
    if not path.is_dir():
        return [InputFile(path, path.name)] if path.exists() else []
    found = sorted(file for file in path.rglob("*") if container_of(file) not in ("", PLAIN) and file.is_file())
    named = [InputFile(file, file.relative_to(path).as_posix()) for file in found]
    return [file for file in named if not any(part.startswith(".") for part in PurePath(file.shown).parts)]


def values(
    file: InputFile, notice: Notice = lambda said: None, columns: Sequence[str] = ()
) -> Iterator[tuple[Place, Any] | Problem]:
    """The values of the file and where they stand; ``columns``: of Parquet, read these only where they exist."""
    shown, given = file.shown, False
    try:
        for line, value in _values(file, notice, columns):
            given, place = True, Place(shown, line)
            yield value.at(place) if isinstance(value, FieldError) else (place, value)
        if not given:
            yield Problem(Place(shown), "", "the file is empty", "leave it out, or export it again")
    except FieldError as error:
        yield error.at(Place(shown))
    except BrokenAt as broken:
        yield broken.error.at(Place(shown, broken.line))
    except EOFError:
        yield Problem(Place(shown), "", "the gzip data ends in the middle", "copy or download the file again")
    except zlib.error as error:
        yield Problem(Place(shown), "", f"damaged gzip data: {error}", "copy or download the file again")
    except OSError as error:
        what = f"the file cannot be read: {error.strerror or error}"
        yield Problem(Place(shown), "", what, "check its permissions, or copy it again")


def json_lines(path: Path, shown: str) -> Iterator[tuple[Place, Fields] | Problem]:
    """The objects of a JSON Lines file one by one; blank lines are passed over, anything else is a Problem."""
    for item in values(InputFile(path, shown)):
        if isinstance(item, Problem):
            yield item
            continue
        place, value = item
        try:
            yield place, fields_of(value)
        except FieldError as error:
            yield error.at(place)


def fields_of(value: object) -> Fields:
    if not isinstance(value, dict):
        remedy = "this file must be JSON Lines: one object a line, not one list or value"
        raise FieldError("", f"expected an object, found {kind_of(value)}", remedy, value)
    return Fields(value)


def _values(file: InputFile, notice: Notice, columns: Sequence[str]) -> Iterator[Value]:
    container = container_of(file.path)
    if container == PARQUET:
        yield from _parquet(file, notice, columns)
        return
    if not container:
        names = ", ".join([*_READERS, PARQUET])
        raise FieldError("", "no known kind of file", f"name it by what it holds: {names}; .gz behind it if packed")
    with opened(file.path) as input_:
        for count, item in enumerate(_READERS[container](input_), start=1):
            if count % NOTICE_EVERY == 0:
                notice(f"{file.shown}: {count:,} records, {input_.share():.0%} of the file")
            yield item


def _json_lines(input_: Opened) -> Iterator[Value]:
    for number, line in lines(input_.stream):
        try:
            if line.strip():
                yield number, parse_line(line)
        except FieldError as error:
            yield number, error


def _json_values(input_: Opened) -> Iterator[Value]:
    return elements(input_.stream)


def _plain_lines(input_: Opened) -> Iterator[Value]:
    for number, line in lines(input_.stream):
        try:
            if text := decoded(line).strip():
                yield number, text
        except FieldError as error:
            yield number, error


def _csv(delimiter: str, input_: Opened) -> Iterator[Value]:
    """A dict per row, by the names in the first. A row of another length is wrong."""
    rows = csv.reader((decoded(line) for _, line in lines(input_.stream)), delimiter=delimiter, strict=True)
    try:
        header = next(rows, [])
        start = rows.line_num + 1
        for row in rows:
            if row:
                yield start, dict(zip(header, row, strict=True)) if len(row) == len(header) else _ragged(header, row)
            start = rows.line_num + 1
    except csv.Error as error:
        what, remedy = (
            f"broken CSV: {error}",
            "put texts with quotes or line breaks in quotes; what follows was not read",
        )
        raise BrokenAt(rows.line_num, FieldError("", what, remedy)) from None
    except FieldError as error:
        raise BrokenAt(rows.line_num + 1, error) from None


def _ragged(header: list[str], row: list[str]) -> FieldError:
    what = f"{len(row)} cells, the first row names {len(header)}"
    return FieldError("", what, "put texts with commas in quotes, and name each column in the first row", row)


_READERS: dict[str, Callable[[Opened], Iterator[Value]]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_values,
    ".csv": partial(_csv, ","),
    ".tsv": partial(_csv, "\t"),
    PLAIN: _plain_lines,
}


def _parquet(file: InputFile, notice: Notice, columns: Sequence[str]) -> Iterator[Value]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(file.path, buffer_size=_COLUMN_BUFFER, pre_buffer=False) as table:
            names = [name for name in table.schema_arrow.names if name in columns] or None
            unpacked = sum(table.metadata.row_group(i).total_byte_size for i in range(table.num_row_groups))
            check_ratio(unpacked, file.path.stat().st_size)
            total = table.metadata.num_rows
            batches = table.iter_batches(_ROWS_AT_ONCE, columns=names)
            for number, row in enumerate((row for batch in batches for row in batch.to_pylist()), start=1):
                if number % NOTICE_EVERY == 0:
                    notice(f"{file.shown}: {number:,} records, {number / total:.0%} of the file")
                yield number, row
    except (pa.ArrowException, ValueError, OverflowError) as error:
        what = f"the Parquet data cannot be read: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        raise FieldError("", what, "copy or download the file again") from None
