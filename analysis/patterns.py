"""Agreement of people from rolled-up counts: how many units have which numbers of answers of each value.

Who answered is not needed for these figures, nor which unit: a million judgments come to a few dozen patterns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from analysis.agreement_tallies import FIGURES_AT, count_figures, unit_tallies, weighted_tally
from analysis.bootstrap import REPLICATES, percentiles
from analysis.intervals import SEED
from analysis.longform import PEOPLE_KINDS
from analysis.schema import PREFERENCE, VALUES, Level

Pattern = tuple[Sequence[int], int]  # answers of each value, and how many units have them

PATTERNS_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("figure", "level"), pl.String),
        **dict.fromkeys(("n_units", "n_answers"), pl.Int64),
        **dict.fromkeys(("value", "low", "high"), pl.Float64),
        "undefined": pl.Int64,
    }
)
_UP_TO: dict[Level, tuple[Level, ...]] = {
    "nominal": ("nominal",),
    "ordinal": ("nominal", "ordinal"),
    "interval": ("nominal", "ordinal", "interval"),
}


def scores_of(instrument: str) -> list[float]:
    """The scores of ``schema.VALUES``, in that order: what the counts of a pattern stand for."""
    first = 1 if instrument == PREFERENCE else 0
    return [float(first + place) for place in range(len(VALUES[instrument]))]


def patterns_of(long: pl.DataFrame) -> list[Pattern]:
    """The people's answers of one campaign, rolled up: distinct counts of the values of ``schema.VALUES``, sorted.

    Raises ``ValueError`` for more than one campaign, or a value that is not of the instrument (a mean of two answers).
    """
    people = long.lazy().filter(pl.col("kind").is_in(PEOPLE_KINDS))
    heads = people.select("campaign", "instrument").unique().collect()
    if heads.height > 1:
        raise ValueError(f"{heads.height} campaigns; roll up one at a time")
    if not heads.height:
        return []
    values = VALUES[heads["instrument"][0]]
    counts = [(pl.col("value") == value).sum().cast(pl.Int64).alias(value) for value in values]
    units = people.group_by("unit").agg(*counts, pl.len().cast(pl.Int64).alias("n"))
    rolled = units.group_by(*values).agg(pl.len().alias("units"), pl.col("n").sum().alias("answers")).collect()
    if rolled["answers"].sum() != (rolled.select(values).sum_horizontal() * rolled["units"]).sum():
        raise ValueError(f"an answer is none of {', '.join(values)}; only whole answers can be rolled up")
    return [(tuple(counts), units) for *counts, units, _ in rolled.sort(values).iter_rows()]


def agreement_of_patterns(
    patterns: Iterable[Pattern],
    scores: Sequence[float],
    level: Level,
    *,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> pl.DataFrame:
    """percent, Fleiss' kappa, AC1 and alpha; from ``level`` ordinal upwards AC2, and each alpha up to ``level``.

    ``patterns``: see ``patterns_of``; ``scores``: of the values counted, ascending. Columns: ``PATTERNS_SCHEMA``:
    n_units with at least two answers, value (definitions in ``agreement_tallies``), its 95 % bootstrap interval over
    units (drawing units is drawing from the patterns as often as there are units), undefined: replicates without a
    value. The values are those of ``agreement_summary``; its intervals are from other draws. NaN where not defined, as
    everywhere without patterns.
    """
    found = [(tuple(counts), units) for counts, units in patterns]
    table = np.array([counts for counts, _ in found], dtype=np.float64).reshape(len(found), len(scores))
    units = np.array([n for _, n in found], dtype=np.int64)
    tallies, levels = unit_tallies(table), _UP_TO[level]
    value = count_figures(weighted_tally(tallies, units[:, None].astype(np.float64)), scores, levels)
    total = int(units.sum())
    made = np.zeros((0, len(value)))
    if replicates and total:
        drawn = np.random.default_rng(seed).multinomial(total, units / total, size=replicates).T.astype(np.float64)
        made = np.stack(list(count_figures(weighted_tally(tallies, drawn), scores, levels).values()), axis=1)
    points = np.array([float(figure[0]) for figure in value.values()])
    ends = percentiles(np.where(np.isnan(points), np.nan, made))
    pairable = int(units[table.sum(axis=1) > 1].sum()) if found else 0
    answers = int((table.sum(axis=1) * units).sum())
    of_level = {name: at for at, names in FIGURES_AT.items() for name in names}
    rows = [
        (name, of_level.get(name, "nominal"), pairable, answers, *numbers)
        for name, *numbers in zip(value, *(part.tolist() for part in (points, *ends)), strict=True)
    ]
    return pl.DataFrame(rows, schema=PATTERNS_SCHEMA, orient="row")
