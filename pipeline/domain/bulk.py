"""Many rows at once, past the ORM: COPY on PostgreSQL, executemany on SQLite; the transaction is the caller's.

For tables whose rows come by the million. Values stand as the database takes them: keys, texts, JSON as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Any

from django.db import connection, models


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Adds the rows; ``columns`` are the table's, in the order of the values. Raises IntegrityError as the ORM does."""
    with BulkInserts() as inserts:
        inserts.insert(model, columns, rows)


class BulkInserts:
    """Inserts that PostgreSQL works on while the caller goes on, with anything but the database: whoever wants that,
    and what was inserted, settles first. One connection carries one COPY at a time. SQLite inserts at once.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._copying: Future[None] | None = None

    def __enter__(self) -> BulkInserts:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Never leaves a COPY behind that the end of the transaction would run into."""
        try:
            self.settle()
        finally:
            self._pool.shutdown()

    def insert(self, model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """As ``insert_rows``; on PostgreSQL a constraint that fails is raised when it is settled."""
        self.settle()
        table = connection.ops.quote_name(model._meta.db_table)
        names = ", ".join(map(connection.ops.quote_name, columns))
        if connection.vendor == "postgresql":
            connection.ensure_connection()
            self._copying = self._pool.submit(_copy, connection.connection, f"COPY {table} ({names}) FROM STDIN", rows)
            return
        places = ", ".join(["%s"] * len(columns))
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608 - our own names

    def settle(self) -> None:
        """Waits for what is under way. Raises IntegrityError and its like for it."""
        copying, self._copying = self._copying, None
        if copying is not None:
            with connection.wrap_database_errors:
                copying.result()


def _copy(raw: Any, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """In a thread of its own: psycopg lets go of the interpreter while the server works."""
    with raw.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def moment(value: datetime | None) -> Any:
    """A time as the inserts take it."""
    return connection.ops.adapt_datetimefield_value(value)
