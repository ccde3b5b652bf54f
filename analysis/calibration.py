"""Does an extractor's confidence in an attribute say how often people accept it?"""

from __future__ import annotations

import math

import polars as pl

from analysis.attribute_quality import quality_answers
from analysis.clusters import clustered_mean, clustered_share, codes_of
from analysis.release import Release

BINS = 10
DIMENSIONS = ("person", "rater")

CALIBRATION_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "extractor": pl.String,
        "bin_low": pl.Float64,
        "bin_high": pl.Float64,
        "n": pl.Int64,
        "confidence": pl.Float64,
        "accepted": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "reason": pl.String,
    }
)
CALIBRATION_SUMMARY_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "extractor": pl.String,
        "figure": pl.String,
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "n": pl.Int64,
        "not_known": pl.Int64,
        "reason": pl.String,
    }
)


def calibration(long: pl.DataFrame, release: Release, *, bins: int = BINS) -> pl.DataFrame:
    """Confidence beside acceptance in ``bins`` equal bins of [0, 1], the last closed above; bins without answers have
    no row.

    Columns: ``CALIBRATION_SCHEMA``. ``n`` judgments of attributes whose extractor gave a confidence (of a merged
    attribute: the merged one's); ``confidence``: their mean; ``accepted``: share of them that accept, in [0, 1],
    interval clustered by person and rater. Uncertain and rejected judgments do not accept.
    """
    rows = []
    key = ["campaign", "extractor"]
    for names, answers in _known(long, release, bins).group_by(*key, "bin", maintain_order=True):
        found = clustered_share(answers["accepted"].to_numpy(), codes_of(answers, *DIMENSIONS))
        campaign, extractor, place = names
        edges = (int(str(place)) / bins, (int(str(place)) + 1) / bins)
        mean = float(answers["confidence"].to_numpy().mean())
        rows.append((campaign, extractor, *edges, answers.height, mean, *found[:3], found.reason))
    return pl.DataFrame(rows, schema=CALIBRATION_SCHEMA, orient="row").sort(*key, "bin_low")


def calibration_summary(long: pl.DataFrame, release: Release, *, bins: int = BINS) -> pl.DataFrame:
    """One row for each campaign, extractor and figure; columns: ``CALIBRATION_SUMMARY_SCHEMA``.

    ``ece``, the expected calibration error: mean over answers of |accepted - confidence| of their bin (both as bin
    means), in [0, 1], 0 = the confidence is right in every bin; never below what chance alone gives. ``brier``: mean of
    (confidence - accepted)^2 over ``n`` answers, in [0, 1], 0 best. ``overconfidence``: mean of confidence - accepted,
    in [-1, 1]. Intervals clustered by person and rater; that of ``ece`` takes the sign of each bin's gap as it was
    found, and ends at 0. ``not_known``: answers left out because the attribute has no confidence. A campaign and
    extractor without any known confidence has no row. Sources: M. P. Naeini, G. F. Cooper and M. Hauskrecht (2015),
    AAAI, 2901-2907; G. W. Brier (1950), Monthly Weather Review 78, 1-3.
    """
    unknown = quality_answers(long, release).filter(pl.col("confidence").is_null())
    left_out = {(row[0], row[1]): row[2] for row in unknown.group_by("campaign", "extractor").len().iter_rows()}
    rows = []
    for (campaign, extractor), answers in _known(long, release, bins).group_by(
        "campaign", "extractor", maintain_order=True
    ):
        gap = pl.col("accepted") - pl.col("confidence")
        signed = answers.select((gap * gap.mean().over("bin").sign()).alias("ece"), gap)
        figures = {"ece": signed["ece"], "brier": signed["accepted"] ** 2, "overconfidence": -signed["accepted"]}
        for name, each in figures.items():
            found = clustered_mean(each.to_numpy(), codes_of(answers, *DIMENSIONS))
            low = max(0.0, found.low) if name != "overconfidence" and not math.isnan(found.low) else found.low
            counts = (answers.height, left_out.get((campaign, extractor), 0))
            rows.append((campaign, extractor, name, found.value, low, found.high, *counts, found.reason))
    frame = pl.DataFrame(rows, schema=CALIBRATION_SUMMARY_SCHEMA, orient="row")
    return frame.sort("campaign", "extractor", maintain_order=True)


def _known(long: pl.DataFrame, release: Release, bins: int) -> pl.DataFrame:
    """``quality_answers`` with a confidence, ``accepted`` as 1.0 or 0.0 and the number of the bin."""
    edges = [number / bins for number in range(1, bins)]  # exactly: 0.7 lies in the bin that begins with it
    place = pl.sum_horizontal([(pl.col("confidence") >= edge).cast(pl.Int64) for edge in edges] or [pl.lit(0)])
    return (
        quality_answers(long, release)
        .filter(pl.col("confidence").is_not_null())
        .with_columns((pl.col("value") == "accepted").cast(pl.Float64).alias("accepted"), place.alias("bin"))
    )
