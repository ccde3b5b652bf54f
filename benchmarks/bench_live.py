"""`python -m benchmarks.bench_live [JUDGMENTS ...]`: what a campaign's live state costs to read as frames.

For each size and database, each in a process of its own: the live state of the campaign that has the answers, and that
of a small one beside it in the same study; seconds and the peak of the process's memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.databases import ENGINES, Source

CAMPAIGNS = ("benchmark", "small")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("judgments", type=int, nargs="*", default=[100_000])
    parser.add_argument("--measure", choices=CAMPAIGNS, help="measure the database of the environment")
    parser.add_argument("--databases", nargs="+", choices=ENGINES, default=list(ENGINES))
    options = parser.parse_args()
    if options.measure:
        print(measured(options.measure))
        return
    print("| database | judgments of the study | campaign | its judgments | s | peak MB |\n|---|---|---|---|---|---|")
    for name in options.databases:
        for judgments in options.judgments:
            with TemporaryDirectory(prefix="fitting-room-bench-", ignore_cleanup_errors=True) as folder:
                os.chmod(folder, 0o711)  # the postgres user has a folder of its own inside
                with ENGINES[name](Path(folder)) as source:
                    source.fill(judgments)
                    for campaign in CAMPAIGNS:
                        print(f"| {name} | {judgments:,} | {campaign} | {_asked(source, campaign)} |", flush=True)


def _asked(source: Source, campaign: str) -> str:
    command = [sys.executable, "-m", "benchmarks.bench_live", "--measure", campaign]
    with source.copy() as environment:
        done = subprocess.run(command, env=os.environ | environment, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[-1]


def measured(slug: str) -> str:
    import django

    django.setup()
    from annotation.models import Campaign
    from annotation.releases.live import live_release

    first = Campaign.objects.select_related("study").get(slug="benchmark")
    if slug == "small":
        same = {name: getattr(first, name) for name in ("study", "guideline", "instrument", "origin", "k")}
        Campaign.objects.create(slug=slug, title="Small", **same)
    campaign = Campaign.objects.select_related("study").get(slug=slug)
    begun = perf_counter()
    live = live_release(campaign)
    taken = perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    judgments = live.judgments.select("unit").collect().height
    return f"{judgments:,} | {taken:.2f} | {peak:.0f}"


if __name__ == "__main__":
    main()
