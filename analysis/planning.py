"""How many more judgments: what an interval of a given width costs, from the answers that are there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from analysis.clusters import clustered_mean
from analysis.intervals import LEVEL
from analysis.powered import EVERYTHING, FEWEST, FIGURES, clusters_of, unit_means
from analysis.release import Release
from analysis.schema import PREFERENCE

JUDGES = (1, 2, 3, 5)  # judgments a unit
TARGETS = {True: (0.2, 0.1, 0.05), False: (0.05, 0.02, 0.01)}  # half widths: of means 1-5, of shares
MOST = 10_000_000  # judgments; more is no plan

PLANNING_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "instrument": pl.String,
        "figure": pl.String,
        "subject": pl.String,
        "units": pl.Int64,
        "judgments": pl.Int64,
        "half_width": pl.Float64,
        "target": pl.Float64,
        "per_unit": pl.Int64,
        "units_needed": pl.Int64,
        "judgments_needed": pl.Int64,
        "more_judgments": pl.Int64,
    }
)


def planning(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """What 95 % intervals of given half widths would take, for several numbers of judgments a unit.

    Columns: ``PLANNING_SCHEMA``; figures, subjects as in ``powered``. ``half_width``: of the interval now, by person
    and prompt, over ``units`` with ``judgments``. ``per_unit`` judgments on each of ``units_needed`` units give
    ``target``; ``more_judgments`` is what is missing of ``judgments_needed``, 0 where the interval is narrow enough
    already, -1 where more than ``MOST`` would be needed or where nothing can be said about how answers to one unit
    vary.

    Definition: a unit's mean of k answers varies by B + W / k, B between units and W within, both from the answers;
    clusters widen this by the same factor as now (new units come with new people, as these did), and the normal
    quantile stands for Student's, since there will be more people. Figures that do not vary now are left out:
    they would seem to cost nothing.
    """
    rows: list[tuple[Any, ...]] = []
    for (campaign, instrument), units in unit_means(long, release).group_by(
        "campaign", "instrument", maintain_order=True
    ):
        parts = [(EVERYTHING, units)]
        named = units.filter(pl.col("subject") != EVERYTHING).sort("subject", "unit")
        parts += [(str(name), part) for (name,), part in named.group_by("subject", maintain_order=True)]
        for subject, part in parts:
            head = (campaign, instrument, FIGURES[str(instrument)], subject)
            rows += [(*head, *plan) for plan in _plans(part, scale=instrument == PREFERENCE)]
    return pl.DataFrame(rows, schema=PLANNING_SCHEMA, orient="row")


def _plans(units: pl.DataFrame, *, scale: bool) -> list[tuple[float, ...]]:
    now = clustered_mean(units["people"].to_numpy(), clusters_of(units))
    if units.height < FEWEST or not now.se > 0:
        return []
    judgments = int(units["n"].sum())
    half = now.high - now.value
    between, within = variance_parts(units)
    widened = now.se**2 / (float(units["people"].var()) / units.height)  # type: ignore[arg-type]
    quantile = float(stats.norm.ppf((1 + LEVEL) / 2))
    rows: list[tuple[float, ...]] = []
    for target in TARGETS[scale]:
        for k in JUDGES:
            needed = widened * (between + within / k) * (quantile / target) ** 2
            known = math.isfinite(needed) and needed * k <= MOST
            n = math.ceil(needed) if known else -1
            more = -1 if not known else 0 if half <= target else max(0, n * k - judgments)
            rows.append((units.height, judgments, half, target, k, n, n * k if known else -1, more))
    return rows


def variance_parts(units: pl.DataFrame) -> tuple[float, float]:
    """(between, within): variance between units, and of the answers to one; from ``powered.unit_means``.

    ``within`` is the mean over units with two answers or more, each with the weight of its degrees of freedom; between
    is the variance of the units' means less what within puts into it, at least 0. NaN where no unit has two answers.
    Source: one-way analysis of variance, S. R. Searle, G. Casella and C. E. McCulloch (1992), Variance Components, 3.
    """
    several = units.filter(pl.col("n") > 1)
    freedom = (several["n"] - 1).to_numpy().astype(np.float64)
    if not len(freedom) or units.height < 2:
        return math.nan, math.nan
    within = float(several["within"].to_numpy() @ freedom / freedom.sum())
    share = float((1 / units["n"]).mean())  # type: ignore[arg-type]
    return max(0.0, float(units["people"].var()) - within * share), within  # type: ignore[arg-type]
