"""Beyond the majority: what each unit's answers say when raters are not all alike, and what that does to conclusions.

A method turns the people's answers on a unit into a probability for every value (``posteriors``); a conclusion is a
ratio of sums of these probabilities over units (``conclusions``), so that all methods are read in the same way.

Methods
    majority      1 for the value that more than half of the answers gave; a unit without one is left out, as in
                  ``selection``
    soft          the shares of the answers themselves: disagreement is kept
    dawid_skene   every rater has a confusion matrix of their own, estimated with the values by EM.
                  Source: A. P. Dawid and A. M. Skene (1979), Applied Statistics 28, 20-28
    glad          every rater has an ability, every unit a difficulty. Source: J. Whitehill et al. (2009), NIPS 22
The last two (``crowd_models``, by the package crowd-kit) read each campaign by itself. They take values as names
without order, so a preference's 1 and 2 are as far apart as 1 and 5. What they say has no interval: with some tens of
answers a rater their estimates lie off to one side, and how far depends on where the steps end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis.answers import answers_by
from analysis.bootstrap import FEWEST_CLUSTERS, REPLICATES, intervals, jackknife, left_out, unit_weights
from analysis.crowd_models import Answers, coded, dawid_skene, glad
from analysis.longform import MODEL, PEOPLE_KINDS
from analysis.release import Release
from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE, RELEVANCE, VALUES
from analysis.selection import majority_labels

Method = Literal["majority", "soft", "dawid_skene", "glad"]
METHODS: tuple[Method, ...] = get_args(Method)
# Judgments of a campaign above which a model of raters is left out: GLAD's steps would take minutes, and both hold
# several copies of all answers.
LIMITS = {"dawid_skene": 200_000, "glad": 50_000}
# Readings whose probabilities are the answers themselves: what other people's answers would give can be told.
WITH_INTERVAL: tuple[Method, ...] = ("majority", "soft")
NO_INTERVAL = "how sure a model of raters is, is not known"
FEW_PEOPLE = f"fewer than {FEWEST_CLUSTERS} people"

POSTERIOR_SCHEMA = pl.Schema(
    {"campaign": pl.String, "instrument": pl.String, "unit": pl.String, "value": pl.String, "p": pl.Float64}
)
RELIABILITY_SCHEMA = pl.Schema(
    {"campaign": pl.String, "rater": pl.String, "kind": pl.String, "n": pl.Int64, "accuracy": pl.Float64}
)
CONCLUSION_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "instrument": pl.String,
        "conclusion": pl.String,
        "subject": pl.String,
        "method": pl.String,
        "units": pl.Int64,
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "change": pl.Float64,
        "change_low": pl.Float64,
        "change_high": pl.Float64,
        "reason": pl.String,
    }
)


def posteriors(long: pl.DataFrame, method: Method) -> pl.DataFrame:
    """The probability of each value of each unit that people answered.

    Columns: ``POSTERIOR_SCHEMA``, sorted by campaign, unit, value; values without any probability may be missing. ``p``
    of a unit sums to 1. Campaigns over a method's ``LIMITS`` have no rows by it.
    """
    people = _people(long)
    if method == "majority":
        found = majority_labels(people).drop_nulls("label").select("campaign", "unit", value="label", p=pl.lit(1.0))
    elif method == "soft":
        counts = people.group_by("campaign", "unit", "value").agg(pl.len().alias("votes"))
        found = counts.with_columns(p=pl.col("votes") / pl.col("votes").sum().over("campaign", "unit")).drop("votes")
    else:
        found = _by_model(people, method)
    instruments = people.select("campaign", "instrument").unique()
    return (
        found.join(instruments, on="campaign")
        .select(POSTERIOR_SCHEMA.names())
        .match_to_schema(POSTERIOR_SCHEMA)
        .sort("campaign", "unit", "value")
    )


def reliability(long: pl.DataFrame) -> pl.DataFrame:
    """How far each rater's answers agree with what the models of raters take for the truth.

    Columns: ``RELIABILITY_SCHEMA``. ``accuracy`` in [0, 1]: the probability that the rater names the value of a unit,
    by Dawid and Skene, the values weighted as they occur. An estimate about answers, never a reason by itself to
    exclude anybody. Campaigns over ``LIMITS`` have no rows.
    """
    people = _within(_people(long), "dawid_skene")
    rows: list[tuple[Any, ...]] = []
    for (campaign,), answers in people.group_by("campaign", maintain_order=True):
        found = coded(answers)
        fitted = dawid_skene(found)
        right = np.diagonal(fitted.errors, axis1=1, axis2=2) @ fitted.shares
        own = answers.group_by("rater", "kind").agg(pl.len().cast(pl.Int64).alias("n")).sort("rater")
        rows += [(campaign, *who, float(p)) for who, p in zip(own.iter_rows(), right, strict=True)]
    return pl.DataFrame(rows, schema=RELIABILITY_SCHEMA, orient="row").sort("campaign", "rater")


def conclusions(long: pl.DataFrame, release: Release, *, methods: Sequence[Method] = METHODS) -> pl.DataFrame:
    """Each conclusion of the study under each method, and how far it is from the majority's.

    Columns: ``CONCLUSION_SCHEMA``. Conclusions: attribute quality, by corpus (``subject``): ``accepted`` and
    ``problematic`` (uncertain or rejected), shares of attributes, and ``real minus synthetic`` of the problematic
    share; relevance: share ``relevant``, and each model's ``f1`` against the label; preference, by generator: ``mean``
    score 1-5, and share ``no better`` (3 or less).
    ``units`` enter; ``low``-``high``: 95 %, bootstrap over people (``bootstrap.intervals``). ``change``: value minus
    the majority's, with its interval from the same draws; 0 for the majority itself, NaN where there is none. No
    interval by ``dawid_skene`` and ``glad`` (module docstring), nor of fewer than ten people: NaN, and ``reason`` says
    which.
    """
    units = _units(long, release)
    if not units.height:
        return pl.DataFrame(schema=CONCLUSION_SCHEMA)
    cells = [_cells(long, units, posteriors(long, method)).with_columns(method=pl.lit(method)) for method in methods]
    everything = pl.concat(cells)
    rows: list[tuple[Any, ...]] = []
    key = ["campaign", "instrument", "conclusion", "subject"]
    for names, group in everything.sort(*key, "person").group_by(key, maintain_order=True):
        rows += [(*names, *figures) for figures in _figures(group, methods)]
    return pl.DataFrame(rows, schema=CONCLUSION_SCHEMA, orient="row")


def _people(long: pl.DataFrame) -> pl.DataFrame:
    columns = long.select("campaign", "instrument", "unit", "rater", "kind", "value")
    return columns.filter(pl.col("kind").is_in(PEOPLE_KINDS))


def _within(people: pl.DataFrame, method: Method) -> pl.DataFrame:
    return people.filter(pl.len().over("campaign") <= LIMITS[method])


def _by_model(people: pl.DataFrame, method: Method) -> pl.DataFrame:
    frames = [POSTERIOR_SCHEMA.to_frame().drop("instrument")]
    for (campaign,), own in _within(people, method).group_by("campaign", maintain_order=True):
        answers = coded(own)
        found = dawid_skene(answers).probabilities if method == "dawid_skene" else glad(answers)
        frames.append(_tall(answers, found).select(pl.lit(campaign).alias("campaign"), "unit", "value", "p"))
    return pl.concat(frames)


def _tall(answers: Answers, probabilities: npt.NDArray[np.float64]) -> pl.DataFrame:
    unit, value = (index.ravel() for index in np.indices(probabilities.shape))
    named = {"unit": answers.units.gather(unit), "value": answers.values.gather(value)}
    return pl.DataFrame({**named, "p": probabilities.ravel()})


def _units(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """What people judged, and whose it is: campaign, unit, person, corpus, corpus_kind, generator."""
    asked = long.lazy().filter(pl.col("kind").is_in(PEOPLE_KINDS)).select("campaign", "unit", "attribute", "pair")
    people = release.people.select("person", "corpus", "corpus_kind")
    owners = release.attributes.select("attribute", "person").join(people, on="person")
    return (
        asked.unique(["campaign", "unit"])
        .join(owners, on="attribute", how="left")
        .join(release.response_pairs.select("pair", "generator"), on="pair", how="left")
        .drop("attribute", "pair")
        .collect(engine="streaming")
    )


def _cells(long: pl.DataFrame, units: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Numerator and denominator of every conclusion, summed by person: ``campaign``, ``instrument``, ``conclusion``,
    ``subject``, ``person``, ``sign``, ``top``, ``bottom``, ``units``. ``sign`` -1 is what is taken away.
    """
    parts = []
    for instrument, part in ((ATTRIBUTE_QUALITY, _of_quality), (RELEVANCE, _of_relevance), (PREFERENCE, _of_pairs)):
        of = found.filter(pl.col("instrument") == instrument).join(
            units, on=["campaign", "unit"], maintain_order="left"
        )
        parts.append(part(of, long))
    return pl.concat(parts)


