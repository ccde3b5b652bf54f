"""Is a release what it says it is? Streams: one row group of one table is in memory at a time, ids go to disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from analysis.check import SUMS, checksum_problems
from analysis.release import REMEDY, ReleaseError, read_manifest
from analysis.schema import TABLES, check_frame
from annotation.releases.crowding import CampaignRules, Crowding
from annotation.releases.files import DATA, Group, encode, read_groups, read_rows
from annotation.releases.index import Index, Reference
from annotation.releases.manifest import Tally, counts_of
from annotation.releases.papers import PAPERS
from annotation.releases.references import known_in, wanted_by
from annotation.releases.rules import broken_rules
from annotation.releases.stopping import Steps, Stop
from annotation.releases.tables.rows import Row

SHOWN_PER_TABLE = 20
OF_A_RELEASE = {
    SUMS,
    "manifest.json",
    *PAPERS,
    *(f"{DATA}/{name}.{end}" for name in TABLES for end in ("jsonl", "parquet")),
}


def verify_release(path: Path, *, stop: Stop | None = None) -> list[str]:
    """Every problem of the release, a sentence each with file, line, field, value and remedy; [] when sound.

    Files that are missing, changed or not of the release are all that is reported where there are any: their contents
    say nothing. Else every row of both formats is read: types and nulls, equal rows in JSONL and Parquet, order and
    repeated keys, vocabularies, units and scores, references, who judged what how often, and the manifest's counts.
    Raises ReleaseStopped when ``stop``, which is asked every few thousand rows, says so.
    """
    path = Path(path)
    problems = _file_problems(path)
    if problems:
        return problems
    tally, steps = Tally(), Steps(stop=stop)
    with Index() as index:
        crowding = Crowding(_campaign_rules(path))
        for name in TABLES:
            found = _table_problems(path, name, index, tally, crowding, steps)
            problems += _few(name, list(_capped(found)))
        problems += [_dangling(reference) for reference in index.missing()]
    return problems + _manifest_problems(path, tally)


def _file_problems(path: Path) -> list[str]:
    if not path.is_dir():
        return [f"{path}: no such folder; give the folder written by make_release"]
    try:
        read_manifest(path)
        problems = []
    except ReleaseError as error:
        problems = list(error.problems)
    problems += checksum_problems(path)
    there = {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file() or file.is_symlink()}
    problems += [f"{path / name}: is missing; {REMEDY}" for name in sorted(OF_A_RELEASE - there)]
    problems += [f"{path / name}: is no file of a release; take it away" for name in sorted(there - OF_A_RELEASE)]
    listed = _listed(path)
    problems += [f"{path / name}: not listed in {SUMS}; {REMEDY}" for name in sorted(OF_A_RELEASE - listed - {SUMS})]
    return list(dict.fromkeys(problems))


def _listed(path: Path) -> set[str]:
    sums = path / SUMS
    if not sums.is_file():
        return OF_A_RELEASE
    lines = sums.read_text(encoding="utf-8", errors="replace").splitlines()
    return {line.partition("  ")[2] for line in lines}


def _campaign_rules(path: Path) -> dict[str, CampaignRules]:
    """Kept in memory: a study has a handful. A file that cannot be read is reported when its turn comes."""
    try:
        rows = [row for _, row in read_rows(path, "campaigns")]
        return {row["campaign"]: CampaignRules(row["k"], row["origin"], row["instrument"]) for row in rows}
    except (ValueError, KeyError, TypeError):
        return {}


def _table_problems(
    path: Path, name: str, index: Index, tally: Tally, crowding: Crowding, steps: Steps
) -> Iterator[str]:
    jsonl = f"{DATA}/{name}.jsonl"
    last: tuple[Any, ...] | None = None
    try:
        for group in read_groups(path, name):
            frame_problems = check_frame(name, group.frame)
            yield from (f"{DATA}/{name}.parquet: {problem}; {REMEDY}" for problem in frame_problems)
            if frame_problems:
                return
            rows = group.frame.to_dicts()
            yield from _difference(jsonl, group, rows)
            yield from _disorder(jsonl, group.first_line, name, last, rows)
            last = _key(name, rows[-1]) if rows else last
            for number, row in enumerate(rows, start=group.first_line):
                tally.add(name, row)
                for field, what in (*broken_rules(name, row), *crowding.problems(name, row)):
                    yield f"{jsonl}:{number}: {field}: {what}; {REMEDY}"
            _index_rows(index, name, jsonl, group.first_line, rows)
            steps.take(name, group.first_line + len(rows) - 1)
    except (OSError, ValueError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        yield f"{DATA}/{name}.parquet: cannot be read as a table ({str(error).splitlines()[0]}); {REMEDY}"


def _difference(jsonl: str, group: Group, rows: list[Row]) -> Iterator[str]:
    """JSON lines must be the very lines that the Parquet rows give."""
    for number, (line, row) in enumerate(zip(group.lines, rows, strict=False), start=group.first_line):
        if line != encode(row):
            yield f"{jsonl}:{number}: {_first_difference(line, row)}; {REMEDY}"
            return
    if len(group.lines) != len(rows):
        number = group.first_line + min(len(group.lines), len(rows))
        what = "more" if len(group.lines) < len(rows) else "fewer"
        yield f"{jsonl}:{number}: the Parquet file holds {what} rows; {REMEDY}"


def _first_difference(line: bytes, row: Row) -> str:
    try:
        written = json.loads(line)
    except ValueError as error:
        return f"not JSON ({error})"
    if not isinstance(written, dict) or list(written) != list(row):
        return "its fields are not those of the Parquet row, in their order"
    for field, value in row.items():
        if written[field] != value or type(written[field]) is not type(value):
            return f"{field}: is {written[field]!r}, the Parquet file has {value!r}"
    return "is not written as make_release writes it"


def _key(name: str, row: Row) -> tuple[Any, ...]:
    return tuple(row[column] for column in TABLES[name].sort_by)


def _comparable(key: tuple[Any, ...]) -> tuple[tuple[bool, Any], ...]:
    """Null first."""
    return tuple((part is not None, part) for part in key)


def _disorder(jsonl: str, first_line: int, name: str, last: tuple[Any, ...] | None, rows: list[Row]) -> Iterator[str]:
    keys = [*([] if last is None else [last]), *(_key(name, row) for row in rows)]
    shift = first_line + (last is None)
    for number, (before, key) in enumerate(pairwise(keys), start=shift):
        if _comparable(before) >= _comparable(key):
            what = "repeats the row before" if before == key else "is out of order"
            yield f"{jsonl}:{number}: {'+'.join(TABLES[name].sort_by)}: {key!r} {what}; {REMEDY}"


def _index_rows(index: Index, name: str, jsonl: str, first_line: int, rows: list[Row]) -> None:
    index.know({key for row in rows for key in known_in(name, row)})
    wanted: dict[tuple[str, str], Reference] = {}
    for number, row in enumerate(rows, start=first_line):
        for field, kind, key in wanted_by(name, row):
            if (kind, key) not in wanted:
                wanted[kind, key] = Reference(kind, key, f"{jsonl}:{number}: {field}")
    index.want(wanted.values())


def _dangling(reference: Reference) -> str:
    shown = reference.key.replace("\x1f", ", ")
    return f"{reference.place}: there is no {reference.kind} {shown!r} in the release; {REMEDY}"


def _capped(problems: Iterator[str]) -> Iterator[str]:
    """One more than are shown, so that _few can tell."""
    for number, problem in enumerate(problems):
        if number <= SHOWN_PER_TABLE:
            yield problem


def _few(name: str, problems: list[str]) -> list[str]:
    if len(problems) <= SHOWN_PER_TABLE:
        return problems
    return [*problems[:SHOWN_PER_TABLE], f"{DATA}/{name}.jsonl: and more of the kind; correct these first"]


def _manifest_problems(path: Path, tally: Tally) -> list[str]:
    """The manifest's counts and its marks of simulated and imported answers, against the rows."""
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    return [
        f"manifest.json: {key}: is {manifest.get(key)!r}, the rows give {value!r}; {REMEDY}"
        for key, value in counts_of(tally).items()
        if manifest.get(key) != value
    ]
