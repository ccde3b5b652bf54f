"""The test database: copied from one that is made once, and between two tests emptied when nobody uses it any more.

Django's own way, TRUNCATE of every table, takes a fifth of a second on PostgreSQL, and waits for, or deadlocks with,
requests that the live server has in hand: pages fetch ahead and send what they keep while their test is ending already.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase
from pytest_django.live_server_helper import LiveServer

from tests.processes import copy_database, migrated_database, migrated_file

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PATIENCE = 30  # seconds for requests in hand; one that takes longer hangs
STAYS = {"django_content_type", "auth_permission"}  # what migrate puts there, and no test changes


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> bool:
    """Under `make test` the tables are there already: of what pytest-django does, nothing takes any time then."""
    if "TEST_TEMPLATES" not in os.environ:
        return False
    name = connection.creation._get_test_db_name()  # type: ignore[attr-defined]
    if connection.vendor == "sqlite":
        shutil.copy(migrated_file(), name)
    else:
        server = os.environ["DATABASE_URL"]
        copy_database(server, name, migrated_database(server))
    return True


class Doorkeeper:
    """Lets requests through to the live server's views and knows which are inside. Shut, it turns them away."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.shut = False
        self.changed = threading.Condition()

    def before(self, application: WSGIApplication) -> WSGIApplication:
        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            request = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
            if not self.enter(request):
                start_response("503 Service Unavailable", [("Content-Length", "0")])
                return []
            try:
                return Answer(application(environ, start_response), lambda: self.leave(request))
            except BaseException:
                self.leave(request)
                raise

        return answer

    def enter(self, request: str) -> bool:
        with self.changed:
            if not self.shut:
                self.inside.append(request)
            return not self.shut

    def leave(self, request: str) -> None:
        with self.changed:
            self.inside.remove(request)
            self.changed.notify_all()

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """As long as this is open nobody is inside."""
        try:
            with self.changed:
                self.shut = True
                assert self.changed.wait_for(lambda: not self.inside, PATIENCE), f"still answered: {self.inside}"
            yield
        finally:
            self.shut = False


class Answer:
    """What the application answered. It is closed last, and with it the request's connection to the database."""

    def __init__(self, parts: Iterable[bytes], left: Callable[[], None]) -> None:
        self.parts, self.left = parts, left

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.parts)

    def close(self) -> None:
        try:
            getattr(self.parts, "close", lambda: None)()
        finally:
            self.left()


door = Doorkeeper()
browsers: list[Browser] = []  # that run, of this process


@pytest.fixture(scope="session")
def live_server(live_server: LiveServer) -> LiveServer:
    """pytest-django's, with somebody at its door."""
    server = live_server.thread.httpd
    server.set_app(door.before(server.get_app()))  # type: ignore[arg-type]
    return live_server


def empty_database(test: object) -> None:
    """What every test that commits ends with, in the place of Django's flush."""
    for context in [context for browser in browsers for context in browser.contexts]:
        context.close()  # of a test that failed before it did so itself
    with door.at_rest(), transaction.atomic(), connection.cursor() as cursor:
        names = {name: connection.ops.quote_name(name) for name in connection.introspection.django_table_names()}
        asked = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {quoted})" for name, quoted in names.items())
        cursor.execute(" UNION ALL ".join(asked))
        for name in {name for (name,) in cursor.fetchall()} - STAYS:
            cursor.execute(f"DELETE FROM {names[name]}")


TransactionTestCase._fixture_teardown = empty_database  # type: ignore[attr-defined]
