"""Many rows at once, past the ORM: COPY on PostgreSQL, executemany on SQLite; the transaction is the caller's.

For tables whose rows come by the million. Values are keys, texts, flags, times, and JSON as bytes, which holds neither
tabs nor ends of lines.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from types import TracebackType
from typing import Any

from django.db import connection, models

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
AHEAD = 2  # inserts that may wait in memory while one is under way
Prepared = bytes | tuple[Any, ...]


def prepared(row: Sequence[Any]) -> Prepared:
    """A row as ``BulkInserts.add`` takes it: the costly part of an insert, which needs no database."""
    return b"\t".join(map(_written, row)) if connection.vendor == "postgresql" else tuple(map(_plain, row))


class BulkInserts:
    """Inserts that PostgreSQL works on, in their order, while the caller goes on, with anything but the database: who
    wants that, and what was inserted, settles first. One connection carries one COPY at a time. SQLite inserts at once.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._copying: deque[Future[None]] = deque()

    def __enter__(self) -> BulkInserts:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Never leaves a COPY behind that the end of the transaction would run into."""
        try:
            self.settle()
        finally:
            self._pool.shutdown()

    def insert(self, model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Adds the rows; ``columns`` are the table's, in the order of the values. Raises IntegrityError as the ORM
        does; on PostgreSQL when it is settled, or before.
        """
        self.add(model, columns, [prepared(row) for row in rows])

    def add(
        self,
        model: type[models.Model],
        columns: Sequence[str],
        rows: Sequence[Prepared],
        same: Mapping[str, Any] | None = None,
    ) -> None:
        """Inserts rows that are ``prepared`` already; ``same``: the columns in which they are all alike."""
        same = same or {}
        table = connection.ops.quote_name(model._meta.db_table)
        names = ", ".join(map(connection.ops.quote_name, (*same, *columns)))
        first = prepared((*same.values(), ""))
        if isinstance(first, bytes):
            connection.ensure_connection()
            self._wait_for_all_but(AHEAD)
            written = b"".join([part for row in rows for part in (first, row, b"\n")])  # type: ignore[misc]
            statement = f"COPY {table} ({names}) FROM STDIN"
            self._copying.append(self._pool.submit(_copy, connection.connection, statement, written))
            return
        places = ", ".join(["%s"] * (len(same) + len(columns)))
        with connection.cursor() as cursor:
            plain = [(*first[:-1], *row) for row in rows]
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", plain)  # noqa: S608 - our own names

    def settle(self) -> None:
        """Waits for what is under way. Raises IntegrityError and its like for it."""
        self._wait_for_all_but(0)

    def _wait_for_all_but(self, count: int) -> None:
        """Of several that failed the first is raised: the others failed because of it."""
        try:
            while len(self._copying) > count:
                with connection.wrap_database_errors:
                    self._copying.popleft().result()
        except BaseException:
            wait(self._copying)
            self._copying.clear()
            raise


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


def _written(value: str | bytes | int | bool | datetime | None) -> bytes:
    """A value in COPY's text format."""
    if isinstance(value, bytes):
        return value.replace(b"\\", b"\\\\")
    if isinstance(value, str):
        return (value if value.isalnum() else value.translate(ESCAPES)).encode()
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
