"""The secret key: given by the environment, or made once (0600) where the embedded mode keeps its data."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config import env

SHORTEST = 50
REMEDY = 'SECRET_KEY=$(python3 -c "import secrets; print(secrets.token_urlsafe(50))")'


def secret_key(data_dir: Path, *, embedded: bool) -> str:
    """SECRET_KEY, or in embedded mode the one kept in ``data_dir/secret_key``, made at the first call.

    Raises ImproperlyConfigured where a database of its own is configured without a key: two web processes that each
    made their own would sign each other's users out. A key that could be guessed is refused too.
    """
    given = env.text("SECRET_KEY")
    if given:
        if len(given) < SHORTEST or len(set(given)) < 5:
            raise ImproperlyConfigured(f"SECRET_KEY is too easy to guess ({len(given)} characters): {REMEDY}")
        return given
    if not embedded:
        raise ImproperlyConfigured(f"SECRET_KEY is missing. With DATABASE_URL, give every process the same: {REMEDY}")
    path = data_dir / "secret_key"
    if not path.exists():
        make_key(path)
    key = path.read_text().strip()
    if len(key) < SHORTEST:
        raise ImproperlyConfigured(f"{path} holds no key: restore it, or delete it and everybody logs in again")
    return key


def make_key(path: Path) -> None:
    """Writes a new key to ``path`` (0600) unless one is there; a reader sees no key or a whole one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".secret_key-")  # made with mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        pass  # another process was first; its key is the one
    finally:
        os.unlink(name)
