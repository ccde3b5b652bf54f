"""`manage.py serve` with real processes, on whatever database and broker the session has."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.management.commands import serve
from tests.processes import ROOT, alive, manage, own_environment, processes_on, until
from tests.services import free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes through /proc")


class Copy:
    """A running `manage.py serve`, its output read as it comes."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.data_dir = Path(environment["DATA_DIR"])
        self.output = ""
        command = [sys.executable, "manage.py", "serve"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line

    def wait_until_announced(self) -> Copy:
        until(lambda: "Fitting Room is at" in self.output or self.process.poll() is not None, seconds=180)
        assert self.process.poll() is None, self.output
        return self

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", int(self.environment["PORT"]), timeout=20)
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()

    def ids(self, words: str) -> list[int]:
        def words_of(number: int) -> str:
            return Path(f"/proc/{number}/cmdline").read_text().replace("\0", " ")

        return [number for number in processes_on(self.data_dir) if re.search(words, words_of(number))]


@pytest.fixture
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """With its tables; a test marked ``from_nothing`` begins without."""
    with own_environment(tmp_path / "data", migrated=getattr(request, "param", True)) as variables:
        yield variables


from_nothing = pytest.mark.parametrize("environment", [False], indirect=True, ids=["from-nothing"])


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[[], Copy]]:
    copies: list[Copy] = []

    def begin() -> Copy:
        copies.append(Copy(environment))
        return copies[-1]

    yield begin
    for copy in copies:  # at once: how it ends when it is asked to is a test of its own
        copy.process.kill()
        copy.process.wait(30)


@from_nothing
def test_serve_makes_everything_outlives_its_web_process_and_ends_whole(start: Callable[[], Copy]) -> None:
    copy = start().wait_until_announced()
    assert "The database is ready." in copy.output
    assert f"http://localhost:{copy.environment['PORT']}/" in copy.output
    assert copy.get("/healthz") == (200, "ok\n")
    until(lambda: len(copy.ids("celery")) >= 4)  # worker, its two processes, clock

    second = manage(copy.environment | {"PORT": str(free_port())}, "serve")
    assert second.returncode == 1
    assert f"{copy.data_dir} is in use by process {copy.process.pid}" in second.stderr

    for number in copy.ids("gunicorn"):
        if alive(number):
            os.kill(number, signal.SIGKILL)
    assert copy.get("/healthz") == (200, "ok\n")  # waits in the listening socket, which the supervisor keeps
    assert "web ended" in copy.output

    copy.process.send_signal(signal.SIGINT)
    assert copy.process.wait(30) == 0
    assert processes_on(copy.data_dir) == []


def test_serve_killed_leaves_no_process_and_no_lock_and_keeps_the_data(start: Callable[[], Copy]) -> None:
    copy = start().wait_until_announced()
    until(lambda: len(copy.ids("celery")) >= 4)
    copy.process.kill()
    copy.process.wait()
    until(lambda: processes_on(copy.data_dir) == [])
    again = start().wait_until_announced()
    assert "ready" not in again.output  # no table, no static file made anew
    again.process.terminate()
    assert again.process.wait(30) == 0
    assert processes_on(again.data_dir) == []


@from_nothing
def test_serve_taken_port_is_named_before_anything_is_made(environment: dict[str, str], tmp_path: Path) -> None:
    from config.locks import listen_on

    with listen_on("127.0.0.1", int(environment["PORT"])):
        refused = manage(environment, "serve")
    assert refused.returncode == 1
    assert f"port {environment['PORT']} on 127.0.0.1 is taken" in refused.stderr
    assert not (tmp_path / "data" / "fitting-room.sqlite3").exists()
    assert not (tmp_path / "data" / "static").exists()
    if "DATABASE_URL" in environment:
        assert "[ ]" in manage(environment, "showmigrations", "contenttypes").stdout


def test_serve_unreachable_database_is_said(environment: dict[str, str]) -> None:
    url = f"postgresql://me:hidden@127.0.0.1:{free_port()}/nowhere"
    refused = manage(environment | {"DATABASE_URL": url}, "serve")
    assert refused.returncode == 1
    assert "the database does not answer" in refused.stderr
    assert "hidden" not in refused.stdout + refused.stderr


def test_serve_has_a_worker_of_local_models_where_their_environment_is_complete(tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR, settings.LOCAL_WORKERS = tmp_path, 2
    assert serve.local_worker(0) == []
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/models.txt").write_text("transformers==1\n")
    (tmp_path / "requirements/torch.txt").write_text("torch==1\n")
    (tmp_path / ".venv-models/bin").mkdir(parents=True)
    python = tmp_path / ".venv-models/bin/python"
    python.touch()
    (tmp_path / ".venv-models/installed.txt").write_text("transformers==0\ntorch==1\n")
    assert serve.local_worker(0) == []  # of another lock, so that it might lack something: it is not tried
    (tmp_path / ".venv-models/installed.txt").write_text("transformers==1\ntorch==1\n")
    [service] = serve.local_worker(0)
    assert " ".join(service.command).startswith(str(python))
    assert "-Q local --hostname local@%h --concurrency 2" in " ".join(service.command)
    settings.LOCAL_WORKERS = 0
    assert serve.local_worker(0) == []
