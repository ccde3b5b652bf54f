"""Many rows updated by key, each to values of its own: one statement, prepared once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, models


def update_rows(
    model: type[models.Model], fields: Sequence[str], rows: Iterable[tuple[int, Mapping[str, Any]]]
) -> None:
    """Sets ``fields`` of each row named by its key; the transaction, and what must still hold, are the caller's.

    ``bulk_update`` writes a CASE for every value of every row, and takes ten times as long to write it as the database
    takes to do it.
    """
    columns: list[models.Field[Any, Any]] = [model._meta.get_field(name) for name in fields]  # type: ignore[misc]
    quote = connection.ops.quote_name
    places = ", ".join(f"{quote(str(column.column))} = %s" for column in columns)
    key = quote(str(model._meta.pk.column)) if model._meta.pk else "id"
    statement = f"UPDATE {quote(model._meta.db_table)} SET {places} WHERE {key} = %s"  # noqa: S608 - our own names
    values = [
        [column.get_db_prep_save(row[name], connection) for name, column in zip(fields, columns, strict=True)] + [pk]
        for pk, row in rows
    ]
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(statement, values)
