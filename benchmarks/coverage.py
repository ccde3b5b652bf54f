"""Do the intervals hold what they promise? python -m benchmarks.coverage

Draws the same small study 200 times from a known truth (benchmarks.planted), makes every table with intervals anew,
and counts how often the truth lies inside. What an interval is about decides what varies between the draws: ``both``
people and raters; ``people`` alone, the raters being who they are; ``raters`` alone, for these very units. The truth is
the same table made from draws so large that their own error is small beside the intervals'.

Prints Markdown for docs/results.md. A row ``holds`` where the share over its keys, and that of each key, is what 95 %
looks like in so many draws; otherwise it says narrow or wide, and which keys. Where a table gives no interval nothing
can be wrong: ``none given`` is how often.

``--only TABLE ...`` some of the tables, ``--design NAME`` another study, ``--seeds 40 --workers 2`` a quick look,
``--first 1001`` other draws.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from statistics import fmean
from typing import Literal, NamedTuple

import polars as pl

from analysis.agreement import agreement
from analysis.agreement_resampled import PAIR_MEANS, SETTLED_MEANS
from analysis.ceilings import MEAN, ceilings
from analysis.conclusions import WITH_INTERVAL, conclusions
from analysis.longform import with_material
from analysis.tables import Builder, Context, context_of
from benchmarks.coverage_counts import Count, Row, band, outside
from benchmarks.planted import Size, planted

Vary = Literal["both", "people", "raters"]
VARY: tuple[Vary, ...] = ("both", "people", "raters")
DESIGNS: dict[str, Size] = {
    "small": Size(),
    "study": Size(people=68, attributes=10, raters=24),  # as large as the published study's larger parts
    "few": Size(people=20, raters=6, k=2),
    "many": Size(people=60, raters=60),  # two raters share hardly anything
}
LARGE_SEED = 10**6


def large(vary: Vary, size: Size) -> Size:
    """A draw whose figures are the truth of ``size``'s: many people, many raters, or many raters on the same units."""
    if vary == "both":
        return replace(size, people=1000, raters=300)
    return replace(size, people=2000) if vary == "people" else replace(size, raters=200, copies=20)


# The truth is the mean over so many draws, whose own error would else be a fifth of that of what is held against it.
# Some are of another size: models of crossed effects take long on a large one, agreement over raters varies with who
# the raters are, and a mean over pairs needs pairs who share much.
TOLD = {"both": 4, "people": 8, "raters": 10}
MODELLED = ("real_minus_synthetic", "preference_effects", "mention_effect")
MODELLED_TOLD = 10


def middling(size: Size) -> Size:
    return replace(size, people=size.people * 8, raters=120)


def crossed(size: Size) -> Size:
    """Everybody answers everything."""
    return replace(size, raters=80, k=80)


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
        return f"`{self.table}{chosen}` {self.value}"


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
# Made here in place of the report's: models of raters have no interval, and take longer than all else together.
OTHERWISE: dict[str, Builder] = {
    "conclusions": lambda c: conclusions(c.long, c.release, methods=WITH_INTERVAL),
}


def _with_material(context: Context) -> pl.DataFrame:
    return with_material(context.long, context.release)


# For the truth, which needs no intervals.
VALUES: dict[str, Builder] = {
    "agreement_pairs": lambda c: agreement(_with_material(c), replicates=0).pairs,
    "agreement_summary": lambda c: agreement(_with_material(c), replicates=0).summary,
    "ceilings": lambda c: ceilings(_with_material(c), replicates=0),
}
Key = tuple[int, str]  # a figure's place in FIGURES, and its key


class Task(NamedTuple):
    """One draw: what varies, its seed and size, and the places of the figures that are wanted."""

    vary: Vary
    seed: int
    size: Size
    places: tuple[int, ...]
    truth: bool = False


def cases_of(task: Task) -> dict[Key, Case]:
    """Every interval of one draw (the truth: values alone)."""
    vary, seed, size, places, truth = task
    people, raters = {"both": (seed, seed), "people": (seed, 0), "raters": (0, seed)}[vary]
    context = context_of(planted(people, raters, size))
    found: dict[Key, Case] = {}
    for place in places:
        figure = FIGURES[place]
        table = _made(context, figure.table, truth).filter(*[pl.col(name) == value for name, value in figure.where])
        for row in table.iter_rows(named=True):
            key = " ".join(str(row[name]) for name in figure.key)
            found[place, key] = Case(row[figure.value], row[figure.low], row[figure.high])
    return found


def _made(context: Context, table: str, truth: bool) -> pl.DataFrame:
    made = (VALUES | OTHERWISE if truth else OTHERWISE).get(table)
    return made(context) if made else context[table]


def truth_tasks(vary: Vary, size: Size, places: Sequence[int]) -> Iterator[Task]:
    """The draws whose means are the truth."""
    modelled = tuple(place for place in places if FIGURES[place].table in MODELLED)
    rest = tuple(place for place in places if place not in modelled)
    for seed in range(LARGE_SEED, LARGE_SEED + TOLD[vary]):
        if rest:
            yield Task(vary, seed, large(vary, size), rest, True)
        if rest and vary == "raters":
            yield Task(vary, seed, crossed(size), rest, True)
    for seed in range(LARGE_SEED, LARGE_SEED + MODELLED_TOLD):
        if modelled:
            yield Task(vary, seed, middling(size), modelled, True)


