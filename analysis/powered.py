"""Few people, many model answers: estimates that are anchored in people and use models to be more certain.

Prediction-powered inference: the people's mean, corrected by how a model's answers on what people did not judge differ
from its answers on what they did. However wrong the model is, the estimate stays the people's; the better it follows
them, the narrower the interval. Sources: A. N. Angelopoulos et al. (2023), Science 382, 669-674; the weight of the
model by A. N. Angelopoulos, J. C. Duchi and T. Zrnic (2023), arXiv 2311.01453 (PPI++).

What it takes for granted: what people judged was drawn at random from all that the model judged.

Intervals are by person and prompt (``analysis.clusters``); with every unit a cluster of its own they are those of the
package ppi-python but for the correction for few clusters, of units that people judged, and Student's t.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from analysis.clusters import Arm, Clusters, Estimate, Floats, clustered_sum, codes_of
from analysis.intervals import SEED
from analysis.longform import BASELINE_BACKENDS, PEOPLE_KINDS
from analysis.release import Release
from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE, RELEVANCE, VALUES

ALL_MODELS = "all models"
EVERYTHING = ""  # the subject of a figure over all units
FEWEST = 10  # units that people judged, for a figure of its own
DRAWS = 20
SHARES = (0.1, 0.25, 0.5)

POWERED_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "instrument": pl.String,
        "figure": pl.String,
        "subject": pl.String,
        "judge": pl.String,
        "judged": pl.Int64,
        "alone": pl.Int64,
        "people": pl.Float64,
        "people_low": pl.Float64,
        "people_high": pl.Float64,
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "weight": pl.Float64,
        "worth": pl.Float64,
    }
)
THRIFT_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "instrument": pl.String,
        "figure": pl.String,
        "subject": pl.String,
        "judge": pl.String,
        "share": pl.Float64,
        "judged": pl.Int64,
        "half_width_people": pl.Float64,
        "half_width": pl.Float64,
        "worth": pl.Float64,
    }
)


@dataclass(frozen=True)
class ClusteredMean:
    """A mean, or a difference of two: what each answer contributes to its error (``clusters.Arm``), and the answers'
    clusters. Estimates may be subtracted: what their clusters share drops out.
    """

    value: float
    arms: tuple[Arm, ...]
    clusters: Clusters

    @cached_property
    def estimate(self) -> Estimate:
        return clustered_sum(self.value, self.arms, self.clusters)

    def __sub__(self, other: ClusteredMean) -> ClusteredMean:
        own, others = (len(each.arms[0].influence) for each in (self, other))
        arms = [Arm(*(np.pad(part, (0, others)) for part in arm)) for arm in self.arms]
        arms += [Arm(np.pad(-arm.influence, (own, 0)), np.pad(arm.weight, (own, 0))) for arm in other.arms]
        return ClusteredMean(self.value - other.value, tuple(arms), _joined(self.clusters, other.clusters))


class Powered(NamedTuple):
    """``people``: the people's mean alone. ``powered``: with the model's help. ``weight`` in [0, 1]: how far it is
    trusted, 0 where it does not help.
    """

    people: ClusteredMean
    powered: ClusteredMean
    weight: float


def powered_mean(
    people: Floats,
    model: Floats,
    clusters: Clusters,
    model_alone: Floats,
    clusters_alone: Clusters,
    *,
    weight: float | None = None,
) -> Powered:
    """The mean of the people's answers over all units, those that only the model answered included.

    ``people``, ``model``, each of ``clusters``: shape (n,), the people's mean answer and the model's on each unit that
    people judged; ``model_alone``, each of ``clusters_alone``: shape (N,), where only the model answered. One scale for
    both, n >= 1.
    ``mean(people) - weight * (mean(model) - mean(model_alone))``; ``weight`` None takes the one in [0, 1] with the
    smallest variance, had every unit been a cluster of its own: chosen by the few clusters themselves it would make
    them look more alike than they are. N = 0, or a model that never varies: weight 0, which is the people's mean.
    Raises ``ValueError`` for n = 0 or unequal lengths.
    """
    n, alone = len(people), len(model_alone)
    lengths = {n, len(model), *(len(codes) for codes in clusters.values())}
    if lengths != {n} or not n or any(len(codes) != alone for codes in clusters_alone.values()):
        raise ValueError(f"values and clusters of {n} units ({alone} of the model alone) differ in length or are none")
    if weight is None:
        weight = _best_weight(people, model, model_alone)
    own = (people - people.mean()) / n
    by_people = ClusteredMean(float(people.mean()), (Arm(own, np.full(n, 1 / n)),), clusters)
    if not weight:
        return Powered(by_people, by_people, weight)
    shift, theirs = 0.0, (model - model.mean()) / n
    elsewhere = np.zeros(alone)
    if alone:
        shift = float(model.mean() - model_alone.mean())
        elsewhere = (model_alone - model_alone.mean()) / alone
    influence = np.concatenate([own - weight * theirs, weight * elsewhere])
    arm = Arm(influence, np.pad(np.full(n, 1 / n), (0, alone)))
    powered = ClusteredMean(by_people.value - weight * shift, (arm,), _joined(clusters, clusters_alone))
    return Powered(by_people, powered, weight)


def _joined(clusters: Clusters, others: Clusters) -> Clusters:
    return {name: np.concatenate([codes, others[name]]) for name, codes in clusters.items()}


def powered(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """Means, shares and differences by people alone and by people with each model's help.

    Columns: ``POWERED_SCHEMA``. Figures: ``accepted`` (share, attribute quality), ``relevant`` (share, relevance),
    ``mean`` (1-5, preference), over everything (``subject`` "") and, for preference, by generator; ``difference`` of
    two generators' means, subject "a - b". ``judge``: a model, or "all models": the mean of their answers.
    ``judged`` units have answers of people and of the model; on ``alone`` the model voted and nobody judged, in the
    campaign or outside it. ``people`` and ``value``: without and with the model, 95 % intervals.
    ``worth``: how many times as many judgments people alone would have needed for the narrower interval, the squared
    ratio of the standard errors; 1 where there is nothing that only the model judged. Figures on fewer than ``FEWEST``
    judged units are left out.
    """
    rows: list[tuple[Any, ...]] = []
    for case in _cases(long, release):
        found = _by_subject(case)
        rows += [(*case.head, case.figure, subject, case.judge, *_row(units, *pair)) for subject, units, pair in found]
        parts = [part for part in found if part[0] != EVERYTHING]
        for i, (name, units, one) in enumerate(parts):
            for other, others, two in parts[i + 1 :]:
                both = (one.people - two.people, one.powered - two.powered, math.nan)
                subject = f"{name} - {other}"
                rows.append((*case.head, "difference", subject, case.judge, *_row(pl.concat([units, others]), *both)))
    frame = pl.DataFrame(rows, schema=POWERED_SCHEMA, orient="row")
    return frame.sort("campaign", "figure", "subject", "judge")


def thrift(
    long: pl.DataFrame, release: Release, *, shares: tuple[float, ...] = SHARES, draws: int = DRAWS, seed: int = SEED
) -> pl.DataFrame:
    """What the intervals would have been, had people judged only a share of the units and models all of them.

    Columns: ``THRIFT_SCHEMA``; figures over everything as in ``powered``. For each share, ``draws`` seeded random
    subsets of the judged units keep their people's answers; the half widths of the 95 % intervals, by people alone and
    with the model, and ``worth`` (as in ``powered``) are means over the draws. Where too few units or people are left
    for an interval there is no row.
    """
    rows: list[tuple[Any, ...]] = []
    for case in _cases(long, release):
        judged = case.units.filter(pl.col("people").is_not_null())
        rng = np.random.default_rng(seed)
        for share in shares:
            n = round(share * judged.height)
            if n >= FEWEST and n < judged.height:
                rows.append(
                    (*case.head, case.figure, EVERYTHING, case.judge, share, n, *_thrift(judged, n, draws, rng))
                )
    return pl.DataFrame(rows, schema=THRIFT_SCHEMA, orient="row").sort("campaign", "figure", "judge", "share")


@dataclass(frozen=True)
class Case:
    """One campaign, figure and judge. ``units``: unit, person, prompt (null: asked on none), subject, people (null:
    nobody judged), model.
    """

    head: tuple[str, str]
    figure: str
    judge: str
    units: pl.DataFrame


FIGURES = {ATTRIBUTE_QUALITY: "accepted", RELEVANCE: "relevant", PREFERENCE: "mean"}


def unit_means(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """The people's mean answer to each unit: campaign, instrument, unit, person, prompt (its own or its pair's, else
    null), subject (generator, else ""), n, people, within.

    On the scale of ``FIGURES``: 0 or 1 for the shares, 1-5 for preference. ``within``: variance of a unit's answers
    around their mean (n - 1; NaN for one answer).
    """
    asked = long.select("campaign", "instrument", "unit", "attribute", "prompt", "pair", "kind", "value", "score")
    people = asked.filter(pl.col("kind").is_in(PEOPLE_KINDS)).with_columns(answer=_answer())
    means = people.group_by("campaign", "instrument", "unit", "attribute", "prompt", "pair").agg(
        pl.len().cast(pl.Int64).alias("n"),
        pl.col("answer").mean().alias("people"),
        pl.col("answer").var().fill_null(math.nan).alias("within"),
    )
    placed = _placed(means, release)
    names = ("campaign", "instrument", "unit", "person", "prompt", "subject", "n", "people", "within")
    return placed.select(names).sort("campaign", "unit")


def _answer() -> pl.Expr:
    hit = {ATTRIBUTE_QUALITY: VALUES[ATTRIBUTE_QUALITY][-1], RELEVANCE: VALUES[RELEVANCE][-1]}
    share = (pl.col("value") == pl.col("instrument").replace_strict(hit, default="")).cast(pl.Float64)
    return pl.when(pl.col("instrument") == PREFERENCE).then("score").otherwise(share)


def _placed(units: pl.DataFrame, release: Release) -> pl.DataFrame:
    """``person``, ``prompt`` and ``subject`` of each unit."""
    people = release.attributes.select("attribute", "person").collect()
    pairs = release.response_pairs.select("pair", subject="generator", of_pair="prompt").collect()
    placed = units.join(people, on="attribute", how="left").join(pairs, on="pair", how="left")
    filled = placed.with_columns(pl.col("person", "subject").fill_null(EVERYTHING), pl.coalesce("prompt", "of_pair"))
    return filled.drop("of_pair")


def _model_means(release: Release) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Each model's answer to every unit it voted on, in a campaign or not: instrument, unit, judge, model. Beside it,
    what these units are: instrument, unit, person, prompt, subject.
    """
    machines = release.runs.filter(~pl.col("backend").is_in(BASELINE_BACKENDS))
    votes = release.model_votes.join(machines.select("run"), on="run", how="semi").filter(pl.col("value").is_not_null())
    key = ["instrument", "unit"]
    each = votes.with_columns(model=_answer()).group_by(*key, judge="rater").agg(pl.col("model").mean())
    several = each.filter(pl.col("judge").n_unique().over("instrument") > 1)
    together = several.group_by(key).agg(pl.col("model").sort_by("judge").mean(), n=pl.len())
    # a unit that only some models answered would be another mixture of them
    whole = together.filter(pl.col("n") == pl.col("n").max().over("instrument")).drop("n")
    named = whole.with_columns(judge=pl.lit(ALL_MODELS)).select(*key, "judge", "model")
    units = votes.select(*key, "attribute", "prompt", "pair").unique(key).collect(engine="streaming")
    return pl.concat([each, named]).collect(engine="streaming"), _placed(units, release).drop("attribute", "pair")


