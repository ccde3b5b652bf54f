"""`make soak`: the trials of tests/faults again and again, with new seeds and more kills each time.

ROUNDS (4) or SECONDS say when to end, SEED what to begin with, DATABASES (sqlite,postgresql) on what. A round is one
trial of each kind on one database. Exit status 1 as soon as something is found; the logs of that trial are kept.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.faults.killing import killed_anywhere
from tests.faults.releasing import release_killed_anywhere
from tests.faults.trial import Report, Size, all_dying, clean, many_at_once, strikes_for


def main() -> int:
    rounds, seconds = int(os.environ.get("ROUNDS") or 0), float(os.environ.get("SECONDS") or 0)
    rounds = rounds or (0 if seconds else 4)
    seed = os.environ.get("SEED") or secrets.token_hex(3)
    databases = (os.environ.get("DATABASES") or "sqlite,postgresql").split(",")
    for name in ("DATABASE_URL", "REDIS_URL", "DATA_DIR"):
        os.environ.pop(name, None)
    total: Counter[str] = Counter()
    began, number = time.monotonic(), 0
    while (not rounds or number < rounds) and (not seconds or time.monotonic() - began < seconds):
        postgres = databases[number % len(databases)] == "postgresql"
        for report, folder in trials(f"{seed}-{number}", postgres=postgres, redis=number // 2 % 2 == 0):
            print(report, flush=True)
            total.update(report.figures)
            if report.problems:
                print(f"logs and databases are in {folder}")
                return 1
            clean(folder)
        number += 1
    print(f"\n{number} rounds, {time.monotonic() - began:.0f} s, nothing found")
    print(", ".join(f"{name} {count}" for name, count in total.items()))
    return 0


def trials(seed: str, *, postgres: bool, redis: bool) -> Iterator[tuple[Report, Path]]:
    """``redis`` is for the run that is killed; the raters' trial has one beside each PostgreSQL."""
    races, kills, runs, releases = (Path(tempfile.mkdtemp(prefix="fitting-room-soak-")) for _ in range(4))
    yield many_at_once(races, seed, postgres=postgres, size=Size(raters=32, items=20)), races
    strikes = strikes_for(seed, postgres=postgres, more=6)
    yield all_dying(kills, seed, postgres=postgres, size=Size(12, 60), units=200, strikes=strikes), kills
    yield killed_anywhere(runs, seed, postgres=postgres, redis=redis), runs
    yield release_killed_anywhere(releases, seed, postgres=postgres), releases


if __name__ == "__main__":
    sys.exit(main())
