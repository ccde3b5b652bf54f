"""What a release of many judgments costs beside a bare COPY of the same rows: python -m benchmarks.bench_release.

A private PostgreSQL is filled with 10^5 judgments, ``--full`` 10^6. Then, in turns and each in a process of its own:
COPY (the judgments, joined with all that the release says of them, in its order) TO STDOUT as CSV into a file, and the
release's writing of the same table. Last the whole release and its verification. Peaks are of the whole process, CPU is
this process's and not the database's. What it prints is Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.bench_rating import machine
from benchmarks.databases import PostgreSQL
from tests.services import private_postgres

QUICK, FULL = 100_000, 1_000_000
TURNS = 3
MOST_MB, MOST_RATIO = 300, 3

# Public ids as long as real ones, units that name their parts, times that differ.
TOKENS = "substr(md5({0}), 1, 26)"
SOUND = (
    *(
        f"UPDATE {table} SET public_id = {TOKENS.format('public_id')}"
        for table in ("pipeline_person", "pipeline_prompt", "pipeline_attribute", "annotation_item")
    ),
    f"UPDATE annotation_assignment SET public_id = {TOKENS.format('public_id')}, "
    "claimed_at = claimed_at - id * interval '1.000007 second', "
    "submitted_at = submitted_at - id * interval '1 second', seconds = 20 + id % 500 / 7.0",
    "UPDATE annotation_question SET unit_key = 'r:' || a.public_id || ':' || p.public_id "
    "FROM pipeline_attribute a, pipeline_prompt p WHERE a.id = attribute_id AND p.id = prompt_id",
    "VACUUM (ANALYZE)",
)
# The bare one: the same rows in the same order, with the joins that they need and nothing computed.
BARE = """
COPY (
    SELECT q.unit_key, q.instrument, a.public_id, p.public_id, pair.public_id, c.public_id, i.public_id, s.public_id,
        w.pseudonym, r.kind, j.value, j.reason, s.side, q.position, i.role, seat.number, s.state, s.claimed_at,
        s.submitted_at, s.seconds, j.made_at, j.erased_at, v.number, v.value, v.reason, v.made_at
    FROM annotation_judgment j
    JOIN annotation_question q ON q.id = j.question_id
    JOIN pipeline_attribute a ON a.id = q.attribute_id
    LEFT JOIN pipeline_prompt p ON p.id = q.prompt_id
    LEFT JOIN pipeline_responsepair pair ON pair.id = q.pair_id
    JOIN annotation_assignment s ON s.id = j.assignment_id
    JOIN annotation_campaign c ON c.id = s.campaign_id
    JOIN annotation_item i ON i.id = s.item_id
    LEFT JOIN annotation_seat seat ON seat.id = s.seat_id
    JOIN annotation_rater r ON r.id = j.rater_id
    JOIN annotation_participant w ON w.id = r.participant_id
    LEFT JOIN annotation_revision v ON v.judgment_id = j.id
    ORDER BY q.unit_key COLLATE "C", c.public_id COLLATE "C", w.pseudonym COLLATE "C", s.public_id COLLATE "C", v.number
) TO STDOUT (FORMAT csv)
"""


class Measured(NamedTuple):
    seconds: float
    cpu: float
    peak_mb: float
    bytes: int


def copy_bare(folder: Path) -> int:
    from django.db import connection

    path = folder / "judgments.csv"
    with path.open("wb") as sink, connection.cursor() as cursor, cursor.copy(BARE) as copy:
        for piece in copy:
            sink.write(piece)
    return path.stat().st_size


def write_judgments(folder: Path) -> int:
    from annotation.releases.files import DATA, TableWriter
    from annotation.releases.snapshot import snapshot
    from annotation.releases.tables.judgments import judgments
    from annotation.releases.tables.scope import Scope
    from studies.models import Study

    (folder / DATA).mkdir()
    with snapshot(), TableWriter(folder, "judgments") as writer:
        for frame in judgments(Scope(Study.objects.get())):
            writer.add(frame)
    return _size(folder)


def make_whole(folder: Path) -> int:
    from annotation.releases.write import make_release
    from studies.models import Study

    make_release(study=Study.objects.get(), out=folder / "release")
    return _size(folder / "release")


def verify_whole(folder: Path) -> int:
    from annotation.releases.verify import verify_release

    problems = verify_release(folder / "release")
    if problems:
        raise SystemExit("\n".join(problems))
    return 0


PARTS: dict[str, Callable[[Path], int]] = {
    "bare": copy_bare,
    "judgments": write_judgments,
    "release": make_whole,
    "verify": verify_whole,
}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def part(name: str, folder: Path) -> None:
    """In a process of its own: prints what it measured."""
    import django

    django.setup()
    import annotation.releases.write  # noqa: F401 -- what is imported once is no cost of a row

    before, cpu = time.perf_counter(), time.process_time()
    size = PARTS[name](folder)
    seconds, cpu = time.perf_counter() - before, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps(Measured(seconds, cpu, peak, size)))


def measured(name: str, folder: Path, environment: dict[str, str]) -> Measured:
    command = [sys.executable, "-m", "benchmarks.bench_release", "--part", name, str(folder)]
    done = subprocess.run(command, env=os.environ | environment, check=True, stdout=subprocess.PIPE)
    return Measured(*json.loads(done.stdout))


def measure(judgments: int, folder: Path, url: str) -> None:
    source = PostgreSQL(folder, url)
    source.fill(judgments)
    environment = source.filled
    _make_sound(environment)
    turns = [_turn(number, folder, environment) for number in range(TURNS)]
    whole, check = (measured(name, folder, environment) for name in ("release", "verify"))
    _report(source.judgments(environment), turns, whole, check)


def _turn(number: int, folder: Path, environment: dict[str, str]) -> tuple[Measured, Measured]:
    """COPY and ours, one after the other; what they wrote is removed."""
    pair = []
    for name in ("bare", "judgments"):
        place = folder / f"{name}-{number}"
        place.mkdir()
        pair.append(measured(name, place, environment))
        shutil.rmtree(place)
    return pair[0], pair[1]


def _report(stored: int, turns: list[tuple[Measured, Measured]], whole: Measured, check: Measured) -> None:
    bare, ours = ([pair[place] for pair in turns] for place in range(2))
    ratios = sorted(each.seconds / other.seconds for other, each in turns)
    rows = [
        (
            f"judgments / COPY to CSV, median of {TURNS} turns",
            f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})",
            f"under {MOST_RATIO}",
            f"{_span(bare)} s against {_span(ours)} s, {median(each.cpu for each in ours):.1f} s of CPU",
        ),
        ("peak MB of writing them", f"{max(each.peak_mb for each in ours):.0f}", f"under {MOST_MB}", ""),
        ("peak MB of the whole release, verified", f"{whole.peak_mb:.0f}", f"under {MOST_MB}", _costs(whole)),
        ("peak MB of verify_release", f"{check.peak_mb:.0f}", f"under {MOST_MB}", _costs(check)),
    ]
    _say(f"| {stored:,} judgments | measured | goal | |\n|---|---|---|---|")
    for row in rows:
        _say(f"| {' | '.join(row)} |")


def _span(parts: list[Measured]) -> str:
    seconds = sorted(each.seconds for each in parts)
    return f"{seconds[0]:.1f} to {seconds[-1]:.1f}"


def _costs(part: Measured) -> str:
    size = f", {part.bytes / 2**20:.0f} MB on disk" if part.bytes else ""
    return f"{part.seconds:.0f} s, {part.cpu:.0f} s of CPU{size}"


def _make_sound(environment: dict[str, str]) -> None:
    import psycopg

    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
        for statement in SOUND:
            connection.execute(statement)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help=f"{FULL:,} judgments instead of {QUICK:,}")
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        part(options.part[0], Path(options.part[1]))
        return
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, private_postgres() as url:
        measure(FULL if options.full else QUICK, Path(folder), url)
    _say(machine(load))


if __name__ == "__main__":
    main()