def _summed(frame: pl.DataFrame) -> pl.DataFrame:
    """``top`` and ``bottom`` of each unit, summed by person in the order of the rows: the same bytes each time."""
    key = ["campaign", "instrument", "conclusion", "subject", "person", "sign"]
    sums = (pl.col("top").sum(), pl.col("bottom").sum(), pl.col("unit").n_unique().cast(pl.Int64).alias("units"))
    return frame.with_columns(pl.col("person").fill_null("")).group_by(key, maintain_order=True).agg(*sums)


def _of_quality(of: pl.DataFrame, long: pl.DataFrame) -> pl.DataFrame:
    accepted, sign = pl.col("value") == VALUES[ATTRIBUTE_QUALITY][-1], pl.lit(1)
    shares = [
        of.with_columns(top=pl.when(hit).then("p").otherwise(0.0), conclusion=pl.lit(name), subject="corpus", sign=sign)
        for name, hit in (("accepted", accepted), ("problematic", ~accepted))
    ]
    real = pl.when(pl.col("corpus_kind") == "human").then(1).otherwise(-1)
    both = pl.col("corpus_kind").n_unique().over("campaign") == 2
    gap = shares[1].with_columns(conclusion=pl.lit("real minus synthetic"), subject=pl.lit(""), sign=real).filter(both)
    return pl.concat([_summed(part.with_columns(bottom="p")) for part in (*shares, gap)])


