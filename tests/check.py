"""`make check`: format, lint, types, the arrows between the rooms, missing migrations; all run, whatever fails."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config.supervisor import die_with_parent

CHECKS = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["python", "-m", "mypy", "."],  # so that tests is ours: packages bring some of their own
    "arrows": ["lint-imports"],
    "migrations": ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
}


def run_checks() -> list[str]:
    """The names of the checks that failed; what they said is printed, what passed is one line."""
    programs = Path(sys.executable).parent
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    failed = []
    end_with_us = die_with_parent(os.getpid())
    for name, (program, *words) in CHECKS.items():
        began = time.monotonic()
        done = subprocess.run(
            [programs / program, *words], check=False, env=environment, capture_output=True, text=True,
            preexec_fn=end_with_us,
        )  # fmt: skip
        print(f"{name:<10} {'failed' if done.returncode else 'passed'} ({time.monotonic() - began:.0f} s)", flush=True)
        if done.returncode:
            print(done.stdout, done.stderr, sep="", flush=True)
            failed.append(name)
    return failed


def note(failed: list[str]) -> None:
    """Under `make test`: a line for its closing lines."""
    if "TEST_NOTES" in os.environ:
        with Path(os.environ["TEST_NOTES"]).open("a") as notes:
            notes.write(f"checks: {'FAILED: ' + ', '.join(failed) if failed else 'passed'}\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="fitting-room-") as folder:
        os.environ["TMPDIR"] = folder  # mypy leaves the data folder of the test settings behind
        found = run_checks()
    note(found)
    sys.exit(1 if found else 0)
