"""Opening an input file: plain or gzip, one line at a time, never more of it in memory than one record may be."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.sources.fields import FieldError

LARGEST_RECORD = 32 * 2**20  # bytes of one line, or of one element of a list
LARGEST_RATIO = 200  # text packs 3 to 30 times; gzip at its best, 1,032 times
UNCHECKED = 64 * 2**20  # unpacked bytes before the ratio counts
_BUFFER = 2**20
_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class BrokenAt(Exception):
    """Something is wrong at a line, and nothing behind it can be read."""

    def __init__(self, line: int, error: FieldError) -> None:
        super().__init__(str(error))
        self.line, self.error = line, error


@dataclass(frozen=True)
class Opened:
    """``stream`` gives the unpacked bytes, ``share`` of how much of the file has been read, from 0 to 1."""

    stream: io.BufferedReader
    raw: io.FileIO
    size: int

    def share(self) -> float:
        return min(self.raw.tell() / self.size, 1.0) if self.size else 1.0


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """The file's bytes, unpacked where they are gzip. Raises OSError; FieldError and EOFError while reading."""
    with path.open("rb", buffering=0) as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        if path.name.lower().endswith(".gz") and not packed and os.fstat(raw.fileno()).st_size:
            raise FieldError("", "named .gz, but it is not gzip", "pack it with gzip, or take .gz off its name")
        source: io.RawIOBase = _Unpacked(raw) if packed else raw
        yield Opened(io.BufferedReader(source, _BUFFER), raw, os.fstat(raw.fileno()).st_size)


class _Unpacked(io.RawIOBase):
    """The content of a gzip file that stays within a ratio that texts have."""

    def __init__(self, raw: io.FileIO) -> None:
        self._raw, self._gzip, self._given = raw, gzip.GzipFile(fileobj=raw), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        count = self._gzip.readinto(buffer)
        self._given += count
        check_ratio(self._given, self._raw.tell())
        return count


def check_ratio(unpacked: int, packed: int) -> None:
    """Raises FieldError where so many bytes out of so few can be no text."""
    if unpacked > max(UNCHECKED, LARGEST_RATIO * packed):
        what = f"unpacks to more than {LARGEST_RATIO} times its size, as no text does (a bomb)"
        raise FieldError("", what, "do not use it; if it is your own, unpack it first", f"{unpacked:,} bytes")


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line) without a byte order mark. Raises BrokenAt for one that is longer than a record may be."""
    number = 0
    while line := stream.readline(LARGEST_RECORD + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if len(line) > LARGEST_RECORD:
            raise BrokenAt(number, too_long())
        yield number, line


def too_long() -> FieldError:
    what = f"longer than {LARGEST_RECORD // 2**20} MiB, which no conversation is"
    return FieldError("", what, "split or remove it, with a line break after each record; what follows was not read")
