"""Does the confidence that an extractor states say how often its attributes are accepted?"""

from __future__ import annotations

import math

import polars as pl

from analysis.figures.parts import Picture, in_percent, short_name
from analysis.figures.plane import Mark, Side, plane
from analysis.figures.svg import PEOPLE
from analysis.report.listings import CALIBRATION, CALIBRATION_SUMMARY
from analysis.report.parts import Campaign, Part, Section, drawn, of_campaign, parts_of, shown
from analysis.report.wording import interval, points_of, told_apart
from analysis.schema import ATTRIBUTE_QUALITY
from analysis.tables import Context

TICKS = (0, 0.25, 0.5, 0.75, 1)


def calibration(context: Context) -> Section:
    return Section(
        name="calibration",
        title="Calibration of the extractor",
        study=0,
        about="The confidence that the extractor gave with an attribute, against how often people accepted it.",
        missing="No judged attribute of this release has a confidence.",
        parts=parts_of(context, _part, ATTRIBUTE_QUALITY),
    )


def _part(context: Context, campaign: Campaign) -> Part | None:
    bins, summary = (of_campaign(context[name], campaign) for name in ("calibration", "calibration_summary"))
    if not bins.height:
        return None
    pictures = [_picture(part, campaign) for part in bins.partition_by("extractor", maintain_order=True)]
    body = "".join(
        drawn(context, picture, "The bins", CALIBRATION, part, campaign)
        for picture, part in zip(pictures, bins.partition_by("extractor", maintain_order=True), strict=True)
    )
    return Part(campaign, _says(summary), body + shown(context, CALIBRATION_SUMMARY, summary, campaign))


def _says(summary: pl.DataFrame) -> str:
    row = summary.filter(pl.col("figure") == "overconfidence").row(0, named=True)
    name, size = short_name(row["extractor"]), f"{abs(100 * row['value']):.0f} points"
    ends = interval(100 * row["low"], 100 * row["high"], points_of)
    if not math.isfinite(row["low"]):
        way = "above" if row["value"] > 0 else "below"
        return f"The confidence of {name} lies {size} {way} its acceptance; how sure that is cannot be told."
    if not told_apart(row["low"], row["high"]):
        return f"Whether the confidence of {name} is, on the whole, too high or too low cannot be told{ends}."
    way = "higher" if row["value"] > 0 else "lower"
    return f"The confidence of {name} is {size} {way} than its acceptance{ends}."


def _picture(bins: pl.DataFrame, campaign: Campaign) -> Picture:
    name = short_name(bins["extractor"][0])
    marks = [
        Mark("", row["confidence"], row["accepted"], PEOPLE, y_low=row["low"], y_high=row["high"])
        for row in bins.iter_rows(named=True)
    ]
    said = "; ".join(f"confidence {in_percent(mark.x)}, accepted {in_percent(mark.y)}" for mark in marks)
    alt = f"Confidence of {name} in bins against the share accepted. {said}."
    caption = (
        f"Confidence of {name} in bins, against the share of judgments that accept; on the dashed line the two are "
        "equal. Bars are 95 % intervals."
    )
    x = Side("confidence that the extractor states", 0, 1, TICKS, _percent)
    y = Side("accepted", 0, 1, TICKS, _percent)
    svg = plane(x, y, alt=alt, mark=campaign.mark, marks=marks, diagonal=True)
    return Picture("calibration", svg, alt, caption, campaign.mark)


def _percent(tick: float) -> str:
    return f"{100 * tick:.0f} %"
