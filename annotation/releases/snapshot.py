from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """One consistent view of the database for as long as the block runs, without holding up those who write.

    PostgreSQL: a read-only transaction at REPEATABLE READ. SQLite: a deferred one, which in WAL mode reads the state at
    its first query; the default of immediate transactions would take the write lock for the whole of a release.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    inside_test = database.in_atomic_block  # durable refuses every outer transaction but a test case's own
    with _deferred(database), transaction.atomic(durable=True):
        if database.vendor == "postgresql" and not inside_test:
            with database.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


@contextmanager
def _deferred(database: Any) -> Iterator[None]:
    """SQLite's next transaction takes no lock that keeps others from writing."""
    if database.vendor != "sqlite":
        yield
        return
    database.ensure_connection()  # connecting reads the mode from the settings
    mode, database.transaction_mode = database.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        database.transaction_mode = mode
