"""Do the intervals hold what they promise? python -m benchmarks.coverage

Draws the same small study 200 times from a known truth (benchmarks.planted), makes every table with intervals anew,
and counts how often the truth lies inside. What an interval is about decides what varies between the draws: ``both``
people and raters; ``people`` alone, the raters being who they are; ``raters`` alone, for these very units. The truth is
the same table made from a draw so large that its own error is small beside the intervals'.

A share within the binomial band of ``seeds`` draws is what 95 % looks like; below it the interval is too narrow.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from statistics import fmean
from typing import Literal, NamedTuple

import polars as pl
from scipy import stats

from analysis.crowd import conclusions
from analysis.intervals import LEVEL
from analysis.tables import Builder, context_of
from benchmarks.planted import Size, planted

Vary = Literal["both", "people", "raters"]
SMALL = Size()
# Of the large draw: so many times the people, raters or copies of the same units.
LARGE: dict[Vary, Size] = {
    "both": replace(SMALL, people=SMALL.people * 25, raters=300),
    "people": replace(SMALL, people=SMALL.people * 50),
    "raters": replace(SMALL, raters=200, copies=60),
}
# Models of crossed effects take long on a large draw: their truth is the mean over several of a middling one.
MODELLED = ("real_minus_synthetic", "preference_effects", "mention_effect")
MIDDLING, MIDDLING_DRAWS = replace(SMALL, people=SMALL.people * 8, raters=120), 10
LARGE_SEED = 10**6
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


PEOPLE = (("kind", "human"),)
RATERS = (("group", "raters"),)
OWN = (("rater", "all raters"),)


def held(
    vary: Vary, table: str, value: str, key: str, ends: str = "", where: tuple[tuple[str, str], ...] = ()
) -> Figure:
    """``ends``: what stands before or after low and high: "x_" for x_low, "_x" for low_x."""
    low, high = (f"{end}{ends}" if ends.startswith("_") else f"{ends}{end}" for end in ("low", "high"))
    return Figure(table, value, low, high, tuple(key.split()), vary, where)


FIGURES: tuple[Figure, ...] = (
    held("both", "label_shares", "share", "corpus value"),
    held("both", "real_minus_synthetic", "difference", "figure"),
    held("both", "failure_shares", "share", "source category"),
    held("both", "calibration", "accepted", "bin_low"),
    held("both", "calibration_summary", "value", "figure"),
    held("both", "marked_relevant", "share", "rater", where=OWN),
    held("both", "preference", "mean", "generator", where=PEOPLE),
    held("both", "preference", "no_better_judgments", "generator", "no_better_judgments_", PEOPLE),
    held("both", "preference", "no_better_pairs", "generator", "no_better_pairs_", PEOPLE),
    held("both", "preference_overall", "mean", "judge"),
    held("both", "preference_effects", "estimate", "judge effect"),
    held("both", "judges", "mean", "judge"),
    held("both", "judges", "shift", "judge", "shift_"),
    held("both", "judges", "order_effect", "judge", "order_"),
    held("both", "mention_effect", "effect", "judge"),
    held("both", "mention_effect", "adjusted", "judge", "adjusted_"),
    held("people", "judges", "spearman", "judge", "spearman_"),
    held("people", "mention_rates", "rate", "model"),
    held("people", "mention_rates", "reward", "model", "reward_"),
    *(held("people", "selection", name, "rater", f"{name}_") for name in ("precision", "recall", "f1", "accuracy")),
    held("people", "selection", "share_marked", "rater", "share_marked_"),
    held("people", "selection", "over_selection", "rater", "over_selection_"),
    held("people", "agreement_pairs", "kappa", "campaign rater_a rater_b"),
    held("people", "agreement_summary", "value", "campaign group figure level", "_units"),
    held("people", "ceilings", "value", "campaign rater figure"),
    held("people", "conclusions", "value", "conclusion subject method"),
    held("people", "powered", "value", "figure subject judge"),
    held("raters", "agreement_summary", "value", "campaign group figure level", "_raters", RATERS),
)
# Made here in place of the report's: GLAD takes longer than all else together.
OTHERWISE: dict[str, Builder] = {
    "conclusions": lambda c: conclusions(c.long, c.release, methods=("majority", "soft", "dawid_skene")),
}


def truths_of(vary: Vary) -> dict[tuple[int, str], float]:
    """What each interval of a small draw is to hold, by the figure's place and its key."""
    direct = [figure for figure in FIGURES if figure.table not in MODELLED]
    found = {key: case.value for key, case in cases_of(direct, vary, LARGE_SEED, LARGE[vary]).items()}
    several: dict[tuple[int, str], list[float]] = defaultdict(list)
    modelled = [figure for figure in FIGURES if figure.table in MODELLED and figure.vary == vary]
    for number in range(MIDDLING_DRAWS if modelled else 0):
        for key, case in cases_of(modelled, vary, LARGE_SEED + 1 + number, MIDDLING).items():
            several[key].append(case.value)
    return found | {key: fmean(values) for key, values in several.items()}


def cases_of(figures: Sequence[Figure], vary: Vary, seed: int, size: Size) -> dict[tuple[int, str], Case]:
    """Every interval of one draw, by the figure's place and its key."""
    people, raters = {"both": (seed, seed), "people": (seed, 0), "raters": (0, seed)}[vary]
    context = context_of(planted(people, raters, size))
    found: dict[tuple[int, str], Case] = {}
    for figure in figures:
        if figure.vary != vary:
            continue
        place = FIGURES.index(figure)
        made = OTHERWISE.get(figure.table)
        whole = made(context) if made else context[figure.table]
        table = whole.filter(*[pl.col(name) == value for name, value in figure.where])
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
            truths = truths_of(vary)
            print(f"{vary}: the truth, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            tasks: list[tuple[Vary, int]] = [(vary, seed) for seed in range(1, seeds + 1)]
            for found in pool.imap_unordered(_one, tasks):
                for key, case in found.items():
                    if math.isfinite(truths.get(key, math.nan)):
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


def by_kind(counts: dict[tuple[int, str], Count]) -> Iterator[str]:
    """The agreement figures one by one, over campaigns and groups."""
    yield "| table | varies | group | figure | intervals | covered |"
    yield "|---|---|---|---|---|---|"
    parts: dict[tuple[str, str, str, str], list[Count]] = defaultdict(list)
    for (place, key), count in counts.items():
        figure = FIGURES[place]
        if figure.table in ("agreement_summary", "ceilings"):
            words = key.split()
            group = words[1] if figure.table == "agreement_summary" else "a rater"
            parts[figure.table, figure.vary, group, words[2]].append(count)
    for names, found in sorted(parts.items()):
        inside, total = sum(each.inside for each in found), sum(each.inside + each.outside for each in found)
        yield f"| {' | '.join(names)} | {len(found)} | {inside / total:.3f} |" if total else f"| {names} | | |"


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--vary", nargs="+", choices=("both", "people", "raters"), default=["both", "people", "raters"])
    options = parser.parse_args(words)
    low, high = stats.binom.interval(0.95, options.seeds, LEVEL)
    counts = counted(options.seeds, options.workers, options.vary)
    print("\n".join([*lines(counts), "", *by_kind(counts)]))
    print(
        f"\n{options.seeds} draws; of one interval {low / options.seeds:.3f} to {high / options.seeds:.3f} is what "
        "95 % looks like; called out: outside of what it looks like 999 times in 1,000"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
