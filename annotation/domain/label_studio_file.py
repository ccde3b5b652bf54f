"""Answers in a Label Studio JSON export: read whole, with the line of each task, without the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from analysis.schema import VALUES
from annotation.enums import RejectReason

INSTRUMENTS = {"q": "attribute_quality", "r": "relevance", "p": "preference"}  # by the letter of the unit's key


class Problem(NamedTuple):
    """What is wrong at a place of the file, and what to do about it."""

    line: int
    field: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.line}: {self.field}: {self.what}; {self.remedy}"


@dataclass(frozen=True)
class Answer:
    line: int
    unit: str
    rater: str
    value: str
    reason: str
    submitted_at: datetime
    seconds: float | None


@dataclass
class Answers:
    """``instrument`` is that of all units; "" where the file has no answer."""

    instrument: str = ""
    rows: list[Answer] = field(default_factory=list)
    skipped: int = 0  # cancelled in Label Studio
    problems: list[Problem] = field(default_factory=list)


def read_answers(path: Path) -> Answers:
    """The annotations of the file's tasks. Nothing of them may be used where ``problems`` names any."""
    answers = Answers()
    try:
        text = path.read_text(encoding="utf-8-sig")
        tasks = list(_tasks(text))
    except (OSError, UnicodeDecodeError) as error:
        return Answers(problems=[Problem(1, "", f"cannot be read ({error})", "give Label Studio's JSON export")])
    except json.JSONDecodeError as error:
        what = f"not a JSON array of tasks ({error.msg})"
        return Answers(problems=[Problem(error.lineno, "", what, "export as JSON, not JSON-MIN or CSV")])
    seen: dict[tuple[str, str], int] = {}
    for line, task in tasks:
        _read_task(answers, line, task, seen)
    return answers


def _tasks(text: str) -> Iterator[tuple[int, Any]]:
    """The array's elements, each with the line on which it begins."""
    decoder, at, line, counted = json.JSONDecoder(), _skip(text, 0), 1, 0
    if text[at : at + 1] != "[":
        raise json.JSONDecodeError("no [ at its beginning", text, at)
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        line, counted = line + text.count("\n", counted, at), at
        task, end = decoder.raw_decode(text, at)
        yield line, task
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            raise json.JSONDecodeError("neither , nor ] after a task", text, at)
    if _skip(text, at + 1) != len(text):
        raise json.JSONDecodeError("something after the array", text, at + 1)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _read_task(answers: Answers, line: int, task: Any, seen: dict[tuple[str, str], int]) -> None:
    unit = task.get("data", {}).get("unit") if isinstance(task, dict) and isinstance(task.get("data"), dict) else None
    instrument = INSTRUMENTS.get(unit[:1]) if isinstance(unit, str) and unit[1:2] == ":" else None
    if not isinstance(unit, str) or instrument is None:
        remedy = "tasks come from manage.py export_release --format label-studio"
        answers.problems.append(Problem(line, "data.unit", f"{unit!r} is no unit", remedy))
        return
    if answers.instrument not in ("", instrument):
        what = f"a unit of {instrument} among units of {answers.instrument}"
        answers.problems.append(Problem(line, "data.unit", what, "import one campaign's file at a time"))
        return
    answers.instrument = instrument
    annotations = task.get("annotations", [])
    for number, annotation in enumerate(annotations if isinstance(annotations, list) else [annotations]):
        place = f"annotations[{number}]"
        if isinstance(annotation, dict) and annotation.get("was_cancelled"):
            answers.skipped += 1
            continue
        found = _answer(line, unit, instrument, place, annotation)
        if isinstance(found, Answer) and (found.unit, found.rater) in seen:
            what = f"{found.rater!r} answered {unit} already on line {seen[found.unit, found.rater]}"
            found = Problem(line, place, what, "keep one of the two")
        if isinstance(found, Problem):
            answers.problems.append(found)
        else:
            seen[found.unit, found.rater] = line
            answers.rows.append(found)


def _answer(line: int, unit: str, instrument: str, place: str, annotation: Any) -> Answer | Problem:
    results = annotation.get("result") if isinstance(annotation, dict) else None
    chosen = [one for one in results or [] if isinstance(one, dict) and one.get("type") == "choices"]
    if len(chosen) != 1:
        what = f"{len(chosen)} results of type choices"
        return Problem(
            line, f"{place}.result", what, "one answer an annotation: cancel it in Label Studio, or answer it"
        )
    value = chosen[0].get("value", {})
    values = value.get("choices") if isinstance(value, dict) else None
    if not isinstance(values, list) or len(values) != 1 or values[0] not in VALUES[instrument]:
        remedy = f"one of {', '.join(VALUES[instrument])}"
        return Problem(line, f"{place}.result.value.choices", f"{values!r} is no answer of {instrument}", remedy)
    rater = _rater(annotation, chosen[0])
    if rater is None:
        what = f"{annotation.get('completed_by')!r} names nobody"
        return Problem(
            line, f"{place}.completed_by", what, "a number, an object with an id, or meta.rater in the result"
        )
    moment = _moment(annotation.get("created_at"))
    if moment is None:
        what = f"{annotation.get('created_at')!r} is no time"
        return Problem(line, f"{place}.created_at", what, "ISO 8601, such as 2026-03-01T12:00:00Z")
    meta = chosen[0].get("meta")
    reason = meta.get("reason") if isinstance(meta, dict) else None
    seconds = annotation.get("lead_time")
    return Answer(
        line,
        unit,
        rater,
        values[0],
        reason if reason in RejectReason.values else "",
        moment,
        float(seconds) if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0 else None,
    )


def _rater(annotation: dict[str, Any], result: dict[str, Any]) -> str | None:
    """Whoever the result's meta names (our own export), else Label Studio's number of the account."""
    meta, who = result.get("meta"), annotation.get("completed_by")
    if isinstance(meta, dict) and isinstance(meta.get("rater"), str) and meta["rater"]:
        return str(meta["rater"])[:200]
    if isinstance(who, dict):
        who = who.get("id")
    return f"account {who}" if isinstance(who, int) and not isinstance(who, bool) else None


def _moment(text: Any) -> datetime | None:
    """Now where the file does not say."""
    if text is None:
        return timezone.now()
    try:
        moment = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=timezone.get_default_timezone())
