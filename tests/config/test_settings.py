from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from tests.processes import KEY, manage, own_environment


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    with own_environment(tmp_path / "data") as variables:
        yield variables


@pytest.mark.once("settings are read before any database is")
def test_settings_deploy_check_is_clean_with_https_and_a_key(environment: dict[str, str]) -> None:
    done = manage(environment | {"HTTPS": "1", "SECRET_KEY": KEY}, "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


@pytest.mark.once("settings are read before any database is")
@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"DATABASE_URL": "postgresql://me@localhost/x", "SECRET_KEY": ""}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too easy to guess"),
        ({"PORT": "eighty"}, "PORT='eighty' is no whole number"),
        ({"DEBUG": "perhaps"}, "DEBUG='perhaps' is neither true nor false"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL begins with 'localhost'"),
        ({"ALLOWED_HOSTS": "https://fit.example"}, "ALLOWED_HOSTS='https://fit.example' is an address"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL='LOUD' is none of"),
    ],
)
def test_settings_nonsense_refuses_to_start(
    environment: dict[str, str], variables: dict[str, str], message: str
) -> None:
    done = manage(environment | variables, "check")
    assert done.returncode != 0
    assert message in done.stderr


@pytest.mark.once("both are SQLite's")
def test_settings_two_data_folders_share_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    embedded = {name: value for name, value in environment.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    show = "from django.conf import settings as s; print(s.SECRET_KEY, s.DATABASES['default']['NAME'], s.STATIC_ROOT, "
    show += "s.MEDIA_ROOT, s.RELEASES_DIR, *s.CELERY_BROKER_TRANSPORT_OPTIONS.values())"
    seen = []
    for name in ("one", "two"):
        folder = str(tmp_path / name)
        done = manage(embedded | {"DATA_DIR": folder, "SECRET_KEY": ""}, "shell", "--verbosity", "0", "-c", show)
        seen.append({word for word in done.stdout.split() if len(word) > 4})
        assert any(folder in word for word in seen[-1]), done.stderr
    assert not seen[0] & seen[1]


@pytest.mark.django_db
def test_settings_sqlite_keeps_what_it_acknowledged() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's own settings")
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert not connection.settings_dict["ATOMIC_REQUESTS"]


@pytest.mark.django_db
def test_settings_models_and_migrations_agree() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db
def test_settings_security_policy_allows_nothing_inline(client: Client) -> None:
    policy = client.get("/healthz").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.django_db
def test_healthz_asks_the_database_and_needs_no_login(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import DatabaseError

    assert client.get("/healthz").status_code == 200
    assert client.post("/healthz").status_code == 405

    def broken(*_: object) -> None:
        raise DatabaseError("gone: password hidden")

    monkeypatch.setattr(connection, "cursor", broken)
    reply = client.get("/healthz")
    assert reply.status_code == 503
    assert b"hidden" not in reply.content


@pytest.mark.once("modules, not rows")
def test_web_process_never_loads_models_of_language(environment: dict[str, str]) -> None:
    code = "import sys, config.urls, config.celery; config.celery.app.loader.import_default_modules(); "
    code += "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    done = manage(environment, "shell", "--verbosity", "0", "-c", code)
    assert done.stdout.strip() == "[]", done.stderr
    assert "torch" not in sys.modules


@pytest.mark.once("settings are read before any database is")
@pytest.mark.parametrize(
    ("variables", "demo"),
    [
        ({}, "True"),
        ({"HOST": "0.0.0.0"}, "False"),
        ({"HTTPS": "1"}, "False"),
        ({"ALLOWED_HOSTS": "localhost,fit.example"}, "False"),
        ({"DATABASE_URL": "postgresql:///x"}, "False"),
        ({"HOST": "0.0.0.0", "DEMO": "1"}, "True"),
    ],
)
def test_settings_public_logins_only_where_nobody_else_can_reach_them(
    environment: dict[str, str], variables: dict[str, str], demo: str
) -> None:
    local = environment | {"DATABASE_URL": "", "DEMO": ""} | variables
    done = manage(local, "shell", "--verbosity", "0", "-c", "from django.conf import settings; print(settings.DEMO)")
    assert done.stdout.strip() == demo, done.stderr


def test_settings_clock_sends_tasks_that_there_are() -> None:
    from django.conf import settings

    from config.celery import app

    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)
