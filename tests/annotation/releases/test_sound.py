"""The rules for whole row groups let nothing pass that the rules for one row would find."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from analysis.schema import TABLES
from annotation.releases.files import frames_of, jsonl_path, parquet_path, read_rows
from annotation.releases.rules import broken_rules
from annotation.releases.sound import doubtful

TEXTS = ("", "x", "left", "right", "yes", "5", "accepted", "gold", "surplus", "simulated", "imported", "withdrawn")
TIMES = (
    "2025-12-31T23:59:60.000000Z",
    "2025-02-30T00:00:00.000000Z",
    "0000-01-01T00:00:00.000000Z",
    "2025-12-31",
    "\u0660",
)
OTHERS: dict[Any, tuple[Any, ...]] = {
    pl.String: (*TEXTS, *TIMES, "relevance", "preference", "attribute_quality", "unparseable", "answered", "no"),
    pl.Int64: (-1, 0, 1, 7),
    pl.Float64: (0.0, 1.0, 2.0, -0.5, 1.5, float("nan")),
    pl.Boolean: (True, False),
}


def forged(table: str, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The row with one field changed, in every way."""
    for column in TABLES[table].columns:
        if isinstance(column.dtype, pl.List):
            for number, part in enumerate(row[column.name]):
                for changed in _changed_part(column.dtype.inner, part):
                    yield row | {column.name: [*row[column.name][:number], changed, *row[column.name][number + 1 :]]}
            yield row | {column.name: []}
            yield row | {column.name: row[column.name] * 2}
            continue
        yield from (row | {column.name: other} for other in OTHERS[column.dtype])
        if column.nullable:
            yield row | {column.name: None}


def _changed_part(inner: Any, part: Any) -> Iterator[Any]:
    if isinstance(inner, pl.Struct):
        for field in inner.fields:
            yield from (part | {field.name: other} for other in (*OTHERS[field.dtype], None))


@pytest.mark.parametrize("table", ["judgments", "model_votes", "labels", "remarks", "items", "assignments"])
def test_no_broken_row_is_taken_for_sound(release_copy: Path, table: str) -> None:
    sound = [row for _, row in read_rows(release_copy, table)]
    assert [row for row in sound if list(broken_rules(table, row))] == []
    rows = [changed for row in sound for changed in forged(table, row)]
    frame = pl.DataFrame(rows, schema=TABLES[table].polars_schema, orient="row")
    looked_at = set(doubtful(table, frame))
    passed = [row for place, row in enumerate(rows) if place not in looked_at]
    assert [row for row in passed if list(broken_rules(table, row))] == []
    assert passed


def test_sound_rows_are_not_looked_at_twice(release_copy: Path) -> None:
    """All but the judgments that were edited, which are few."""
    for table in ("model_votes", "labels", "remarks", "items", "assignments", "judgments"):
        frame = pl.read_parquet(parquet_path(release_copy, table))
        edited = frame["revisions"].list.len().gt(1).arg_true().to_list() if table == "judgments" else []
        assert doubtful(table, frame) == edited, table


def test_json_lines_are_those_of_an_independent_writer(release_copy: Path) -> None:
    """Polars writes them; another version of it must not write others."""
    for table in TABLES:
        frame = pl.read_parquet(parquet_path(release_copy, table))
        lines = [orjson.dumps(row) for row in frame.iter_rows(named=True)]
        assert jsonl_path(release_copy, table).read_bytes().split(b"\n")[:-1] == lines
    odd = dict.fromkeys(TABLES["judgments"].names) | {"seconds": 5e-324, "score": 1e22, "reason": "\x00\x7f\u2028/é🎈"}
    (frame,) = frames_of("judgments", [odd])
    assert frame["reason"][0] == odd["reason"]
