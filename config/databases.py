"""The two databases: SQLite in the data folder, or PostgreSQL by URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def embedded_database(data_dir: Path) -> dict[str, Any]:
    """SQLite that keeps what it has acknowledged: WAL with synchronous=FULL; writers queue instead of failing."""
    data_dir.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": data_dir / "fitting-room.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;",
        },
    }


def database_from_url(url: str) -> dict[str, Any]:
    """postgresql://user:password@host:port/name?option=value; raises ImproperlyConfigured for anything else.

    The message never repeats the URL, which may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = str(parts.port or "")
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL: {error}") from error
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL must read postgresql://USER:PASSWORD@HOST:PORT/NAME")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or parts.hostname or "",
        "PORT": options.pop("port", "") or port,
        "CONN_MAX_AGE": 60,
        # No question ahead of each request whether the connection lives: studies/sessions.py asks its own one again.
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {"prepare_threshold": 5} | options,
    }
