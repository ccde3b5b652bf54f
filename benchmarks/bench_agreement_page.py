"""`python -m benchmarks.bench_agreement_page [JUDGMENTS ...]`: what agreement so far costs to count and to look at.

For each size and database: the worker's roll-up, its look for campaigns that have changed, and the page as a researcher
gets it (through Django's client, logged in), each the middle of several turns.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.databases import ENGINES

TURNS = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("judgments", type=int, nargs="*", default=[10_000, 1_000_000])
    parser.add_argument("--measure", action="store_true", help="measure the database of the environment")
    parser.add_argument("--database", choices=ENGINES, action="append")
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(measured()))
        return
    print("| database | judgments | roll-up, ms | what changed, ms | page, ms | queries |\n|---|---|---|---|---|---|")
    for name in chosen.database or ENGINES:
        for judgments in chosen.judgments:
            with TemporaryDirectory(prefix="fitting-room-bench-") as folder:
                found = _of_size(name, Path(folder), judgments)
            print(f"| {name} | {judgments:,} | {found} |", flush=True)


def _of_size(engine: str, folder: Path, judgments: int) -> str:
    with ENGINES[engine](folder) as source:
        source.fill(judgments)
        with source.copy() as environment:
            return _asked(environment)


def _asked(environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "benchmarks.bench_agreement_page", "--measure"]
    done = subprocess.run(command, env=os.environ | environment, check=True, capture_output=True, text=True)
    numbers = json.loads(done.stdout.splitlines()[-1])
    return " | ".join(f"{number:,.0f}" for number in numbers)


def measured() -> list[float]:
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from annotation.domain.rolling import campaigns_to_roll_up, roll_up
    from annotation.models import Campaign
    from studies.models import Membership, User

    settings.ALLOWED_HOSTS = ["testserver"]
    with connection.cursor() as cursor:  # answers that differ: a past in which all say the same has one pattern
        cursor.execute(
            "UPDATE annotation_judgment SET value = CASE WHEN (id * 7919) % 100 < 25 THEN 'yes' ELSE 'no' END"
        )
        cursor.execute("ANALYZE")
    campaign = Campaign.objects.select_related("study").get(slug="benchmark")
    user = User.objects.create(username="researcher-of-the-benchmark")
    Membership.objects.create(study=campaign.study, user=user, role="researcher")
    client = Client()
    client.force_login(user)

    def page() -> None:
        reply = client.get(f"/s/{campaign.study.slug}/c/{campaign.slug}/agreement/")
        assert b"Fleiss" in reply.content

    times = [_middle(lambda: roll_up(campaign=campaign)), _middle(campaigns_to_roll_up), _middle(page)]
    with CaptureQueriesContext(connection) as captured:
        page()
    return [*times, len(captured)]


def _middle(act: Callable[[], object]) -> float:
    """Milliseconds, after one turn that is not counted."""
    act()
    taken = []
    for _ in range(TURNS):
        begun = perf_counter()
        act()
        taken.append(1000 * (perf_counter() - begun))
    return median(taken)


if __name__ == "__main__":
    main()