def _cases(long: pl.DataFrame, release: Release) -> Iterator[Case]:
    models, placed = _model_means(release)
    for (campaign, instrument), judged in unit_means(long, release).group_by(
        "campaign", "instrument", maintain_order=True
    ):
        known = placed.filter(pl.col("instrument") == instrument).drop("instrument")
        known = known.join(judged.select("unit", "people"), on="unit", how="left")
        answered = models.filter(pl.col("instrument") == instrument)
        for judge in answered["judge"].unique().sort():
            units = (
                answered.filter(pl.col("judge") == judge).select("unit", "model").join(known, on="unit").sort("unit")
            )
            if units["people"].count() >= FEWEST:
                yield Case((str(campaign), str(instrument)), FIGURES[str(instrument)], judge, units)


def _by_subject(case: Case) -> list[tuple[str, pl.DataFrame, Powered]]:
    """Everything first, then each subject with enough judged units."""
    parts = [(EVERYTHING, case.units)]
    named = case.units.filter(pl.col("subject") != EVERYTHING).sort("subject", "unit")
    parts += [(str(name), units) for (name,), units in named.group_by("subject", maintain_order=True)]
    return [(name, units, _powered(units)) for name, units in parts if units["people"].count() >= FEWEST]


def _powered(units: pl.DataFrame) -> Powered:
    judged = units["people"].is_not_null().to_numpy()
    people, model = (units[name].to_numpy() for name in ("people", "model"))
    clusters = clusters_of(units)
    here, alone = ({name: codes[kept] for name, codes in clusters.items()} for kept in (judged, ~judged))
    return powered_mean(people[judged], model[judged], here, model[~judged], alone)


