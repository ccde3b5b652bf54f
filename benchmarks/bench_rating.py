"""How many submits a second, beside the least that they could cost: `make bench`, python -m benchmarks.bench_rating.

Closed loop, no think time: every rater sends its six answers as soon as it has the page; the reply is the next page.
The product, a bare WSGI handler under the same gunicorn, and pgbench run the same work on the same database in turn,
several times over, so that whatever else the machine does hits all three; each figure is the median of its turns.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks import databases, driver, floors, table
from benchmarks.material import GOLD, LIVE, QUESTIONS
from benchmarks.servers import serving

QUICK = ((1000, 100_000), (1, 32))
FULL = ((1000, 100_000, 1_000_000), (1, 8, 32))
BARE_RATER, PGBENCH_RATER = LIVE + 1, 2 * LIVE + 1  # keys of the raters that play for the floors


def main(words: list[str]) -> int:
    options = options_of(words)
    began, load = time.monotonic(), os.getloadavg()[0]
    rows: list[table.Row] = []
    with tempfile.TemporaryDirectory(prefix="fitting-room-bench-", ignore_cleanup_errors=True) as name:
        os.chmod(name, 0o711)  # the postgres user has a folder of its own inside
        os.environ["TMPDIR"] = tempfile.tempdir = name
        for engine in options.databases:
            with databases.ENGINES[engine](Path(name)) as source:
                for size in options.sizes:
                    source.fill(size, options.gold)
                    queries = queries_of_a_submit(source)
                    for raters in options.raters:
                        rows.append(measure(source, size, raters, queries, options))
                        print(table.line(rows[-1]), flush=True)
    print(f"\n{table.drawn(rows)}\n\n{(notes := machine(load))}; {time.monotonic() - began:.0f} s")
    if options.json:
        figures = [asdict(row) for row in rows]
        options.json.write_text(json.dumps({"machine": notes, "rows": figures}, indent=1) + "\n")
        print(f"Written: {options.json}")
    return 0


def options_of(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="10^3, 10^5, 10^6 judgments at 1, 8 and 32 raters")
    parser.add_argument("--sizes", type=int, nargs="+", help="stored judgments")
    parser.add_argument("--raters", type=int, nargs="+")
    parser.add_argument("--databases", nargs="+", choices=databases.ENGINES, default=list(databases.ENGINES))
    parser.add_argument("--gold", type=int, default=GOLD, help="gold items in the campaign, one due in every ten")
    parser.add_argument("--seconds", type=float, default=4.0, help="of one turn")
    parser.add_argument("--turns", type=int, default=0, help="of each of the three (2, with --full 3)")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args(words)
    sizes, raters = FULL if options.full else QUICK
    options.sizes, options.raters = options.sizes or sizes, options.raters or raters
    options.turns = options.turns or (3 if options.full else 2)
    return options


def queries_of_a_submit(source: databases.Source) -> int:
    """Counted in one process, on a copy of its own."""
    with source.copy() as environment:
        command = [sys.executable, "-m", "benchmarks.queries"]
        return int(subprocess.check_output(command, env=os.environ | environment, text=True))


def measure(source: databases.Source, size: int, raters: int, queries: int, options: argparse.Namespace) -> table.Row:
    """One line of the table, on a fresh copy of the filled database."""
    with source.copy() as environment, servers_on(environment) as ports:
        cookies = [driver.log_in(ports["product"], number) for number in range(raters)]
        seats = {"product": [driver.Seat(ports["product"], number, cookies[number]) for number in range(raters)]}
        if "bare" in ports:
            campaign = databases.campaign_in(environment["DATABASE_URL"])
            seats["bare"] = [
                driver.Seat(ports["bare"], BARE_RATER + number, campaign=campaign) for number in range(raters)
            ]
        turns: dict[str, list[table.Turn]] = {"product": [], "bare": []}
        pgbench: list[float] = []
        before, sent = source.judgments(environment), 0
        for _ in range(options.turns):
            for kind, group in seats.items():
                latencies, acknowledged = driver.drive(kind, group, options.seconds)
                turns[kind].append(table.Turn.of(latencies, options.seconds))
                sent += acknowledged - (raters if kind == "bare" else 0)  # the first bare request holds nothing yet
            if "bare" in ports:
                folder = Path(environment["DATA_DIR"])
                url = environment["DATABASE_URL"]
                pgbench.append(floors.pgbench(url, campaign, PGBENCH_RATER, raters, min(2, options.seconds), folder))
        if not pgbench and source.judgments(environment) != before + sent * QUESTIONS:
            raise driver.Refused("what was acknowledged is not what is stored")
    return table.Row.of(source.name, size, raters, queries, turns["product"], turns["bare"], pgbench)


@contextmanager
def servers_on(environment: dict[str, str]) -> Iterator[dict[str, int]]:
    """Ports of the product and, where there is a PostgreSQL for it, of the bare handler."""
    with ExitStack() as stack:
        ports = {"product": stack.enter_context(serving("config.wsgi", environment))}
        if environment.get("DATABASE_URL"):
            ports["bare"] = stack.enter_context(serving("benchmarks.bare", environment))
        yield ports


def machine(load: float) -> str:
    names = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    return (
        f"{len(names)} x {names[0] if names else platform.processor()}, Python {platform.python_version()}, "
        f"WEB_WORKERS={os.environ.get('WEB_WORKERS', 'by default')}, "
        f"load before {load:.1f}, after {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
