from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.databases import database_from_url


@pytest.mark.parametrize(
    ("value", "read", "message"),
    [
        ("maybe", lambda: env.boolean("X"), "X='maybe' is neither true nor false"),
        ("eighty", lambda: env.integer("X", 1, 1, 9), "X='eighty' is no whole number: use one from 1 to 9"),
        ("10", lambda: env.integer("X", 1, 1, 9), "X=10 is outside 1 to 9"),
        ("LOUD", lambda: env.choice("X", "INFO", ("INFO", "DEBUG")), "X='LOUD' is none of INFO, DEBUG"),
        ("https://a.example", lambda: env.hosts("X", ""), "X='https://a.example' is an address"),
        ("amqp://u:pw@h", lambda: env.address("X", ("redis", "rediss")), "X begins with 'amqp': use redis or rediss"),
        (__file__, lambda: env.folder("X", Path()), "is a file: name a folder"),
    ],
)
def test_env_nonsense_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, value: str, read: Callable[[], Any], message: str
) -> None:
    monkeypatch.setenv("X", value)
    with pytest.raises(ImproperlyConfigured) as refused:
        read()
    assert message in str(refused.value)
    assert "pw" not in str(refused.value)


def test_env_blank_means_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", "  ")
    assert env.text("X", "a") == "a"
    assert env.integer("X", 7, 1, 9) == 7
    assert env.boolean("X", True) is True
    assert env.words("X", "a, b") == ["a", "b"]
    assert env.address("X", ("redis",)) == ""


@pytest.mark.parametrize(
    "url", ["mysql://u:hidden@h/db", "postgresql://u:hidden@h", "postgresql://u:hidden@h:port/db", "nonsense"]
)
def test_database_from_url_refuses_without_repeating_the_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as refused:
        database_from_url(url)
    assert "hidden" not in str(refused.value)


def test_database_from_url_reads_every_part() -> None:
    found = database_from_url("postgresql://me%40work:p%2Fw@db.example:5433/fit%20room?sslmode=require")
    assert found["USER"] == "me@work"
    assert found["PASSWORD"] == "p/w"
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", "5433", "fit room")
    assert found["OPTIONS"] == {"prepare_threshold": 5, "sslmode": "require"}
    assert database_from_url("postgresql:///db?host=/run/pg&port=5433")["HOST"] == "/run/pg"
