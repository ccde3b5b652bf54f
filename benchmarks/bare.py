"""The floor that a web application can be compared with: a WSGI handler that runs the statements and no more.

`gunicorn -c config/gunicorn.py benchmarks.bare`: POST "rater=1&campaign=1&held=2&item=3" answers with the next two.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import psycopg

from benchmarks.floors import ANSWERS, NEXT, REVISIONS, SEATED, SUBMITTED, TAKEN, a_place, for_psycopg

ANSWERS, REVISIONS, SUBMITTED = map(for_psycopg, (ANSWERS, REVISIONS, SUBMITTED))
NEXT, TAKEN, SEATED = map(for_psycopg, (NEXT, TAKEN, SEATED))
PAGE = '<main id="item"><form action="/submit?held={held}&amp;item={item}"></form></main>\n'
of_thread = threading.local()


def connection() -> psycopg.Connection[Any]:
    if not hasattr(of_thread, "connection"):
        of_thread.connection = psycopg.connect(os.environ["DATABASE_URL"])
    kept: psycopg.Connection[Any] = of_thread.connection
    return kept


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    values = {name: int(words[0]) for name, words in parse_qs(sent.decode()).items()} | {"place": a_place()}
    with connection().cursor() as cursor:
        for statement in (ANSWERS, REVISIONS, SUBMITTED):
            cursor.execute(statement, values)
        for statement, name in ((NEXT, "item"), (TAKEN, ""), (SEATED, "held")):
            cursor.execute(statement, values)
            if name:
                values[name] = cursor.fetchone()[0]  # type: ignore[index]
    connection().commit()
    page = PAGE.format(**values).encode()
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(page)))])
    return [page]
