"""A private PostgreSQL and Redis for one test session: free ports, temporary folders, gone when the session is.

No cluster of the system is touched. As root, PostgreSQL's programs run as the postgres user, because they refuse root.
"""

from __future__ import annotations

import glob
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.supervisor import die_with_parent

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def postgres_folder() -> Path | None:
    """Where initdb and postgres lie: the newest of the distribution's versions, else the PATH."""
    versions = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    if versions:
        return Path(max(versions, key=lambda path: float(path.split("/")[4]))).parent
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def chromium_path() -> str | None:
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_postgres() -> dict[str, Any]:
    """Popen's arguments that give root's rights away; none for an ordinary user."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def running(command: list[str], *, ready: Callable[[], bool], end: signal.Signals, **popen: Any) -> Iterator[int]:
    """The process id of a server that is ready; it has ended when the block has, however the block ends."""
    end_with_us = die_with_parent(os.getpid())
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=end_with_us, **popen)  # noqa: PLW1509
        try:
            deadline = time.monotonic() + 30
            while not ready():
                if server.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"{Path(command[0]).name} did not start:\n{log.read()[-2000:]}")
                time.sleep(0.05)
            yield server.pid
        finally:
            server.send_signal(end)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL cluster that does not run yet: how to start it, and where it then answers."""

    url: str
    command: list[str]
    popen: dict[str, Any]


@contextmanager
def new_cluster() -> Iterator[Cluster]:
    """An empty cluster with fsync on, in a folder that goes when the block ends."""
    programs = postgres_folder()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed")
    rights = as_postgres()
    port, password = free_port(), secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="fitting-room-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "password").write_text(password)
        if rights:
            for path in (folder, folder / "password"):
                os.chown(path, rights["user"], rights["group"])
        subprocess.run(
            [programs / "initdb", "-D", folder / "data", "-U", "fitting", "--pwfile", folder / "password",
             "-A", "scram-sha-256", "-E", "UTF8", "--no-locale"],
            check=True, stdout=subprocess.DEVNULL, cwd=folder, **rights,
        )  # fmt: skip
        settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": name}
        settings |= {"max_connections": 200, "fsync": "on", "log_min_messages": "fatal"}
        command = [str(programs / "postgres"), "-D", str(folder / "data")]
        command += [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        yield Cluster(f"postgresql://fitting:{password}@127.0.0.1:{port}/postgres", command, {"cwd": folder, **rights})


@contextmanager
def private_postgres() -> Iterator[str]:
    """DATABASE_URL of a new, empty cluster that runs."""
    with new_cluster() as cluster:
        url = cluster.url
        with running(cluster.command, ready=lambda: answers(url), end=signal.SIGINT, **cluster.popen):
            yield url


def answers(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def private_redis() -> Iterator[str]:
    """REDIS_URL of a new, empty server that writes nothing to disk."""
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("redis-server is not installed")
    port = free_port()

    def ready() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with tempfile.TemporaryDirectory(prefix="fitting-room-redis-") as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with running(command, ready=ready, end=signal.SIGTERM, cwd=folder):
            yield f"redis://127.0.0.1:{port}/0"
