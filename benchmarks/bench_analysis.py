"""What the analysis costs: scripts/bench analysis, or python -m benchmarks.bench_analysis.

    report     the report on the study's size (18,969 judgments, five models, two baselines) against the bare library
               calls for its figures: scikit-learn, scipy, krippendorff, statsmodels, and crowd-kit's two models of
               raters once a campaign. Intervals, mixed models and drawing are in the report's time alone
    bootstrap  all figures of agreement with 1,000 replicates over units and 1,000 over raters, against a loop over the
               libraries, each replicate over units alone; a few turns of the loop are run and scaled
    million    10^6 judgments and 1.6 million votes read from a release's Parquet files in a process of its own: peak
               memory and time, of agreement with its replicates, and of the whole report
    rolled     agreement from rolled-up counts of 10^6 judgments, with intervals

``--full`` runs 10 turns of the loop and 3 of the report instead of 1; ``--only NAME ...`` some of the parts.
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
from pathlib import Path

import polars as pl
from threadpoolctl import threadpool_limits

from analysis.agreement import agreement
from analysis.conclusions import conclusions
from analysis.crowd import reliability
from analysis.longform import long_form
from analysis.patterns import agreement_of_patterns, patterns_of, scores_of
from analysis.release import Release
from analysis.report import build_report
from analysis.schema import SCHEMA_VERSION, TABLES
from benchmarks.analysis_bare import agreement_by_libraries, matrices, raters_by_crowd_kit
from benchmarks.analysis_material import STUDY, invented
from benchmarks.pipeline_rows import Ratio, table

ROOT = Path(__file__).resolve().parents[1]
MILLION = 1_000_000
REPLICATES = 1000


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def report(full: bool) -> Iterator[Ratio]:
    release = invented(STUDY)
    long = long_form(release)
    campaigns = matrices(long)
    turns = []
    for _ in range(3 if full else 1):
        ours, crowds = seconds(lambda: build_report(release)), seconds(lambda: _crowds(long, release))
        bare, kit = seconds(lambda: agreement_by_libraries(campaigns)), seconds(lambda: raters_by_crowd_kit(long))
        turns.append((ours, crowds, bare, kit))
    ours, crowds, bare, kit = sorted(turns, key=lambda turn: turn[0] / (turn[2] + turn[3]))[len(turns) // 2]
    note = f"{ours:.1f} s against {bare + kit:.1f} s, {kit:.1f} s of it crowd-kit; the middle of {len(turns)}"
    yield Ratio(f"report / bare library calls, {STUDY:,} judgments, 5 models", ours / (bare + kit), "<", 1.5, note)
    note = f"{ours - crowds:.1f} s against {bare:.1f} s; models of raters take {crowds:.1f} s of the report"
    yield Ratio("the same without models of raters on both sides", (ours - crowds) / bare, "", 0, note)


def _crowds(long: pl.DataFrame, release: Release) -> None:
    conclusions(long, release)
    reliability(long)


def bootstrap(full: bool) -> Iterator[Ratio]:
    long = long_form(invented(STUDY))
    campaigns = matrices(long)
    ours = seconds(lambda: agreement(long, replicates=REPLICATES))
    turns = 10 if full else 1
    loop = seconds(lambda: [agreement_by_libraries(campaigns) for _ in range(turns)]) / turns * REPLICATES
    note = f"{ours:.1f} s against {loop:,.0f} s, scaled from {turns} of {REPLICATES:,} turns that were run"
    yield Ratio("loop over the libraries / all replicates at once", loop / ours, ">", 20, note)


def million(full: bool) -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        written = child("write", folder)
        for what, words in (
            ("agreement", ["table", folder, "agreement_summary", "--format", "csv"]),
            ("the whole report", ["report", folder, "--out", f"{folder}/report"]),
        ):
            began = time.perf_counter()
            peak = peak_of([sys.executable, "-m", "analysis", *words])
            note = (
                f"{time.perf_counter() - began:.0f} s, {written['votes']:,} votes beside; python -m analysis {words[0]}"
            )
            yield Ratio(f"peak memory in MB of {what} at 10^6 judgments", peak, "<", 1024, note)


def peak_of(command: list[str]) -> float:
    """The peak memory of a process, in MB, as it said last; raises ``CalledProcessError`` where it failed."""
    process, peak = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL), 0.0
    while process.poll() is None:
        peak = max(peak, peak_mb(str(process.pid)))
        time.sleep(0.02)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peak


def rolled(full: bool) -> Iterator[Ratio]:
    long = long_form(invented(MILLION, models=False)).filter(pl.col("instrument") == "relevance")
    parts: list[tuple[float, float]] = []
    patterns = patterns_of(long)
    for _ in range(5):
        made = seconds(lambda: patterns_of(long))
        parts.append((seconds(lambda: agreement_of_patterns(patterns, scores_of("relevance"), "nominal")), made))
    counted, made = sorted(parts)[2]
    note = f"{len(patterns)} patterns of {long.height:,} judgments; rolling them up took {made:.2f} s"
    yield Ratio("agreement from rolled-up counts with intervals, s", counted, "<", 1, note)


PARTS = {"report": report, "bootstrap": bootstrap, "million": million, "rolled": rolled}


def child(what: str, folder: str) -> dict[str, int]:
    """What a process of its own says of its work."""
    command = [sys.executable, "-m", "benchmarks.bench_analysis", "--child", what, folder]
    said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, int] = json.loads(said.splitlines()[-1])
    return found


def write(folder: Path) -> dict[str, int]:
    """A release of 10^6 judgments, as far as the analysis reads it: Parquet in row groups, and a manifest."""
    release = invented(MILLION)
    (folder / "data").mkdir()
    for name in TABLES:
        release.tables[name].collect().write_parquet(folder / "data" / f"{name}.parquet", row_group_size=50_000)
    (folder / "manifest.json").write_text(json.dumps({"schema_version": SCHEMA_VERSION}), encoding="utf-8")
    return {"votes": release.model_votes.select(pl.len()).collect().item()}


def peak_mb(process: str = "self") -> float:
    """A process's own peak, 0 once it has ended. getrusage would say its parent's, had that been larger."""
    status = Path("/proc", process, "status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024 if "VmHWM:" in status else 0.0


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="more turns; some eight minutes")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.child:
        print(json.dumps(write(Path(options.child[1]))))
        return 0
    from benchmarks.bench_rating import machine  # brings Django along, which is no part of what is measured

    began, load, rows = time.monotonic(), os.getloadavg()[0], []
    with threadpool_limits(1):  # bare calls and ours alike: small products wait for one another on a busy machine
        for name in options.only:
            for row in PARTS[name](options.full):
                rows.append(row)
                print(row.line(), flush=True)
    print(f"\n{table(rows)}\n\n{machine(load)}; {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
