"""What the machines' side costs beside what it cannot do without: `make bench`, python -m benchmarks.bench_pipeline.

Each line is a ratio of two things measured in turn on this machine, with its goal. ``--full`` takes larger sizes;
``--only NAME ...`` some of the parts. What needs .venv-models says so where that is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.bench_rating import machine
from benchmarks.pipeline_rows import Ratio, table
from tests.processes import own_environment
from tests.services import private_postgres

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / ".venv-models" / "bin" / "python"
NO_MODELS = "needs .venv-models: make venv-models"


def engine(full: bool) -> Iterator[Ratio]:
    """On both databases, one after the other."""
    yield from child("benchmarks.pipeline_engine", full)
    with private_postgres() as url:
        os.environ["DATABASE_URL"] = url
        try:
            yield from child("benchmarks.pipeline_engine", full)
        finally:
            del os.environ["DATABASE_URL"]


def merge(full: bool) -> Iterator[Ratio]:
    if not MODELS.exists():
        yield Ratio("merge / the embedding in it", None, note=NO_MODELS)
        return
    yield from child("benchmarks.pipeline_merge", full, python=str(MODELS))


def imports(full: bool) -> Iterator[Ratio]:
    from benchmarks.pipeline_import import FULL, QUICK, measure

    for size in FULL if full else QUICK:
        row = measure(size)
        note = f"{row.ours.seconds:.1f} s against {row.bare.seconds:.1f} s, peak {row.ours.peak_mb:.0f} MB"
        yield Ratio(f"import / orjson and COPY, {size:,} conversations, PostgreSQL", row.ratio, "<", 2, note)
    yield Ratio(f"its peak memory in MB, {size:,} conversations", row.ours.peak_mb, "<", 500)


def local(full: bool) -> Iterator[Ratio]:
    """benchmarks.pipeline_local by itself has the figures of a GPU too."""
    if not MODELS.exists():
        yield Ratio("local, batches / one by one", None, note=NO_MODELS)
        return
    yield from child("benchmarks.pipeline_local_rows", full, python=str(MODELS))


PARTS: dict[str, Callable[[bool], Iterator[Ratio]]] = {
    "engine": engine,
    "merge": merge,
    "import": imports,
    "local": local,
}


def child(module: str, full: bool, python: str = sys.executable) -> list[Ratio]:
    """The rows that a part prints, run by itself on a database of its own."""
    with tempfile.TemporaryDirectory() as folder, own_environment(Path(folder) / "data", migrated=True) as environment:
        environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "WARNING", "HF_HUB_OFFLINE": "1"}
        command = [python, "-m", module, *(["--full"] if full else [])]
        said = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = next(line for line in said.splitlines() if line.startswith("ROWS "))
    return [Ratio(**row) for row in json.loads(found.removeprefix("ROWS "))]


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="larger sizes; many minutes")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args(words)
    began, load, rows = time.monotonic(), os.getloadavg()[0], []
    with ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="fitting-room-bench-", ignore_cleanup_errors=True)
        )
        os.chmod(folder, 0o711)  # the postgres user has a folder of its own inside
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        for name in options.only:
            for row in PARTS[name](options.full):
                rows.append(row)
                print(row.line(), flush=True)
    print(f"\n{table(rows)}\n\n{machine(load)}; {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
