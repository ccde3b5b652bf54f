"""SQL by hand, for the two statements that every submit runs: the session's and the one of annotation/domain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection


def one_row(statement: str, values: Sequence[Any]) -> tuple[Any, ...] | None:
    """The first row of the answer. On PostgreSQL the server keeps the statement parsed and planned (prepared).

    Where queries are being watched (a debugger, a test that counts), it goes through Django's cursor like all others.
    """
    watched = connection.queries_logged or connection.execute_wrappers
    if connection.vendor != "postgresql" or watched:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return psycopg.Cursor(connection.connection).execute(statement, values, prepare=True).fetchone()