def _of_relevance(of: pl.DataFrame, long: pl.DataFrame) -> pl.DataFrame:
    """The share of the relevant, and each model's F1 = 2 tp / (2 tp + fp + fn), each unit counting by its probability
    of being relevant.
    """
    yes = pl.when(pl.col("value") == "yes").then("p").otherwise(0.0)
    named = {"conclusion": pl.lit("relevant"), "subject": pl.lit(""), "sign": pl.lit(1)}
    frames = [_summed(of.with_columns(top=yes, bottom="p", **named))]
    labels = of.group_by("campaign", "instrument", "unit", "person", maintain_order=True).agg(relevant=yes.sum())
    for (campaign, rater, _), answers in answers_by(long, RELEVANCE, pl.col("kind") == MODEL):
        says = answers.select("unit", says=(pl.col("value") == "yes").cast(pl.Float64))
        scored = labels.filter(pl.col("campaign") == campaign).join(says, on="unit", maintain_order="left")
        sums = {"top": 2 * pl.col("says") * pl.col("relevant"), "bottom": pl.col("relevant") + pl.col("says")}
        named = {"conclusion": pl.lit("f1"), "subject": pl.lit(rater), "sign": pl.lit(1)}
        frames.append(_summed(scored.with_columns(**sums, **named)))
    return pl.concat(frames)


def _of_pairs(of: pl.DataFrame, long: pl.DataFrame) -> pl.DataFrame:
    score = pl.col("value").cast(pl.Float64, strict=False)
    tops = (("mean", score * pl.col("p")), ("no better", pl.when(score <= 3).then("p").otherwise(0.0)))
    named = of.drop_nulls("generator").with_columns(bottom="p", subject="generator", sign=pl.lit(1))
    return pl.concat([_summed(named.with_columns(top=top, conclusion=pl.lit(name))) for name, top in tops])


def _figures(group: pl.DataFrame, methods: Sequence[Method]) -> list[tuple[Any, ...]]:
    """One conclusion's rows from ``method`` on. Every method sees the same draws of people."""
    people = group["person"].unique().sort()
    weights = _weights(len(people))
    rows: list[tuple[Any, ...]] = []
    base = np.full(1, math.nan)
    for method in methods:
        cells = group.filter(pl.col("method") == method)
        if not cells.height:
            continue
        reason = NO_INTERVAL if method not in WITH_INTERVAL else FEW_PEOPLE if len(people) < FEWEST_CLUSTERS else ""
        values = _values(cells, people, weights[:1] if reason else weights)
        base = values if method == "majority" else base
        change = values - base[: len(values)]
        ends = (_with_interval(of, len(people)) for of in (values, change))
        rows.append((method, int(cells["units"].sum()), *chain.from_iterable(ends), reason))
    return rows


def _weights(people: int) -> npt.NDArray[np.float64]:
    """(1 + replicates + groups left out, people): everybody once, the bootstrap's draws, the jackknife's."""
    each = np.arange(people)
    chunks = chain(unit_weights(each, REPLICATES), left_out(each, REPLICATES))
    return np.concatenate([np.ones((1, people)), *(chunk.T for chunk in chunks)])


def _values(cells: pl.DataFrame, people: pl.Series, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The conclusion's value under each row of ``weights`` (..., people)."""
    total: npt.NDArray[np.float64] = np.zeros(len(weights))
    for (sign,), part in cells.group_by("sign"):
        place = people.search_sorted(part["person"])
        top, bottom = np.zeros(len(people)), np.zeros(len(people))
        np.add.at(top, place.to_numpy(), part["top"].to_numpy())
        np.add.at(bottom, place.to_numpy(), part["bottom"].to_numpy())
        with np.errstate(invalid="ignore", divide="ignore"):
            total += float(str(sign)) * (weights @ top) / (weights @ bottom)
    return total


def _with_interval(values: npt.NDArray[np.float64], people: int) -> tuple[float, float, float]:
    """The value and its interval from what ``_weights`` made of it; none where there is the value alone."""
    if len(values) == 1:
        return float(values[0]), math.nan, math.nan
    first, drawn, without = np.split(values[:, None], [1, 1 + REPLICATES])
    ends = intervals(first[0], drawn, jackknife(without, np.array([people])))
    return float(values[0]), float(ends.low[0]), float(ends.high[0])
