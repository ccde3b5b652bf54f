"""``python -m analysis report DIR --out REPORT`` and ``python -m analysis check DIR``.

Exit codes: 0 done; 1 the release or the place to write to is not usable, with one line for each problem on standard
error; 2 the command line itself is wrong (argparse).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from analysis.check import release_problems
from analysis.release import ReleaseError, load_release
from analysis.report import build_report, write_report
from analysis.selection import LabelSource
from analysis.tables import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code as above."""
    chosen = _parser().parse_args(arguments)
    try:
        return _check(chosen.release) if chosen.command == "check" else _report(chosen)
    except ReleaseError as error:
        return _refuse(error.problems)


def _check(folder: Path) -> int:
    problems = release_problems(folder)
    if problems:
        return _refuse(problems)
    print(f"{folder}: sound. Checksums, manifest, columns, nulls, keys and references hold.")
    return 0


def _report(chosen: argparse.Namespace) -> int:
    out: Path = chosen.out
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "report.html").is_file())):
        return _refuse([f"--out {out}: holds something that is not a report; give a new or empty folder"])
    settings = Settings(
        min_n=chosen.min_n,
        label_source=chosen.label,
        min_judgments=chosen.min_judgments,
        pair_rule=chosen.pair_rule,
        neutral_is_no_better=not chosen.neutral_is_better,
    )
    report = build_report(load_release(chosen.release), settings)
    try:
        write_report(report, out)
    except OSError as error:
        return _refuse([f"--out {out}: cannot be written ({error.strerror}); give a folder that you may write to"])
    print(f"{out / 'report.html'} and {len(report.files) - 1} tables beside it")
    return 0


def _refuse(problems: Sequence[str]) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis", description="Numbers from a release.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="is the release whole and what its schema says")
    check.add_argument("release", type=Path, metavar="DIR")
    report = commands.add_parser("report", help="draw every table and figure")
    report.add_argument("release", type=Path, metavar="DIR")
    report.add_argument("--out", type=Path, required=True, metavar="REPORT", help="folder for report.html and tables/")
    report.add_argument("--min-n", type=_positive, default=1, help="common units a pair of raters needs (1)")
    report.add_argument(
        "--label", choices=get_args(LabelSource), default="judgments", help="what models are held against"
    )
    report.add_argument("--min-judgments", type=_positive, default=1, help="judgments a label needs (1)")
    report.add_argument("--pair-rule", choices=("mean", "majority"), default="mean", help="when a pair is no better")
    report.add_argument("--neutral-is-better", action="store_true", help="count 3 as better, not as no better")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
