"""What the steps of an import share: rows by the chunk, ids of what is loaded already, times that Django would set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.db import models

from annotation.models import Rater
from annotation.releases.errors import ReleaseRefused
from annotation.releases.files import DATA, read_rows
from annotation.releases.tables.rows import Row
from studies.models import Study

ROWS_AT_ONCE = 500
M = TypeVar("M", bound=models.Model)
Pair = tuple[Any, Any]


class Loading:
    """One import on its way: the study, the folder, and how far the table in hand is read. ``looked_with`` is what
    raters' words in it count as looked through with, "" for not at all."""

    def __init__(self, study: Study, path: Path, looked_with: str = "") -> None:
        self.study = study
        self.looked_with = looked_with
        self._path = path
        self.rows_read = 0

    def chunks(self, table: str) -> Iterator[list[Row]]:
        """The table's rows, some hundreds at a time."""
        self.rows_read = 0
        rows = read_rows(self._path, table)
        while chunk := list(islice(rows, ROWS_AT_ONCE)):
            self.rows_read = chunk[-1][0]
            yield [row for _, row in chunk]

    def new_chunks(self, table: str, model: type[models.Model]) -> Iterator[list[Row]]:
        """The same, refusing public ids that this database has already."""
        for rows in self.chunks(table):
            field = next(iter(rows[0]))
            known = ids_of(model, (row[field] for row in rows))
            if known:
                number = next(place for place, row in enumerate(rows) if row[field] in known)
                line = self.rows_read - len(rows) + number + 1
                raise ReleaseRefused(
                    [
                        f"{DATA}/{table}.jsonl:{line}: {field}: {rows[number][field]!r} is in this database already, "
                        "in another study made or imported from the same data; import into another database"
                    ]
                )
            yield rows

    def raters_of(self, rows: list[Row]) -> dict[tuple[str, str], int]:
        """By campaign's public id and pseudonym."""
        named = Rater.objects.filter(
            campaign__study=self.study, participant__pseudonym__in={row["rater"] for row in rows}
        )
        return by_two(named, "campaign__public_id", "participant__pseudonym")

    def place(self, table: str) -> str:
        return f"{DATA}/{table}.jsonl:{self.rows_read}"


def ids_of(model: type[models.Model], public_ids: Iterable[str | None]) -> dict[str | None, int]:
    """Database keys by public id, for those that exist; None for None, so that optional references read the same."""
    wanted = {public_id for public_id in public_ids if public_id is not None}
    return dict(model._default_manager.filter(public_id__in=wanted).values_list("public_id", "pk"))


def by_two(queryset: models.QuerySet[Any], first: str, second: str) -> dict[tuple[Any, Any], int]:
    """Database keys by two fields."""
    return {(one, two): pk for one, two, pk in queryset.values_list(first, second, "pk")}


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def time_or_none(text: str | None) -> datetime | None:
    return None if text is None else time_of(text)


def create(rows: Iterable[M], times: Mapping[str, Sequence[datetime | None]] | None = None) -> list[M]:
    """Insert the rows, which are of one model. ``times``: for each field that Django sets to now, what it must be."""
    made = list(rows)
    if not made:
        return made
    manager = type(made[0])._default_manager
    manager.bulk_create(made, batch_size=ROWS_AT_ONCE)
    for field, moments in (times or {}).items():
        for row, moment in zip(made, moments, strict=True):
            setattr(row, field, moment)
        manager.bulk_update(made, [field], batch_size=100)
    return made
