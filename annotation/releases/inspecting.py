"""One table of a release, row group by row group: nothing is kept in memory but what its neighbours need."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from analysis.release import REMEDY
from analysis.schema import TABLES, check_frame
from annotation.releases.crowding import Crowding
from annotation.releases.files import DATA, Group, encode, read_groups
from annotation.releases.index import Index, Reference
from annotation.releases.manifest import Tally
from annotation.releases.references import known_in, references_to, wanted_by
from annotation.releases.rules import broken_rules
from annotation.releases.singling_out import Demographics
from annotation.releases.sound import doubtful
from annotation.releases.stopping import Steps
from annotation.releases.tables.rows import Row

SortKey = tuple[Any, ...]


@dataclass(frozen=True)
class Inspection:
    """A release on its way through the checks, and what they gather over all tables."""

    path: Path
    index: Index
    crowding: Crowding
    demographics: Demographics
    tally: Tally
    steps: Steps

    def problems(self, name: str) -> Iterator[str]:
        """Of one table, each with file, line, field, value and remedy."""
        last: SortKey | None = None
        try:
            for group in read_groups(self.path, name):
                unreadable = check_frame(name, group.frame)
                yield from (f"{DATA}/{name}.parquet: {problem}; {REMEDY}" for problem in unreadable)
                if unreadable:
                    return
                yield from self._of_group(name, group, last)
                last = group.frame.select(TABLES[name].sort_by).row(-1) if group.frame.height else last
                self.steps.take(name, group.first_line + group.frame.height - 1)
        except (OSError, ValueError, pa.ArrowException, pl.exceptions.PolarsError) as error:
            yield f"{DATA}/{name}.parquet: cannot be read as a table ({str(error).splitlines()[0]}); {REMEDY}"

    def _of_group(self, name: str, group: Group, last: SortKey | None) -> Iterator[str]:
        jsonl, frame = f"{DATA}/{name}.jsonl", group.frame
        for line, what in (
            *difference(group),
            *disorder(name, group, last),
            *self._broken(name, group),
        ):
            yield f"{jsonl}:{line}: {what}; {REMEDY}"
        self.tally.add(name, frame)
        self.index.know(known_in(name, frame))
        self.index.want(wanted_by(name, frame))

    def dangling(self) -> Iterator[Reference]:
        """References to nothing, each of them where it is first made. Where there is none, nothing is read for it."""
        missing = self.index.missing()
        for name in TABLES if missing else ():
            for group in read_groups(self.path, name):
                found = references_to(missing, name, group.frame, f"{DATA}/{name}.jsonl", group.first_line)
                for number, reference in found:
                    missing.discard(number)
                    yield reference

    def _broken(self, name: str, group: Group) -> Iterator[tuple[int, str]]:
        places = doubtful(name, group.frame)
        rows = group.frame[places].to_dicts() if places else []
        found = [(place, each) for place, row in zip(places, rows, strict=True) for each in broken_rules(name, row)]
        found += self.crowding.problems(name, group.frame)
        if name == "raters":
            for place, row in enumerate(group.frame.iter_rows(named=True)):
                found += [(place, each) for each in self.demographics.problems(row, group.first_line + place)]
        for place, (field, what) in sorted(found, key=lambda each: each[0]):
            yield group.first_line + place, f"{field}: {what}"


def difference(group: Group) -> Iterator[tuple[int, str]]:
    """JSON lines must be the very lines that the Parquet rows give; the first that is not."""
    written = io.BytesIO()
    group.frame.write_ndjson(written)
    if written.getbuffer() == b"".join(group.lines):
        return
    rows = group.frame.to_dicts()
    for number, (line, row) in enumerate(zip(group.lines, rows, strict=False), start=group.first_line):
        if line != encode(row):
            yield number, _first_difference(line, row)
            return
    if len(group.lines) != len(rows):
        number = group.first_line + min(len(group.lines), len(rows))
        yield number, f"the Parquet file holds {'more' if len(group.lines) < len(rows) else 'fewer'} rows"


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


def disorder(name: str, group: Group, last: SortKey | None) -> Iterator[tuple[int, str]]:
    """Rows whose key is not after the one before."""
    columns = TABLES[name].sort_by
    keys = group.frame.select(columns)
    if last is not None:
        keys = pl.concat([pl.DataFrame([last], schema=keys.schema, orient="row"), keys])
    if keys.height < 2 or keys.select(_after(columns)).to_series()[1:].all():
        return
    shift = group.first_line + (last is None)
    for number, (before, key) in enumerate(pairwise(keys.iter_rows()), start=shift):
        if _null_first(before) >= _null_first(key):
            what = "repeats the row before" if before == key else "is out of order"
            yield number, f"{'+'.join(columns)}: {key!r} {what}"


def _after(columns: tuple[str, ...]) -> pl.Expr:
    """Whether a row's key is greater than that of the row before; texts by their bytes, null before any text."""
    after = pl.lit(False)
    for name in reversed(columns):
        here, before = pl.col(name), pl.col(name).shift(1)
        greater = (here > before).fill_null(here.is_not_null() & before.is_null())
        after = greater | (here.eq_missing(before) & after)
    return after


def _null_first(key: SortKey) -> tuple[tuple[bool, Any], ...]:
    return tuple((part is not None, part) for part in key)
