"""Many whole numbers out of the database at once, without a Python object for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import QuerySet

Ints = npt.NDArray[np.int64]


def whole_numbers(rows: QuerySet[Any], names: tuple[str, ...]) -> Ints:
    """These columns of the rows, in no order, of shape (rows, columns). Each is a bigint and never null: cast what is
    not. PostgreSQL packs a column into one value, four times as fast as a row for each, COPY's rows included.
    """
    statement, parameters = rows.order_by().values(*names).query.sql_with_params()
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute(statement, parameters)
            return np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, len(names))
        columns = [f"c{place}" for place in range(len(names))]
        packed = ", ".join(f"string_agg(int8send({column}), '')" for column in columns)
        named = f"({statement}) AS told ({', '.join(columns)})"
        cursor.execute(f"SELECT {packed} FROM {named}", parameters)  # noqa: S608
        return np.stack([_unpacked(column) for column in cursor.fetchone()], axis=1)


def _unpacked(column: bytes | None) -> Ints:
    return np.frombuffer(column or b"", dtype=">i8").astype(np.int64)
