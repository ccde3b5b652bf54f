"""5: models as judges in people's place."""

from __future__ import annotations

import math

import polars as pl

from analysis.figures.dots import PREFERENCES, Dot, axis_around, dot_plot, heading, spoken
from analysis.figures.parts import Picture, colour_of, in_number, row_name, short_name
from analysis.figures.svg import MUTED
from analysis.markup import counted
from analysis.report.listings import JUDGES, JUDGES_CORRELATED, ORDER
from analysis.report.parts import Campaign, Part, Section, drawn, of_campaign, parts_of, shown
from analysis.report.wording import interval, told_apart
from analysis.schema import PREFERENCE
from analysis.tables import Context

EVERYBODY = "all raters"


def judges(context: Context) -> Section:
    return Section(
        name="judges",
        title="Models as judges",
        study=5,
        about="Mean rating of people and of each model as a judge, how far the model's lies from people's, its rank "
        "correlation with people beside what people reach among themselves, and what the order of the sides does.",
        missing="No model has judged responses in this release.",
        parts=parts_of(context, _part, PREFERENCE),
    )


def _part(context: Context, campaign: Campaign) -> Part | None:
    found = of_campaign(context["judges"], campaign)
    if not found.filter(pl.col("kind") == "model").height:
        return None
    body = (
        drawn(context, _means(found, campaign), "The means", JUDGES, found, campaign)
        + drawn(context, _correlations(found, campaign), "The correlations", JUDGES_CORRELATED, found, campaign)
        + "<h4>What the order of the sides does</h4>"
        + shown(context, ORDER, found, campaign)
    )
    return Part(campaign, _says(found, campaign), body)


def _says(found: pl.DataFrame, campaign: Campaign) -> str:
    models = found.filter(pl.col("kind") == "model")
    known = [row for row in models.iter_rows(named=True) if math.isfinite(row["shift"])]
    above = [row for row in known if told_apart(row["shift_low"], row["shift_high"]) and row["shift"] > 0]
    said = []
    if known:
        of = f"{len(above) or 'None'} of {counted(len(known), 'model')}"
        said.append(f"{of} {'rates' if len(above) == 1 else 'rate'} higher than {campaign.who} by more than chance.")
    best = max((row for row in known if math.isfinite(row["spearman"])), key=lambda row: row["spearman"], default=None)
    if best:
        ends = interval(best["spearman_low"], best["spearman_high"])
        ceiling = in_number(best["ceiling"])
        said.append(
            f"{short_name(best['judge'])} follows them best, at a correlation of {in_number(best['spearman'])}{ends}; "
            f"{campaign.who} reach {ceiling} among themselves."
        )
    return " ".join(said) or _alone(len(models))


def _alone(n: int) -> str:
    return f"{counted(n, 'model')} {'has' if n == 1 else 'have'} judged, and nobody else to hold against."


def _means(found: pl.DataFrame, campaign: Campaign) -> Picture:
    dots = [
        Dot(
            campaign.who if row["judge"] == EVERYBODY else row_name(row["judge"], row["kind"]),
            row["mean"],
            row["low"],
            row["high"],
            in_number(row["mean"]),
            f"n = {row['n']}",
            colour_of(row["kind"]),
        )
        for row in found.iter_rows(named=True)
    ]
    alt = "Mean rating from 1 (generic much better) to 5 (personalized much better) by judge. " + spoken(dots)
    caption = "Mean rating by judge from 1 to 5 towards the personalized response; bars are 95 % intervals."
    return Picture("judges", dot_plot(dots, PREFERENCES, alt=alt, mark=campaign.mark), alt, caption, campaign.mark)


def _correlations(found: pl.DataFrame, campaign: Campaign) -> Picture:
    models = found.filter(pl.col("kind") == "model")
    ceiling = models["ceiling"][0]
    dots = [heading("with the mean of " + campaign.who)]
    dots += [
        Dot(
            row_name(row["judge"], row["kind"]),
            row["spearman"],
            row["spearman_low"],
            row["spearman_high"],
            in_number(row["spearman"]),
            counted(row["units"], "unit"),
            colour_of(row["kind"]),
        )
        for row in models.iter_rows(named=True)
    ]
    dots.append(Dot("they among themselves", ceiling, math.nan, math.nan, in_number(ceiling), "", MUTED))
    alt = "Spearman's correlation of each model's ratings with people's. " + spoken(dots)
    caption = (
        f"Spearman's correlation with the mean of {campaign.who} on each unit, beside what they reach themselves; "
        "bars are 95 % intervals."
    )
    svg = dot_plot(dots, axis_around(dots), alt=alt, mark=campaign.mark)
    return Picture("judges-spearman", svg, alt, caption, campaign.mark)
