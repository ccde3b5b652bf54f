"""`python -m benchmarks.bench_lead_pages [JUDGMENTS ...]`: what the pages cost that a lead opens every few minutes.

For each size and database: a campaign that was worked in for a month, each page through Django's client, logged in as
its lead, the middle of several turns; beside it one bare query, ``COUNT(*)`` of the judgments, in turn with the pages.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.databases import ENGINES, JUDGMENTS, Source

if TYPE_CHECKING:
    from django.test import Client

TURNS = 5
STUDY, CAMPAIGN = "/s/benchmark/", "/s/benchmark/c/benchmark/"
PAGES = {
    "start page": "/",
    "study, its campaigns": STUDY,
    "campaign": CAMPAIGN,
    "campaign, last items": f"{CAMPAIGN}?items=999999",
    "what is missing": f"{CAMPAIGN}missing/",
    "signals": f"{CAMPAIGN}signals/",
    "a rater": f"{CAMPAIGN}raters/b100/",
    "agreement": f"{CAMPAIGN}agreement/",
    "flags and notes": f"{CAMPAIGN}remarks/",
    "rules": f"{CAMPAIGN}rules/",
    "screening": f"{CAMPAIGN}screening/",
    "pick a check": f"{CAMPAIGN}screening/pick/",
    "recruitment": f"{CAMPAIGN}recruitment/",
    "releases": f"{STUDY}releases/",
    "dataset": f"{STUDY}dataset/",
    "runs": f"{STUDY}runs/",
    "corpora": f"{STUDY}corpora/",
}


class Cost(NamedTuple):
    """Milliseconds, and how many times those of the bare query."""

    page: str
    milliseconds: float
    ratio: float
    queries: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("judgments", type=int, nargs="*", default=[1_000_000])
    parser.add_argument("--measure", action="store_true", help="measure the database of the environment")
    parser.add_argument("--databases", nargs="+", choices=ENGINES, default=["postgresql"])
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(measured()))
        return
    print("| database | judgments | page | ms | to the bare query | queries |\n|---|---|---|---|---|---|")
    for name in chosen.databases:
        for judgments in chosen.judgments:
            for cost in _of_size(name, judgments):
                print(_line(name, judgments, cost), flush=True)


def _of_size(engine: str, judgments: int) -> list[Cost]:
    with (
        TemporaryDirectory(prefix="fitting-room-bench-", ignore_cleanup_errors=True) as folder,
        ENGINES[engine](Path(folder)) as source,
    ):
        source.fill(judgments)
        return _asked(source)


def _asked(source: Source) -> list[Cost]:
    command = [sys.executable, "-m", "benchmarks.bench_lead_pages", "--measure"]
    with source.copy() as environment:
        done = subprocess.run(command, env=os.environ | environment, check=True, capture_output=True, text=True)
    return [Cost(*row) for row in json.loads(done.stdout.splitlines()[-1])]


def _line(database: str, judgments: int, cost: Cost) -> str:
    return (
        f"| {database} | {judgments:,} | {cost.page} | {cost.milliseconds:,.0f} | {cost.ratio:.1f} | {cost.queries} |"
    )


def measured() -> list[Cost]:
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from benchmarks.lived import live_in

    settings.ALLOWED_HOSTS = ["testserver"]
    live_in()
    client = _lead()

    def opened(address: str) -> None:
        reply = client.get(address)
        assert reply.status_code == 200, (address, reply.status_code)

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute(JUDGMENTS)
            cursor.fetchone()

    taken: dict[str, list[float]] = defaultdict(list)
    queries = {}
    for name, address in PAGES.items():
        with CaptureQueriesContext(connection) as captured:
            opened(address)  # once for what is imported or rendered at the first call
        queries[name] = len(captured)
    for _ in range(TURNS):
        taken["bare"].append(_milliseconds(bare))
        for name, address in PAGES.items():
            taken[name].append(_milliseconds(partial(opened, address)))
    least = median(taken["bare"])
    rows = [Cost("(the bare query)", least, 1.0, 1)]
    return rows + [Cost(name, median(taken[name]), median(taken[name]) / least, queries[name]) for name in PAGES]


def _lead() -> Client:
    from django.test import Client

    from annotation.domain.rolling import roll_up
    from annotation.domain.signals import campaigns_to_keep, keep_signals
    from annotation.models import Campaign
    from studies.models import Membership, User

    campaign = Campaign.objects.select_related("study").get()
    roll_up(campaign=campaign)
    if campaigns_to_keep():  # as the worker does, of a large campaign
        keep_signals(campaign=campaign)
    user = User.objects.create(username="lead-of-the-benchmark")
    Membership.objects.create(study=campaign.study, user=user, role="lead")
    client = Client()
    client.force_login(user)
    return client


def _milliseconds(act: Callable[[], object]) -> float:
    begun = perf_counter()
    act()
    return 1000 * (perf_counter() - begun)


if __name__ == "__main__":
    main()
