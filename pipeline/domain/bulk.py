"""Many rows at once, past the ORM: COPY on PostgreSQL, executemany on SQLite; the transaction is the caller's.

For tables whose rows come by the million. Values are keys, texts, flags, times, and JSON as bytes, which holds neither
tabs nor ends of lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Any

from django.db import connection, models

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


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
            written = b"".join(map(_line, rows))
            self._copying = self._pool.submit(
                _copy, connection.connection, f"COPY {table} ({names}) FROM STDIN", written
            )
            return
        places = ", ".join(["%s"] * len(columns))
        with connection.cursor() as cursor:
            plain = [tuple(map(_plain, row)) for row in rows]
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", plain)  # noqa: S608 - our own names

    def settle(self) -> None:
        """Waits for what is under way. Raises IntegrityError and its like for it."""
        copying, self._copying = self._copying, None
        if copying is not None:
            with connection.wrap_database_errors:
                copying.result()


def refresh_statistics(models: Iterable[type[models.Model]]) -> None:
    """For a table that many rows came into at once: PostgreSQL plans by what it last counted, and the plan for an empty
    table may take hours on a full one. SQLite needs none of it."""
    if connection.vendor == "postgresql":
        tables = ", ".join(sorted({connection.ops.quote_name(model._meta.db_table) for model in models}))
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {tables}")


def _copy(raw: Any, statement: str, written: bytes) -> None:
    """In a thread of its own: psycopg lets go of the interpreter while the server takes this in. No Python runs here
    row by row, which would have to be taken away from the thread that reads on.
    """
    with raw.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(written)


def _line(row: Sequence[Any]) -> bytes:
    """A row in COPY's text format."""
    return b"\t".join(map(_written, row)) + b"\n"


def _written(value: str | bytes | int | bool | datetime | None) -> bytes:
    if isinstance(value, bytes):
        return value.replace(b"\\", b"\\\\")
    if isinstance(value, str):
        return value.translate(ESCAPES).encode()
    if value is None:
        return b"\\N"
    if isinstance(value, datetime):
        return value.isoformat().encode()
    return b"%d" % value if not isinstance(value, bool) else b"t" if value else b"f"


def _plain(value: Any) -> Any:
    """A value as SQLite takes it."""
    if isinstance(value, bytes):
        return value.decode()
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
