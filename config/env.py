"""Typed readers of the environment. A value that makes no sense stops the process with its name and the remedy."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def choice(name: str, default: str, allowed: Collection[str]) -> str:
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r} is none of {', '.join(allowed)}")
    return value


def boolean(name: str, default: bool = False) -> bool:
    raw = text(name).lower()
    if raw in ("", "1", "0", "true", "false", "yes", "no", "on", "off"):
        return raw in ("1", "true", "yes", "on") if raw else default
    raise ImproperlyConfigured(f"{name}={raw!r} is neither true nor false: use 1 or 0")


def integer(name: str, default: int, low: int, high: int) -> int:
    raw = text(name)
    if not raw:
        return default
    try:
        number = int(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={raw!r} is no whole number: use one from {low} to {high}") from error
    if not low <= number <= high:
        raise ImproperlyConfigured(f"{name}={number} is outside {low} to {high}")
    return number


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def hosts(name: str, default: str) -> list[str]:
    """Host names for ALLOWED_HOSTS; an address with scheme or path would match nothing and lock everybody out."""
    names = words(name, default)
    for host in names:
        if "/" in host:
            raise ImproperlyConfigured(f"{name}={host!r} is an address: give host names only, parted by commas")
    return names


def address(name: str, schemes: Collection[str]) -> str:
    """A URL of one of these schemes, or nothing."""
    value = text(name)
    if value and urlsplit(value).scheme not in schemes:
        # The value may carry a password, so only its scheme is repeated.
        raise ImproperlyConfigured(f"{name} begins with {urlsplit(value).scheme!r}: use {' or '.join(schemes)}://...")
    return value


def service(name: str, default: str) -> str:
    """The address of a service that is sent secrets: https, or plain http on this very machine."""
    value = text(name, default)
    parts = urlsplit(value)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")):
        raise ImproperlyConfigured(f"{name}={value!r}: use https://...")
    return value.rstrip("/")


def folder(name: str, default: Path) -> Path:
    path = Path(text(name) or default).expanduser().resolve()
    if path.exists() and not path.is_dir():
        raise ImproperlyConfigured(f"{name}={path} is a file: name a folder")
    return path


def folder_with(name: str, file: str) -> Path | None:
    """A folder that is there and holds this file; None where nothing is named."""
    if not text(name):
        return None
    path = Path(text(name)).expanduser().resolve()
    if not (path / file).is_file():
        raise ImproperlyConfigured(f"{name}={path} holds no {file}: name the folder that does, or leave {name} out")
    return path


def file(name: str) -> Path | None:
    """A file that is there, or none named."""
    value = text(name)
    if not value:
        return None
    path = Path(value).expanduser().resolve()
    if not path.is_file():
        raise ImproperlyConfigured(f"{name}={value}: there is no such file")
    return path


def usual_web_workers() -> int:
    """On PostgreSQL one a core, two to four: they are what a busy hour is short of (docs/performance.md)."""
    return min(4, max(2, os.cpu_count() or 1)) if text("DATABASE_URL") else 2
