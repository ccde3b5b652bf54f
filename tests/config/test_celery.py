"""A real worker on the session's broker: files, or Redis in the second round of `make test`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ROOT, manage, own_environment, processes_on, until

SEND = """
from tests.config.probe_tasks import task_note
for number in range({count}):
    task_note.delay(path={path!r}, word=str(number), seconds={seconds})
"""


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    with own_environment(tmp_path / "data") as variables:
        yield variables


@pytest.fixture
def worker(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "celery", "-A", "config", "--quiet", "worker", "--concurrency", "2"]
    command += [
        "--include",
        "tests.config.probe_tasks",
        "--loglevel",
        "WARNING",
        "--without-mingle",
        "--without-gossip",
    ]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    yield process
    process.kill()
    process.wait()


def send(environment: dict[str, str], path: Path, *, count: int, seconds: float = 0) -> None:
    code = SEND.format(count=count, path=str(path), seconds=seconds)
    done = manage(environment, "shell", "--verbosity", "0", "-c", code)
    assert done.returncode == 0, done.stderr


def words_in(path: Path) -> list[str]:
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


def test_celery_worker_does_each_task_once(
    environment: dict[str, str], worker: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    send(environment, notes, count=30)
    until(lambda: len(words_in(notes)) >= 30)
    assert sorted(words_in(notes), key=int) == [str(number) for number in range(30)]


def test_celery_killed_worker_leaves_no_pool_process(
    environment: dict[str, str], worker: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    send(environment, notes, count=2, seconds=60)
    until(lambda: len(words_in(notes)) == 2)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    until(lambda: processes_on(Path(environment["DATA_DIR"])) == [], seconds=10)
