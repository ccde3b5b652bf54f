"""Do the intervals hold what they promise? python -m benchmarks.coverage

Draws the same small study 200 times from a known truth (benchmarks.planted), makes every table with intervals anew,
and counts how often the truth lies inside. What an interval is about decides what varies between the draws: ``both``
people and raters; ``people`` alone, the raters being who they are; ``raters`` alone, for these very units. The truth is
the same table made from a draw so large that its own error is small beside the intervals'.

A share within the binomial band of ``seeds`` draws is what 95 % looks like; below it the interval is too narrow.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Literal, NamedTuple

import polars as pl
from scipy import stats

from analysis.intervals import LEVEL
from analysis.tables import context_of
from benchmarks.planted import Size, planted

Vary = Literal["both", "people", "raters"]
SMALL = Size()
# Of the large draw: so many times the people, raters or copies of the same units.
LARGE: dict[Vary, Size] = {
    "both": replace(SMALL, people=SMALL.people * 60, raters=800),
    "people": replace(SMALL, people=SMALL.people * 100),
    "raters": replace(SMALL, raters=2000, copies=100),
}
STRICT = 0.999  # a share outside this band is called out: several hundred are looked at


@dataclass(frozen=True)
class Figure:
    """``value`` with ``low`` and ``high`` in ``table``, one for each ``key``; ``where`` chooses rows by equality."""

    table: str
    value: str
    low: str
    high: str
    key: tuple[str, ...]
    vary: Vary
    where: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        chosen = "".join(f" {value}" for _, value in self.where)
        return f"{self.table}{chosen}: {self.value}"


class Case(NamedTuple):
    value: float
    low: float
    high: float


FIGURES: tuple[Figure, ...] = (
    Figure("label_shares", "share", "low", "high", ("corpus", "value"), "both"),
    Figure("preference", "mean", "low", "high", ("generator", "judge"), "both", (("kind", "human"),)),
)


def cases_of(figures: Sequence[Figure], vary: Vary, seed: int, size: Size) -> dict[tuple[int, str], Case]:
    """Every interval of one draw, by the figure's place and its key."""
    people, raters = {"both": (seed, seed), "people": (seed, 0), "raters": (0, seed)}[vary]
    context = context_of(planted(people, raters, size))
    found: dict[tuple[int, str], Case] = {}
    for place, figure in enumerate(figures):
        if figure.vary != vary:
            continue
        table = context[figure.table].filter(*[pl.col(name) == value for name, value in figure.where])
        for row in table.iter_rows(named=True):
            key = " ".join(str(row[name]) for name in figure.key)
            found[place, key] = Case(row[figure.value], row[figure.low], row[figure.high])
    return found


def _one(task: tuple[Vary, int]) -> dict[tuple[int, str], Case]:
    vary, seed = task
    return cases_of(FIGURES, vary, seed, SMALL)


@dataclass
class Count:
    """Of the draws: in how many the truth lay inside, outside, and no interval was given."""

    inside: int = 0
    outside: int = 0
    none: int = 0

    def add(self, case: Case, truth: float) -> None:
        if not (case.low <= case.high):  # NaN as well
            self.none += 1
        elif case.low - 1e-12 <= truth <= case.high + 1e-12:
            self.inside += 1
        else:
            self.outside += 1

    @property
    def share(self) -> float:
        total = self.inside + self.outside
        return self.inside / total if total else float("nan")

    def called_out(self) -> str:
        total = self.inside + self.outside
        if not total:
            return "no interval"
        low, high = stats.binom.interval(STRICT, total, LEVEL)
        return "TOO NARROW" if self.inside < low else "wide" if self.inside > high else ""


def counted(seeds: int, workers: int, varies: Sequence[Vary]) -> dict[tuple[int, str], Count]:
    counts: dict[tuple[int, str], Count] = defaultdict(Count)
    with get_context("spawn").Pool(workers) as pool:
        for vary in varies:
            began = time.monotonic()
            truths = {key: case.value for key, case in cases_of(FIGURES, vary, 10**6, LARGE[vary]).items()}
            tasks: list[tuple[Vary, int]] = [(vary, seed) for seed in range(1, seeds + 1)]
            for found in pool.imap_unordered(_one, tasks):
                for key, case in found.items():
                    if key in truths:
                        counts[key].add(case, truths[key])
            print(f"{vary}: {seeds} draws, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return counts


def lines(counts: dict[tuple[int, str], Count]) -> Iterator[str]:
    """The table, one row a figure: its mean share over keys, and its lowest and highest key."""
    yield "| figure | varies | intervals | covered | lowest | highest | none given | |"
    yield "|---|---|---|---|---|---|---|---|"
    for place, figure in enumerate(FIGURES):
        of = {key: count for (n, key), count in counts.items() if n == place and count.inside + count.outside}
        nothing = sum(count.none for (n, _), count in counts.items() if n == place)
        if not of:
            yield f"| {figure.name} | {figure.vary} | 0 | | | | {nothing} | no interval |"
            continue
        ordered = sorted(of.items(), key=lambda item: item[1].share)
        total = sum(count.inside + count.outside for count in of.values())
        share = sum(count.inside for count in of.values()) / total
        ends = [f"{count.share:.3f} ({key})" for key, count in (ordered[0], ordered[-1])]
        marks = ", ".join(sorted({mark for _, count in ordered if (mark := count.called_out())}))
        yield f"| {figure.name} | {figure.vary} | {len(of)} | {share:.3f} | {' | '.join(ends)} | {nothing} | {marks} |"


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--vary", nargs="+", choices=("both", "people", "raters"), default=["both", "people", "raters"])
    options = parser.parse_args(words)
    low, high = stats.binom.interval(0.95, options.seeds, LEVEL)
    counts = counted(options.seeds, options.workers, options.vary)
    print("\n".join(lines(counts)))
    print(
        f"\n{options.seeds} draws; of one interval {low / options.seeds:.3f} to {high / options.seeds:.3f} is what "
        "95 % looks like; called out: outside of what it looks like 999 times in 1,000"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
