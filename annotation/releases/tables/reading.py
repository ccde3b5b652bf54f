"""Large tables as they leave the database: as frames of so many rows, the same from both databases.

PostgreSQL hands rows over as CSV (COPY), which Polars reads without a Python object for each value; from SQLite they
come as tuples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import polars as pl
from django.db import connection
from django.db.models import QuerySet

from annotation.releases.tables.rows import stream

Columns = Mapping[str, tuple[str, Any]]  # name: path from the model, type; times are pl.Datetime, and arrive as texts


def raw_frames(queryset: QuerySet[Any], columns: Columns, rows: int) -> Iterator[pl.DataFrame]:
    """The queryset's rows in its order, ``rows`` at a time, the last frame with fewer. Times are as a release writes
    them."""
    paths = [path for path, _ in columns.values()]
    if connection.vendor == "postgresql":
        yield from _copied(queryset.values_list(*paths), columns, rows)
        return
    schema = {name: dtype for name, (_, dtype) in columns.items()}
    fetched = stream(queryset, *paths)
    while chunk := list(islice(fetched, rows)):
        frame = pl.DataFrame(chunk, schema=schema, orient="row")
        yield frame.with_columns(pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))


def _copied(queryset: QuerySet[Any], columns: Columns, rows: int) -> Iterator[pl.DataFrame]:
    sql, params = queryset.query.sql_with_params()
    schema = {name: pl.String if _is_time(dtype) else dtype for name, (_, dtype) in columns.items()}
    times = [_time(name) for name, (_, dtype) in columns.items() if _is_time(dtype)]
    operations: Any = connection.ops  # PostgreSQL's
    statement = f"COPY ({operations.compose_sql(sql, params)}) TO STDOUT (FORMAT csv)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        lines = iter(copy)  # a row each, whatever line breaks it holds
        while chunk := b"".join(islice(lines, rows)):
            yield pl.read_csv(chunk, has_header=False, schema=schema).with_columns(times)


def _is_time(dtype: Any) -> bool:
    return isinstance(dtype, pl.Datetime)


def _time(name: str) -> pl.Expr:
    """PostgreSQL's own text of a time, in a session at UTC: 2026-01-31 09:30:00.12+00."""
    text = pl.col(name)
    fraction = text.str.slice(19).str.strip_suffix("+00").str.strip_prefix(".").str.pad_end(6, "0")
    return pl.concat_str(
        text.str.slice(0, 10), pl.lit("T"), text.str.slice(11, 8), pl.lit("."), fraction, pl.lit("Z")
    ).alias(name)
