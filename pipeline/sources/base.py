"""What every source gives: typed records that know nothing of the database, and problems people can act on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pipeline.sources.records import Record

R = TypeVar("R", covariant=True)
NO_VALUE = object()
_SHOWN = 60  # characters of a value that a message repeats


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the input: a file, relative to the folder that was named, and a line from 1 (None: the whole file)."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record is not taken in, with the remedy. ``value`` is shown as Python writes it: always printable."""

    at: Place
    field: str
    what: str
    remedy: str
    value: object = NO_VALUE

    def __str__(self) -> str:
        shown = "" if self.value is NO_VALUE else f" ({shorten(self.value)})"
        name = f"{self.field}: " if self.field else ""
        return f"{self.at}: {name}{self.what}{shown} - {self.remedy}"


def shorten(value: object) -> str:
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What a message repeats of a value too large to be kept for it."""

    shown: str

    def __repr__(self) -> str:
        return self.shown


def excerpt(value: object) -> object:
    """The value, or as much of it as a message shows: many problems together must stay small."""
    if isinstance(value, str):
        return value[: _SHOWN + 1]
    return Excerpt(shorten(value)) if isinstance(value, list | dict) else value


@dataclass(frozen=True, slots=True)
class NotImported:
    """Something the source understands and leaves out on purpose, to be counted and said."""

    reason: str
    count: int = 1


@dataclass(frozen=True)
class Located(Generic[R]):
    """A record and where it stood."""

    at: Place
    record: R


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """``kinds``: human or synthetic by corpus ("" = any), for what the source does not know or does not know better;
    ``corpus`` and ``licence`` replace the source's own words; ``notice`` hears how far it is.
    """

    kinds: Mapping[str, str] = field(default_factory=dict)
    notice: Callable[[str], None] = lambda file: None
    corpus: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class InputFile:
    """``shown``: its path below the folder that was named, with slashes."""

    path: Path
    shown: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The first records of a file, as its container gives them; a ``problem`` where there is none to be had."""

    file: InputFile
    values: tuple[Any, ...]
    problem: Problem | None = None

    def first(self, *names: str) -> Mapping[str, Any]:
        """The first record where it is an object with all these fields, else an empty one."""
        value = self.values[0] if self.values else None
        return value if isinstance(value, dict) and all(name in value for name in names) else {}


Item = Located[Record] | Problem | NotImported


class Source(Protocol):
    """One input format. ``read`` streams: what a record refers to comes before it; a bad record is a Problem, and
    reading goes on behind it. It never writes and never asks the network or the database.
    """

    @property
    def name(self) -> str: ...

    def knows(self, sample: Sample) -> str:
        """What in this file says that it is of this format, for a person to read; "" where nothing does."""
        ...

    def files(self, path: Path) -> list[Path]:
        """The files that ``read`` would take in."""
        ...

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]: ...
