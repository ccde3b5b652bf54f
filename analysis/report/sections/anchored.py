"""People where it counts, models where they help: anchored estimates, what they save, and what more would cost."""

from __future__ import annotations

import math

import polars as pl

from analysis.figures.dots import PREFERENCES, SHARES, Dot, dot_plot, heading, spoken
from analysis.figures.parts import Picture, in_number, row_name, short_name
from analysis.figures.svg import MODELS, PEOPLE
from analysis.markup import counted, details
from analysis.report.listings import PLANNING, POWERED, THRIFT
from analysis.report.parts import Campaign, Part, Section, campaigns_of, drawn, of_campaign, shown
from analysis.schema import PREFERENCE
from analysis.tables import Context

FIGURE_NAMES = {
    "accepted": "share accepted",
    "relevant": "share marked relevant",
    "mean": "mean preference",
    "difference": "difference of means",
}


def anchored(context: Context) -> Section:
    parts = [_powered(context, campaign) for campaign in campaigns_of(context)]
    return Section(
        name="anchored",
        title="People where it counts, models where they help",
        study=0,
        about="Estimates that stay the people's and use a model's answers to be more certain (prediction-powered "
        "inference), beside those of people alone; and what they would have saved.",
        missing="No unit was answered by people and by a model, so models cannot help.",
        parts=tuple(part for part in parts if part),
    )


def planning(context: Context) -> Section:
    parts = [_planned(context, campaign) for campaign in campaigns_of(context)]
    return Section(
        name="planning",
        title="How many more judgments",
        study=0,
        about="What an interval of a given width costs in judgments, by how answers vary between units and within.",
        missing="Too little was judged to say what more would bring.",
        parts=tuple(part for part in parts if part),
    )


def _powered(context: Context, campaign: Campaign) -> Part | None:
    found, saved = (of_campaign(context[name], campaign) for name in ("powered", "thrift"))
    if not found.height:
        return None
    named, spared = (frame.with_columns(pl.col("figure").replace(FIGURE_NAMES)) for frame in (found, saved))
    body = drawn(context, _picture(found, campaign), "The estimates in numbers", POWERED, named, campaign)
    if saved.height:
        body += "<h4>Had people judged only a part</h4>" + shown(context, THRIFT, spared, campaign)
    return Part(campaign, _says(found, saved), body)


def _says(found: pl.DataFrame, saved: pl.DataFrame) -> str:
    alone = found.filter(pl.col("figure") != "difference")
    helped = alone.filter(pl.col("alone") > 0).sort("worth", nulls_last=True)
    if helped.height and (best := helped.row(-1, named=True))["worth"] > 1:
        return (
            f"With {short_name(best['judge'])}'s answers on {counted(best['alone'], 'more unit')}, people's on "
            f"{counted(best['judged'], 'unit')} say as much as {best['worth']:.1f} times as many without."
        )
    if saved.height and math.isfinite(saved["worth"].max()):  # type: ignore[arg-type]
        best = saved.sort("worth", nulls_last=True).row(-1, named=True)
        return (
            "Every unit a model answered was judged by people too, so models add nothing here. Had people judged only "
            f"{100 * best['share']:.0f} %, the answers of {short_name(best['judge'])} would have been worth "
            f"{best['worth']:.1f} times as many judgments."
        )
    return "Every unit a model answered was judged by people too, so models add nothing here."


def _picture(found: pl.DataFrame, campaign: Campaign) -> Picture:
    shown_here = found.filter(pl.col("figure") != "difference")
    dots: list[Dot] = []
    for group in shown_here.partition_by("figure", "subject", maintain_order=True):
        first = group.row(0, named=True)
        subject = f", written by {short_name(first['subject'])}" if first["subject"] else ""
        dots.append(heading(f"{FIGURE_NAMES[first['figure']]}{subject}"))
        note, text = counted(first["judged"], "unit"), in_number(first["people"])
        own = Dot(
            f"{campaign.who} alone", first["people"], first["people_low"], first["people_high"], text, note, PEOPLE
        )
        dots.append(own)
        for row in group.filter(pl.col("alone") > 0).iter_rows(named=True):
            note = f"{row['judged']} and {row['alone']}"
            name = row_name(f"with {short_name(row['judge'])}", "human")
            dots.append(Dot(name, row["value"], row["low"], row["high"], in_number(row["value"]), note, MODELS))
    axis = PREFERENCES if campaign.instrument == PREFERENCE else SHARES
    alt = "Estimates by people alone and with each model's help. " + spoken(dots)
    caption = (
        "Each estimate by people alone, and with the help of each model's answers on units that people did not judge, "
        "where there are any. Bars are 95 % intervals by person and prompt; behind the number, units judged by people "
        "and by the model alone."
    )
    return Picture("anchored", dot_plot(dots, axis, alt=alt, mark=campaign.mark), alt, caption, campaign.mark)


def _planned(context: Context, campaign: Campaign) -> Part | None:
    plan = of_campaign(context["planning"], campaign)
    if not plan.height:
        return None
    everything = plan.filter(pl.col("subject") == "")
    named = plan.with_columns(pl.col("figure").replace(FIGURE_NAMES))
    first = everything if everything.height else plan
    table = details("What each width would cost", shown(context, PLANNING, named, campaign))
    return Part(campaign, _cost(first), table)


def _cost(plan: pl.DataFrame) -> str:
    """Of the first target that is not met yet, with the number of judgments a unit that lies nearest to now's."""
    first = plan.row(0, named=True)
    figure = FIGURE_NAMES[first["figure"]]
    width, judgments = in_number(first["half_width"], 3), counted(first["judgments"], "judgment")
    now = f"The {figure} is known to ±\u00a0{width} from {judgments}"
    missing = plan.filter(pl.col("more_judgments") > 0)
    if not missing.height:
        return f"{now}."
    each = first["judgments"] / first["units"]
    target = missing["target"].max()
    row = missing.filter(pl.col("target") == target).sort((pl.col("per_unit") - each).abs()).row(0, named=True)
    more = counted(row["more_judgments"], "more judgment")
    return f"{now}; ±\u00a0{in_number(row['target'])} would take {more}, with {row['per_unit']} on each unit."
