"""Beyond the majority: what each unit's answers say when raters are not all alike.

A method turns the people's answers on a unit into a probability for every value (``posteriors``), so that conclusions
(``analysis.conclusions``) are read from all methods in the same way.

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

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis.crowd_models import Answers, coded, dawid_skene, glad
from analysis.longform import PEOPLE_KINDS
from analysis.selection import majority_labels

Method = Literal["majority", "soft", "dawid_skene", "glad"]
METHODS: tuple[Method, ...] = get_args(Method)
# Judgments of a campaign above which a model of raters is left out: GLAD's steps would take minutes, and both hold
# several copies of all answers.
LIMITS = {"dawid_skene": 200_000, "glad": 50_000}

POSTERIOR_SCHEMA = pl.Schema(
    {"campaign": pl.String, "instrument": pl.String, "unit": pl.String, "value": pl.String, "p": pl.Float64}
)
RELIABILITY_SCHEMA = pl.Schema(
    {"campaign": pl.String, "rater": pl.String, "kind": pl.String, "n": pl.Int64, "accuracy": pl.Float64}
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
