"""Between two tests nobody uses the database, and nothing is left in it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission

from studies.models import Study
from tests import factories
from tests.database import Doorkeeper, empty_database


def ask(door: Doorkeeper, parts: Iterable[bytes]) -> tuple[str, Iterable[bytes]]:
    said = []

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return parts

    environ: WSGIEnvironment = {}
    setup_testing_defaults(environ)
    answer = door.before(application)(environ, lambda status, headers, exc_info=None: said.append(status))  # type: ignore[arg-type,return-value]
    return said[0], answer


def test_door_shuts_when_the_last_answer_is_closed_and_opens_again() -> None:
    door = Doorkeeper()
    closed = threading.Event()

    class Slow:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"part"])

        def close(self) -> None:
            closed.set()

    _, answer = ask(door, Slow())
    seen: list[bool] = []

    def rest() -> None:
        with door.at_rest():
            seen.append(closed.is_set())
            seen.append(ask(door, [])[0] == "503 Service Unavailable")

    waiting = threading.Thread(target=rest)
    waiting.start()
    while not door.shut:  # the other thread's first step
        assert waiting.is_alive()
    assert list(answer) == [b"part"]
    answer.close()  # type: ignore[attr-defined]
    waiting.join(30)
    assert seen == [True, True]
    assert ask(door, [])[0] == "200 OK"


def test_door_is_left_by_an_application_that_raises() -> None:
    door = Doorkeeper()

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise ValueError("as it may")

    environ: WSGIEnvironment = {}
    setup_testing_defaults(environ)
    with pytest.raises(ValueError):
        door.before(application)(environ, lambda *_: None)  # type: ignore[arg-type,return-value]
    with door.at_rest():
        assert door.inside == []


@pytest.mark.django_db(transaction=True)
def test_emptied_database_has_what_migrate_made_and_no_row_more(study: Study) -> None:
    factories.submit(factories.claim(factories.make_rater(factories.make_campaign(study))))
    permissions = Permission.objects.count()
    empty_database(None)
    models = apps.get_models(include_auto_created=True)
    left = {model._meta.label for model in models if model._default_manager.exists()}
    assert left == {"contenttypes.ContentType", "auth.Permission"}
    assert Permission.objects.count() == permissions > 0
