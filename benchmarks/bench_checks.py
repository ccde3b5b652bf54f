"""`python -m benchmarks.bench_checks [GOLD ...]`: what choosing a check costs, by how many the campaign has.

One process, sixteen raters in turn, one gold item in every ten: processor time of a submit with the claim after it, in
the database's process and in Python, and the middle time of those that work follows and those that a check follows.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from benchmarks.databases import ENGINES
from benchmarks.material import QUESTIONS, rater_name

STORED = 1000  # judgments
RATERS = 16
HEAD = (
    "| database | gold items | submits | database's CPU, ms | Python's CPU, ms | work next, ms | gold next, ms |\n"
    "|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=int, nargs="*", default=[60, 500])
    parser.add_argument("--measure", action="store_true", help="measure the database of the environment")
    parser.add_argument("--submits", type=int, default=3000)
    parser.add_argument("--databases", nargs="+", choices=ENGINES, default=["postgresql"])
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measured(options.submits)))
        return
    print(HEAD)
    for name in options.databases:
        for gold in options.gold:
            with TemporaryDirectory(prefix="fitting-room-bench-", ignore_cleanup_errors=True) as folder:
                os.chmod(folder, 0o711)  # the postgres user has a folder of its own inside
                figures = _of(name, Path(folder), gold, options.submits)
            print(f"| {name} | {gold} | {options.submits:,} | {figures} |", flush=True)


def _of(engine: str, folder: Path, gold: int, submits: int) -> str:
    with ENGINES[engine](folder) as source:
        source.fill(STORED, gold)
        with source.copy() as environment:
            command = [sys.executable, "-m", "benchmarks.bench_checks", "--measure", "--submits", str(submits)]
            done = subprocess.run(command, env=os.environ | environment, check=True, capture_output=True, text=True)
    return " | ".join(f"{each:.2f}" for each in json.loads(done.stdout.splitlines()[-1]))


def measured(submits: int) -> list[float]:
    import django

    django.setup()
    from annotation.domain.assignment import claim_assignment
    from annotation.domain.handing_in import hand_in
    from annotation.domain.judging import Answer, Submission
    from annotation.models import Assignment, Rater
    from studies.permissions import RATES

    names = [rater_name(number) for number in range(RATERS)]
    raters = Rater.objects.select_related("participant__user").filter(participant__user__username__in=names)
    hands = [(rater.participant.user, claim_assignment(rater=rater)) for rater in raters]
    held = [(user, first.token) for user, first in hands if user and first]
    answers = {place: Answer("yes") for place in range(QUESTIONS)}
    taken: dict[str, float] = {}  # by the token of the item that came next
    database, python = _database_cpu(), process_time()
    for number in range(submits):
        user, token = held[number % RATERS]
        begun = perf_counter()
        submission = Submission(f"key-{number}", answers, seconds=30.5)
        handed = hand_in(user=user, roles=RATES, token=token, submission=submission)
        assert handed
        assert handed.following, "nothing came next"
        taken[handed.following.token] = perf_counter() - begun
        held[number % RATERS] = user, handed.following.token
    spent = [_database_cpu() - database, process_time() - python]
    checks = set(Assignment.objects.filter(token__in=taken, item__role="gold").values_list("token", flat=True))
    middles = [median(taken[token] for token in tokens) for tokens in (taken.keys() - checks, checks)]
    return [*(1000 * each / submits for each in spent), *(1000 * each for each in middles)]


def _database_cpu() -> float:
    """Seconds that the connection's server process has computed; 0 where the database is a part of this one."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")  # utime, stime


if __name__ == "__main__":
    main()
