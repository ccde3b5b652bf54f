"""`make test`: the checks, then every test twice, on SQLite and on a private PostgreSQL and Redis. Between
the two, what asks language models in its own process (tests/models) runs where these are installed, in .venv-models.

Exit status 0 when all passed, 1 when not, 2 when a program is missing that only root could install. TESTS_WORKERS says
how many pytest processes work side by side (2).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from config.supervisor import die_with_parent
from tests.check import run_checks
from tests.packages import install, install_line, missing_packages
from tests.services import private_postgres, private_redis


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
        failed = run_checks()
        notes = Path(folder) / "notes"
        notes.write_text(f"checks: {'FAILED: ' + ', '.join(failed) if failed else 'passed'}\n")
        if run_pytest("SQLite", {}, notes, words):
            failed.append("SQLite")
        if (not words or any("tests/models" in word for word in words)) and run_models(notes, words):
            failed.append("local models")
        private = {
            "DATABASE_URL": stack.enter_context(private_postgres()),
            "REDIS_URL": stack.enter_context(private_redis()),
        }
        if run_pytest("PostgreSQL and Redis", private, notes, words):
            failed.append("PostgreSQL")
    return 1 if failed else 0


def run_pytest(title: str, environment: dict[str, str], notes: Path, words: list[str]) -> int:
    return run_round(title, [*pytest_by(sys.executable), *words], environment, notes)


def run_models(notes: Path, words: list[str]) -> int:
    return run_round("Local models", [*pytest_by(".venv-models/bin/python"), *(words or ["tests/models"])], {}, notes)


def pytest_by(python: str) -> list[str]:
    return [python, "-m", "pytest", "-n", os.environ.get("TESTS_WORKERS", "2"), "--dist", "worksteal"]


def run_round(title: str, command: list[str], environment: dict[str, str], notes: Path) -> int:
    """pytest's exit status. ``notes`` collects one line per round; conftest.py repeats the earlier ones at the end."""
    print(f"\n== Tests on {title}", flush=True)
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "DATA_DIR")}
    clean |= environment | {"TEST_ROUND": title, "TEST_NOTES": str(notes)}
    # A session of its own: Ctrl-C reaches this process alone, and pytest gets one signal to end by, not two.
    end_with_us = die_with_parent(os.getpid())
    pytest = subprocess.Popen(command, env=clean, start_new_session=True, preexec_fn=end_with_us)  # noqa: PLW1509
    try:
        return pytest.wait()
    except BaseException:
        pytest.terminate()
        pytest.wait()
        raise


def leave(number: int, frame: FrameType | None) -> None:
    """The first signal leaves by an exception, so that every with-block ends its servers; more change nothing."""
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
