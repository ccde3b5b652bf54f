"""Check items and quiz questions from a lead's file: TOML, or CSV without a quiz. docs/screening.md shows both."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from annotation.domain.errors import AnnotationError
from annotation.enums import ItemRole
from pipeline.plans.places import KeyPath, line_of

CSV_COLUMNS = ("role", "unit", "expected", "feedback", "attempt", "text", "from")
LARGEST_FILE = 2_000_000  # bytes


class ChecksRefused(AnnotationError):
    """The file cannot be used; nothing was changed. ``problems``: one line each, with place, value and remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


def _as_list(value: object) -> object:
    """Several right answers are a list in TOML and stand between bars in CSV: ``accepted|uncertain``."""
    return [part.strip() for part in value.split("|")] if isinstance(value, str) else value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class CheckRow(_Part):
    """What is expected of one unit. Rows of one role and attempt whose units share a page make one check item."""

    role: Literal["training", "qualification", "gold", "attention"]
    unit: str = Field(min_length=1)  # r:ATTRIBUTE:PROMPT and so on, as in a release
    expected: Annotated[list[str], BeforeValidator(_as_list)] = Field(min_length=1)
    feedback: str = ""
    attempt: int = Field(default=1, ge=1)
    text: str = ""
    from_: str = Field(default="", alias="from")  # slug of the campaign whose page it is; this one where empty


class QuizRow(_Part):
    question: str = Field(min_length=1)
    choices: list[str] = Field(min_length=2, max_length=9)
    correct: str
    explanation: str = ""


@dataclass(frozen=True)
class Placed:
    """A row and how to speak of its place: ``say("unit", "...")`` is the line of a refusal."""

    row: CheckRow
    say: Callable[[str, str], str]


@dataclass(frozen=True)
class PlacedQuiz:
    row: QuizRow
    say: Callable[[str, str], str]


@dataclass(frozen=True)
class ChecksFile:
    checks: list[Placed]
    quiz: list[PlacedQuiz]


def parse_checks(content: bytes, file: str) -> ChecksFile:
    """The rows of a file, by its ending. Raises ChecksRefused with every problem that is seen without a database."""
    if len(content) > LARGEST_FILE:
        raise ChecksRefused([f"{file}: it has {len(content):,} bytes; {LARGEST_FILE:,} are read. Cut it into several."])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ChecksRefused([f"{file}: byte {error.start} is no UTF-8; save it as UTF-8."]) from error
    if "\x00" in text:
        raise ChecksRefused([f"{file}: it holds a NUL character; save it as plain text."])
    found = _Found()
    (_read_csv if file.lower().endswith(".csv") else _read_toml)(text, file, found)
    if not (found.problems or found.file.checks or found.file.quiz):
        found.problems.append(f"{file}: nothing stands in it: give it [[check]] or [[quiz]] tables, or rows of CSV.")
    if found.problems:
        raise ChecksRefused(found.problems)
    return found.file


class _Found:
    def __init__(self) -> None:
        self.file = ChecksFile([], [])
        self.problems: list[str] = []

    def check(self, values: object, say: Callable[[str, str], str]) -> None:
        try:
            self.file.checks.append(Placed(CheckRow.model_validate(values), say))
        except ValidationError as error:
            self.problems += _said(error, CheckRow, say)

    def quiz(self, values: object, say: Callable[[str, str], str]) -> None:
        try:
            row = QuizRow.model_validate(values)
        except ValidationError as error:
            self.problems += _said(error, QuizRow, say)
            return
        if row.choices.count(row.correct) != 1:
            self.problems.append(say("correct", f"{row.correct!r} is none of the choices; repeat one word by word"))
        else:
            self.file.quiz.append(PlacedQuiz(row, say))


def _read_toml(text: str, file: str, found: _Found) -> None:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ChecksRefused([f"{file}: no TOML: {error}"]) from error
    for name in content:
        if name not in ("check", "quiz"):
            found.problems.append(_toml_place(text, file, (name,))("", "no such table; use [[check]] and [[quiz]]"))
    for name, take in (("check", found.check), ("quiz", found.quiz)):
        rows = content.get(name, [])
        if not isinstance(rows, list):
            found.problems.append(_toml_place(text, file, (name,))("", f"write [[{name}]], one table each"))
            continue
        for number, row in enumerate(rows):
            take(row, _toml_place(text, file, (name, number)))


def _toml_place(text: str, file: str, path: KeyPath) -> Callable[[str, str], str]:
    def say(field: str, message: str) -> str:
        whole = (*path, field) if field else path
        line = line_of(text, whole)
        return f"{file}{f':{line}' if line else ''}: {'.'.join(map(str, whole))}: {message}"

    return say


def _read_csv(text: str, file: str, found: _Found) -> None:
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="more", strict=True)
    header = reader.fieldnames or []
    for name in header:
        if name not in CSV_COLUMNS:
            found.problems.append(f"{file}:1: {name}: no such column; use {', '.join(CSV_COLUMNS)}")
    for name in ("role", "unit", "expected"):
        if name not in header:
            found.problems.append(f"{file}:1: {name}: this column is missing; add it")
    if found.problems:
        return
    for line, row in _csv_rows(reader, file, found):
        if "more" in row:
            found.problems.append(f"{file}:{line}: this line has more cells than the first; quote cells with commas")
            continue
        found.check({name: value for name, value in row.items() if value}, _csv_place(file, line))


def _csv_rows(reader: csv.DictReader[str], file: str, found: _Found) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        found.problems.append(f"{file}:{reader.line_num}: no CSV: {error}")


def _csv_place(file: str, line: int) -> Callable[[str, str], str]:
    return lambda field, message: f"{file}:{line}: {field or 'row'}: {message}"


def _said(error: ValidationError, form: type[_Part], say: Callable[[str, str], str]) -> Iterator[str]:
    names = ", ".join(field.alias or name for name, field in form.model_fields.items())
    for each in error.errors():
        place = ".".join(map(str, each["loc"]))
        if each["type"] == "extra_forbidden":
            yield say(place, f"there is no such field; it may have {names}")
        elif each["type"] == "missing":
            yield say(place, "is missing: give it a value")
        elif place == "role":
            roles = [role.value for role in ItemRole if role != ItemRole.WORK]
            yield say(place, f"{each['input']!r} is no role of a check item; use {', '.join(roles)}")
        else:
            yield say(place, f"{each['input']!r}: {each['msg']}")
