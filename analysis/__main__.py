"""``python -m analysis report | check | table | columns | compare``: numbers from a release, on the command line.

Exit codes: 0 done; 1 the release or the place to write to is not usable, with one line for each problem on standard
error; 2 the command line itself is wrong (argparse).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import polars as pl

from analysis.check import release_problems
from analysis.compare import comparison_files
from analysis.compare.page import PAGE as COMPARISON
from analysis.compare.sources import side_of
from analysis.markup import csv_text, markdown_text
from analysis.release import ReleaseError, load_release
from analysis.report import build_report, write_report
from analysis.report.build import PAGE, Report
from analysis.report.columns import tables_text
from analysis.selection import LabelSource
from analysis.tables import BUILDERS, Settings, context_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code as above."""
    chosen = _parser().parse_args(arguments)
    try:
        return COMMANDS[chosen.command](chosen)
    except ReleaseError as error:
        return _refuse(error.problems)


def _check(chosen: argparse.Namespace) -> int:
    problems = release_problems(chosen.release)
    if problems:
        return _refuse(problems)
    print(f"{chosen.release}: sound. Checksums, manifest, columns, nulls, keys and references hold.")
    return 0


def _report(chosen: argparse.Namespace) -> int:
    if taken_by_something_else(chosen.out, PAGE):
        return _refuse([f"--out {chosen.out}: holds something that is not a report; give a new or empty folder"])
    return _write(build_report(load_release(chosen.release), _settings(chosen)), chosen.out, PAGE)


def _compare(chosen: argparse.Namespace) -> int:
    if taken_by_something_else(chosen.out, COMPARISON):
        return _refuse([f"--out {chosen.out}: holds something that is not a comparison; give a new or empty folder"])
    first, second = (side_of(folder, _settings(chosen)) for folder in (chosen.first, chosen.second))
    return _write(Report(comparison_files(first, second)), chosen.out, COMPARISON)


def _write(report: Report, out: Path, page: str) -> int:
    try:
        write_report(report, out)
    except OSError as error:
        return _refuse([f"--out {out}: cannot be written ({error.strerror}); give a folder that you may write to"])
    tables = sum(name.endswith(".csv") for name in report.files)
    print(f"{out / page} and {tables} {'table' if tables == 1 else 'tables'} beside it")
    return 0


def _table(chosen: argparse.Namespace) -> int:
    frame = context_of(load_release(chosen.release), _settings(chosen))[chosen.name]
    if chosen.campaign is not None:
        if "campaign" not in frame.columns:
            return _refuse([f"--campaign {chosen.campaign}: the table {chosen.name} is not by campaign; leave it away"])
        frame = frame.filter(pl.col("campaign") == chosen.campaign)
    print(csv_text(frame) if chosen.format == "csv" else markdown_text(frame), end="")
    return 0


def _columns(chosen: argparse.Namespace) -> int:
    print(tables_text(), end="")
    return 0


def taken_by_something_else(folder: Path, page: str) -> bool:
    """Whether ``folder`` holds anything, and that is not what this program wrote: no ``page`` is in it."""
    return folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / page).is_file()))


def _refuse(problems: Sequence[str]) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1


def _settings(chosen: argparse.Namespace) -> Settings:
    return Settings(
        min_n=chosen.min_n,
        label_source=chosen.label,
        min_judgments=chosen.min_judgments,
        pair_rule=chosen.pair_rule,
        neutral_is_no_better=not chosen.neutral_is_better,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis", description="Numbers from a release.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="is the release whole and what its schema says")
    check.add_argument("release", type=Path, metavar="DIR")
    report = commands.add_parser("report", help="draw every table and figure", parents=[_choices()])
    report.add_argument("release", type=Path, metavar="DIR")
    report.add_argument("--out", type=Path, required=True, metavar="REPORT", help="folder for report.html and tables/")
    one = commands.add_parser("table", help="print one table", parents=[_choices()])
    one.add_argument("release", type=Path, metavar="DIR")
    one.add_argument("name", choices=BUILDERS, metavar="NAME", help=", ".join(BUILDERS))
    one.add_argument("--campaign", metavar="SLUG", help="only this campaign's rows")
    one.add_argument("--format", choices=("md", "csv"), default="md", help="Markdown to read, or CSV in full (md)")
    commands.add_parser("columns", help="what every table and column of a report is")
    both = commands.add_parser("compare", help="two releases or reports, number by number", parents=[_choices()])
    both.add_argument("first", type=Path, metavar="A", help="folder of a release or of a report")
    both.add_argument("second", type=Path, metavar="B", help="the other")
    both.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for comparison.html, .csv and .md")
    return parser


def _choices() -> argparse.ArgumentParser:
    """What ``Settings`` leaves to choose, for every command that computes."""
    choices = argparse.ArgumentParser(add_help=False)
    choices.add_argument("--min-n", type=_positive, default=1, help="common units a pair of raters needs (1)")
    choices.add_argument(
        "--label", choices=get_args(LabelSource), default="judgments", help="what models are held against"
    )
    choices.add_argument("--min-judgments", type=_positive, default=1, help="judgments a label needs (1)")
    choices.add_argument("--pair-rule", choices=("mean", "majority"), default="mean", help="when a pair is no better")
    choices.add_argument("--neutral-is-better", action="store_true", help="count 3 as better, not as no better")
    return choices


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "check": _check,
    "report": _report,
    "table": _table,
    "columns": _columns,
    "compare": _compare,
}

if __name__ == "__main__":
    sys.exit(main())
