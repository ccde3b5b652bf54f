"""What models and baselines would select at other thresholds of their scores."""

from __future__ import annotations

import polars as pl

from analysis.figures.parts import Picture, colour_of, in_number, row_name, short_name
from analysis.figures.plane import Curve, Side, plane
from analysis.report.listings import THRESHOLD_CURVES, THRESHOLDS
from analysis.report.parts import Campaign, Part, Section, drawn, of_campaign, parts_of, shown
from analysis.schema import RELEVANCE
from analysis.tables import Context

TICKS = (0, 0.25, 0.5, 0.75, 1)


def thresholds(context: Context) -> Section:
    return Section(
        name="thresholds",
        title="Threshold curves",
        study=0,
        about="Precision against recall as the threshold of a baseline's score, or of a model's probability of yes, "
        "falls.",
        missing="No model or baseline of this release gave scores, so there is no other threshold to try.",
        parts=parts_of(context, _part, RELEVANCE),
    )


def _part(context: Context, campaign: Campaign) -> Part | None:
    curves, best = (of_campaign(context[name], campaign) for name in ("threshold_curves", "thresholds"))
    if not curves.height:
        return None
    body = drawn(context, _picture(curves, campaign), "The curves", THRESHOLD_CURVES, curves, campaign)
    return Part(campaign, _says(best), body + shown(context, THRESHOLDS, best, campaign))


def _says(best: pl.DataFrame) -> str:
    known = best.filter(pl.col("best_f1").is_finite())
    if not known.height:
        return "The label calls nothing relevant, so no threshold can find anything."
    row = known.sort("best_f1", descending=True).row(0, named=True)
    return (
        f"With the threshold that suits these labels best, {short_name(row['rater'])} would reach an F1 of "
        f"{in_number(row['best_f1'], 3)}, which is a ceiling and no estimate."
    )


def _picture(curves: pl.DataFrame, campaign: Campaign) -> Picture:
    drawn_curves = []
    for number, own in enumerate(curves.partition_by("kind", "rater", maintain_order=True)):
        rater, kind = own["rater"][0], own["kind"][0]
        points = [(a, b) for a, b in own.select("recall", "precision").iter_rows() if a == a]
        if points:
            drawn_curves.append(Curve(row_name(rater, kind), points, colour_of(kind), number))
    names = ", ".join(curve.name for curve in drawn_curves)
    alt = f"Precision against recall at falling thresholds, a curve each for {names}."
    caption = "Precision against recall as the threshold falls from left to right; n and intervals stand in the tables."
    x = Side("recall", 0, 1, TICKS, in_number)
    y = Side("precision", 0, 1, TICKS, in_number)
    svg = plane(x, y, alt=alt, mark=campaign.mark, curves=drawn_curves)
    return Picture("threshold_curves", svg, alt, caption, campaign.mark)
