"""Servers that tests kill with -9 and start again as they were (Linux)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.processes import ROOT, alive, until
from tests.services import answers, free_port, new_cluster


@dataclass
class Mortal:
    """A server process with all that it started. Where setpriv is installed it dies with the thread that started it."""

    name: str
    command: list[str]
    popen: dict[str, Any]
    ready: Callable[[], bool]
    log: Path = Path(os.devnull)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        # Not by preexec_fn, as elsewhere in the tests: here threads of raters run while processes are started.
        dying = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*dying, *self.command], stdout=log, stderr=log, start_new_session=True, **self.popen
            )
        until(lambda: self.ready() or self.process is None or self.process.poll() is not None)
        assert self.process.poll() is None, f"{self.name} did not start:\n{self.words()}"

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def children(self) -> list[int]:
        assert self.process is not None
        return [number for number in descendants(self.process.pid) if alive(number)]

    def kill(self) -> None:
        """Everything of it at once, and until the last is gone. Stopped first, so that none is born meanwhile."""
        if self.process is None or self.ended():
            return
        os.kill(self.process.pid, signal.SIGSTOP)
        doomed = [*self.children(), self.process.pid]
        for number in doomed:
            kill_one(number)
        self.process.wait()
        until(lambda: not any(map(alive, doomed)))

    def words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.is_file() else ""


def kill_one(number: int) -> None:
    try:
        os.kill(number, signal.SIGKILL)
    except ProcessLookupError:
        return


def descendants(parent: int) -> Iterator[int]:
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    line = [parent]
    while line:
        found = [number for number, above in parents.items() if above == line[0]]
        yield from found
        line = line[1:] + found


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def mortal_postgres(folder: Path) -> Iterator[tuple[Mortal, str]]:
    """A running cluster with fsync on, and its URL."""
    with new_cluster() as cluster:
        server = Mortal("postgres", cluster.command, cluster.popen, lambda: answers(cluster.url), folder / "postgres")
        try:
            server.start()
            yield server, cluster.url
        finally:
            server.kill()


@contextmanager
def mortal_redis(folder: Path) -> Iterator[tuple[Mortal, str]]:
    """A running server that forgets everything when it dies, and its URL."""
    program = shutil.which("redis-server")
    assert program is not None
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = Mortal("redis", command, {"cwd": folder}, lambda: listens(port), folder / "redis")
    try:
        server.start()
        yield server, f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()


def web(environment: dict[str, str], folder: Path) -> Mortal:
    """gunicorn as README.md starts it."""
    command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"]
    port = int(environment["PORT"])
    return Mortal("web", command, {"env": environment, "cwd": ROOT}, lambda: listens(port), folder / "web")


def worker(environment: dict[str, str], folder: Path) -> Mortal:
    words = ["worker", "--concurrency", "2", "--without-mingle", "--without-gossip", "--without-heartbeat"]
    return _celery("worker", [*words, "--loglevel", "WARNING"], environment, folder)


def clock(environment: dict[str, str], folder: Path) -> Mortal:
    words = ["beat", "--pidfile=", "--schedule", str(folder / "clock-schedule"), "--loglevel", "WARNING"]
    return _celery("clock", words, environment, folder)


def _celery(name: str, words: list[str], environment: dict[str, str], folder: Path) -> Mortal:
    """Not waited for: what it has to do waits for it."""
    command = [sys.executable, "-m", "celery", "-A", "tests.faults.hurry", "--quiet", *words]
    return Mortal(name, command, {"env": environment, "cwd": ROOT}, lambda: True, folder / name)