def told_by(task: Task, key: Key) -> bool:
    """Whether this draw says what ``key``'s truth is: over raters, means over pairs are told by the crossed one."""
    paired = FIGURES[key[0]].table == "agreement_summary" and key[1].split()[2] in PAIR_MEANS | SETTLED_MEANS
    return task.vary != "raters" or paired == (task.size.copies == 1)


def truths_of(tasks: Sequence[Task], found: Iterable[dict[Key, Case]]) -> dict[Key, float]:
    values: dict[Key, list[float]] = defaultdict(list)
    for task, cases in zip(tasks, found, strict=True):
        for key, case in cases.items():
            if told_by(task, key):
                values[key].append(case.value)
    return {key: fmean(several) for key, several in values.items()}


Counts = dict[Key, Count]


def counted(size: Size, places: Sequence[int], seeds: range, workers: int) -> Counts:
    counts: Counts = defaultdict(Count)
    with get_context("spawn").Pool(workers) as pool:
        for vary in VARY:
            wanted = tuple(place for place in places if FIGURES[place].vary == vary)
            if not wanted:
                continue
            began = time.monotonic()
            tasks = list(truth_tasks(vary, size, wanted))
            truths = truths_of(tasks, pool.imap(cases_of, tasks))
            print(f"{vary}: the truth, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            for found in pool.imap_unordered(cases_of, [Task(vary, seed, size, wanted) for seed in seeds]):
                for key, case in found.items():
                    if math.isfinite(truths.get(key, math.nan)):
                        counts[key].add(case.low, case.high, truths[key])
            print(f"{vary}: {len(seeds)} draws, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return counts


def name_of(figure: Figure, key: str) -> str:
    """What the row of ``key`` is called: the figure's name, in ceilings whose and which."""
    if figure.table != "ceilings":
        return figure.name
    own, which = "all raters" if f" {MEAN} " in key else "one rater", key.split()[-1]
    return f"`ceilings` {own}, {which}"


def lines(counts: Counts, seeds: int) -> Iterator[str]:
    """One row a figure, over its keys; then agreement, one row a figure, one column a group, over campaigns."""
    rows: dict[tuple[str, str], dict[str, Count]] = defaultdict(dict)
    groups: dict[str, dict[str, dict[str, Count]]] = defaultdict(lambda: defaultdict(dict))
    for (place, key), count in sorted(counts.items(), key=lambda item: item[0][0]):
        figure = FIGURES[place]
        if figure.table == "agreement_summary":
            _, group, name, _ = key.split()
            groups[name]["over raters" if figure.vary == "raters" else group][key] = count
        else:
            rows[name_of(figure, key), figure.vary][key] = count
    if rows:
        yield "| figure | varies | keys | covered | lowest | highest | none given | |"
        yield "|---|---|--:|--:|--:|--:|--:|---|"
    for (name, vary), own in rows.items():
        yield f"| {name} | {vary} | {Row(own, seeds).cells()} |"
    if groups:
        yield f"\n| agreement | {' | '.join(GROUPS.values())} | |"
        yield f"|---|{'--:|' * len(GROUPS)}---|"
    for name, by_group in groups.items():
        found = {group: Row(by_group[group], seeds) for group in GROUPS if group in by_group}
        cells = [_cell(found[group]) if group in found else "" for group in GROUPS]
        said = [f"{GROUPS[group]}: {row.verdict()}" for group, row in found.items() if row.verdict() != "holds"]
        yield f"| {name} | {' | '.join(cells)} | {'; '.join(said) or 'holds'} |"


def _cell(row: Row) -> str:
    none = f" ({row.none} none)" if row.none else ""
    return f"{row.share:.3f}{none}" if row.given else "none"


GROUPS = {
    "raters": "people, over units",
    "models": "models, over units",
    "all": "all, over units",
    "rater_model": "people with models, over units",
    "over raters": "people, over raters",
}


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=1, help="seed of the first draw")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--vary", nargs="+", choices=VARY, default=VARY)
    parser.add_argument("--only", nargs="+", choices=sorted({figure.table for figure in FIGURES}), metavar="TABLE")
    parser.add_argument("--design", choices=DESIGNS, default="small")
    options = parser.parse_args(words)
    chosen = [
        place
        for place, figure in enumerate(FIGURES)
        if figure.vary in options.vary and (not options.only or figure.table in options.only)
    ]
    size, seeds = DESIGNS[options.design], range(options.first, options.first + options.seeds)
    counts = counted(size, chosen, seeds, options.workers)
    print("\n".join(lines(counts, options.seeds)))
    print(f"\n{outside(counts.values())}.")
    low, high = band(options.seeds, 0.95)
    print(f"\n{options.seeds} draws of {size}: {low:.3f} to {high:.3f} is what 95 % looks like")
    return 0


if __name__ == "__main__":
    sys.exit(main())
