"""Gunicorn as the product runs it, for the product or for the bare handler."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.services import free_port, running

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def serving(application: str, environment: Mapping[str, str]) -> Iterator[int]:
    """The port of a server of that WSGI module; it has ended when the block has."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "config/gunicorn.py"), application]
    end, env = signal.SIGTERM, {**os.environ, **environment, "WEB_BIND": f"127.0.0.1:{port}"}
    with running(command, ready=lambda: listens(port), end=end, env=env, cwd=ROOT):
        yield port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