def clusters_of(units: pl.DataFrame) -> Clusters:
    """By what units stand together: person, and prompt where each was asked on one, and not all on the same."""
    asked = not units["prompt"].has_nulls() and units["prompt"].n_unique() > 1
    return codes_of(units, "person", *(("prompt",) if asked else ()))


def _best_weight(people: Floats, model: Floats, model_alone: Floats) -> float:
    """Cov(people, model) / ((1 + n / N) Var(model)), in [0, 1]: as ppi-python tunes it."""
    spread = float(np.concatenate([model, model_alone]).var(ddof=1)) if len(model) + len(model_alone) > 1 else 0.0
    if not len(model_alone) or spread == 0:
        return 0.0
    common = float((people - people.mean()) @ (model - model.mean())) / len(people)
    return min(1.0, max(0.0, common / ((1 + len(people) / len(model_alone)) * spread)))


def _row(units: pl.DataFrame, people: ClusteredMean, helped: ClusteredMean, weight: float) -> tuple[float, ...]:
    judged = units["people"].count()
    alone = units.height - judged
    first, second = people.estimate, helped.estimate
    worth = (first.se / second.se) ** 2 if second.se > 0 else math.nan
    return (judged, alone, *first[:3], *second[:3], weight, worth)


def _thrift(judged: pl.DataFrame, n: int, draws: int, rng: np.random.Generator) -> tuple[float, float, float]:
    people, model = judged["people"].to_numpy(), judged["model"].to_numpy()
    clusters = clusters_of(judged)
    widths = []
    for _ in range(draws):
        kept = np.zeros(judged.height, dtype=bool)
        kept[rng.choice(judged.height, n, replace=False)] = True
        here, alone = ({name: codes[of] for name, codes in clusters.items()} for of in (kept, ~kept))
        found = powered_mean(people[kept], model[kept], here, model[~kept], alone)
        widths.append([(each.estimate.high - each.estimate.low) / 2 for each in (found.people, found.powered)])
    without, helped = np.mean(widths, axis=0)
    return float(without), float(helped), float((without / helped) ** 2) if helped > 0 else math.nan
