"""How rows leave the database: sorted alike on both databases, one query a level, nothing kept in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Collate

from analysis.schema import TABLES

CHUNK = 2000

# What the contract's columns hold; annotation.releases.verify checks it against the schema.
Row = dict[str, Any]


def binary(field: str) -> Collate:
    """Order by the bytes of the text, whatever the language of the database is."""
    return Collate(F(field), "C" if connection.vendor == "postgresql" else "BINARY")


def stream(queryset: QuerySet[Any], *fields: str) -> Iterator[tuple[Any, ...]]:
    """The queryset's rows as tuples, read by the chunk (a server-side cursor on PostgreSQL)."""
    yield from queryset.values_list(*fields).iterator(chunk_size=CHUNK)


def named(table: str, values: Iterable[Any]) -> Row:
    """Values in the order of the table's columns as a row; times as the release writes them."""
    names = TABLES[table].names
    return {
        name: time_text(value) if isinstance(value, datetime) else value
        for name, value in zip(names, values, strict=True)
    }


def time_text(moment: datetime | None) -> str | None:
    """UTC, ISO 8601 with microseconds and Z."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def canonical_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Children:
    """The rows that belong to each parent, where both streams are sorted by the parent.

    ``rows`` begin with the parent's key. ``of`` is asked for every parent, in order; ``end`` makes sure that no
    child was left behind, which would mean that the two queries disagree.
    """

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self._groups = groupby(rows, key=itemgetter(0))
        self._head = next(self._groups, None)

    def of(self, parent: object) -> list[tuple[Any, ...]]:
        if self._head is None or self._head[0] != parent:
            return []
        found = [row[1:] for row in self._head[1]]
        self._head = next(self._groups, None)
        return found

    def firsts_of(self, parent: object) -> list[Any]:
        return [row[0] for row in self.of(parent)]

    def end(self) -> None:
        if self._head is not None:
            raise RuntimeError(
                f"rows of {self._head[0]!r} were left behind: the parents' and children's queries differ"
            )
