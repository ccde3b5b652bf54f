"""`make test`: the checks, every test on SQLite, and on a private PostgreSQL and Redis again what these can change
(tests/conftest.py says what they cannot); what asks language models in its own process (tests/models) once, where these
are installed, in .venv-models.

Beside the first round run the checks, beside the second the tests of local models; what these print comes after their
round. Exit status 0 when all passed, 1 when not, 2 when a program is missing that only root could install.
TESTS_WORKERS says how many pytest processes share a round (one more than there are cores, four at most).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from config.supervisor import die_with_parent
from tests.packages import install, install_line, missing_packages
from tests.services import private_postgres, private_redis

MODELS = "Local models"


def main(words: list[str]) -> int:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    missing = missing_packages()
    if missing and not install(missing):
        print(f"Missing: {', '.join(missing)}. As root: {install_line(missing)}", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fitting-room-", ignore_cleanup_errors=True))
        os.chmod(folder, 0o711)  # the postgres user has a folder of its own inside
        tempfile.tempdir = os.environ["TMPDIR"] = folder  # whatever a killed process leaves goes with it
        os.environ["TEST_TEMPLATES"] = tempfile.mkdtemp()
        notes = Path(folder) / "notes"
        notes.touch()
        with beside("Checks", [sys.executable, "-m", "tests.check"], notes) as failed_beside:
            compile_once(notes)
            failed = run_round("SQLite", [*pytest_by(sys.executable), *words], notes)
        private = {
            "DATABASE_URL": stack.enter_context(private_postgres()),
            "REDIS_URL": stack.enter_context(private_redis()),
        }
        wanted = not words or any("tests/models" in word for word in words)
        theirs = [word for word in words if not word.startswith("tests/") or word.startswith("tests/models")]
        models = [*pytest_by(".venv-models/bin/python", "1"), *(theirs or ["tests/models"])]
        with beside(MODELS, models if wanted else [], notes) as models_failed:
            failed += run_round("PostgreSQL and Redis", [*pytest_by(sys.executable), *words], notes, private)
        print(f"\n== In short\n{notes.read_text()}", end="", flush=True)
    return 1 if failed or failed_beside or models_failed else 0


def compile_once(notes: Path) -> None:
    """In a fresh clone one process compiles what all of a round import, in the place of each of them for itself."""
    compiled = Path(__file__).parent.glob("__pycache__/conftest.*.pyc")
    if sys.dont_write_bytecode or any(compiled):
        return
    command = [sys.executable, "-m", "pytest", "--collect-only", "-qq"]
    with (
        tempfile.TemporaryFile("w+") as said,
        started("Compiling", command, notes, {"TEST_NOTES": ""}, said) as process,
    ):
        process.wait()  # what is wrong with a test, its round says


def pytest_by(python: str, workers: str = "") -> list[str]:
    workers = os.environ.get("TESTS_WORKERS") or workers or str(min(4, len(os.sched_getaffinity(0)) + 1))
    return [python, "-m", "pytest", "-n", workers, "--dist", "worksteal"]


@contextmanager
def beside(title: str, command: list[str], notes: Path) -> Iterator[list[str]]:
    """Runs the command while the block runs. What it printed is printed after both; the list then holds the title if it
    failed."""
    failed: list[str] = []
    if not command:
        yield failed
        return
    with tempfile.TemporaryFile("w+") as said, started(title, command, notes, output=said) as process:
        yield failed
        if process.wait():
            failed.append(title)
        said.seek(0)
        print(f"\n== {title}\n{said.read()}", end="", flush=True)


def run_round(title: str, command: list[str], notes: Path, more: dict[str, str] | None = None) -> list[str]:
    """The title if a test failed. ``notes`` collects one line per round; conftest.py repeats the earlier ones."""
    print(f"\n== Tests on {title}", flush=True)
    with started(title, command, notes, more) as pytest:
        return [title] if pytest.wait() else []


@contextmanager
def started(
    title: str, command: list[str], notes: Path, more: dict[str, str] | None = None, output: IO[str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A round's process, which has ended when the block has."""
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "DATA_DIR")}
    clean |= {"TEST_ROUND": title, "TEST_NOTES": str(notes)} | (more or {})
    # A session of its own: Ctrl-C reaches this process alone, and pytest gets one signal to end by, not two.
    end_with_us = die_with_parent(os.getpid())
    process = subprocess.Popen(
        command,
        env=clean,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=end_with_us,  # noqa: PLW1509
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def leave(number: int, frame: FrameType | None) -> None:
    """The first signal leaves by an exception, so that every with-block ends its servers; more change nothing."""
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
