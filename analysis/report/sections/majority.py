"""Beyond the majority: does a conclusion stand when raters are weighed, or their disagreement is kept?"""

from __future__ import annotations

import polars as pl

from analysis.figures.dots import PREFERENCES, Dot, axis_around, dot_plot, heading, spoken
from analysis.figures.parts import Picture, in_number, row_name, short_name
from analysis.figures.svg import AGAINST, BASELINES, MODELS, PEOPLE
from analysis.markup import counted
from analysis.report.listings import CONCLUSIONS, RELIABILITY
from analysis.report.parts import Campaign, Part, Section, campaigns_of, drawn, listed, of_campaign, shown
from analysis.tables import Context

METHOD_NAMES = {
    "majority": "the majority",
    "soft": "soft labels",
    "dawid_skene": "Dawid and Skene",
    "glad": "GLAD",
}
COLOURS = {"majority": PEOPLE, "soft": BASELINES, "dawid_skene": MODELS, "glad": AGAINST}


def majority(context: Context) -> Section:
    parts = [_part(context, campaign) for campaign in campaigns_of(context)]
    return Section(
        name="majority",
        title="Beyond the majority",
        study=0,
        about="Each conclusion by four readings of the same answers: the majority; the shares of the answers, so that "
        "disagreement is kept; and two models that weigh raters by how far they follow each other.",
        missing="Nobody has judged anything in this release, so there is no majority to go beyond.",
        parts=tuple(part for part in parts if part),
    )


def _part(context: Context, campaign: Campaign) -> Part | None:
    found, raters = (of_campaign(context[name], campaign) for name in ("conclusions", "reliability"))
    if not found.height:
        return None
    scales = found.with_columns(scale=pl.col("conclusion") == "mean").partition_by("scale", maintain_order=True)
    body = "".join(_drawn(context, part.drop("scale"), campaign) for part in scales)
    body += "<h4>How far each rater follows the others</h4>" + shown(context, RELIABILITY, raters, campaign)
    return Part(campaign, _says(found), body)


def _drawn(context: Context, found: pl.DataFrame, campaign: Campaign) -> str:
    named = found.with_columns(pl.col("method").replace(METHOD_NAMES))
    return drawn(context, _picture(found, campaign), "The conclusions in numbers", CONCLUSIONS, named, campaign)


def _says(found: pl.DataFrame) -> str:
    others = found.filter(pl.col("method") != "majority")
    if not others.height:
        return "Only the majority can be read here."
    return f"{_by_shares(others)} {_by_models(others)}".strip()


def _by_shares(others: pl.DataFrame) -> str:
    """Of the readings that have intervals: what differs by more than chance between people."""
    certain = others.filter(pl.col("reason") == "")
    if not certain.height:
        return ""
    moved = certain.filter((pl.col("change_low") > 0) | (pl.col("change_high") < 0))
    conclusions = certain.select("conclusion", "subject").unique().height
    told = listed([METHOD_NAMES[name] for name in certain["method"].unique().sort()])
    if not moved.height:
        none = f"none of {counted(conclusions, 'conclusion')}"
        return f"By {told}, {none} differs from the majority's beyond chance between people."
    count = moved.select("conclusion", "subject").unique().height
    return (
        f"By {told}, {count} of {counted(conclusions, 'conclusion')} {'differs' if count == 1 else 'differ'} from the "
        f"majority's beyond chance between people, by up to {_largest(moved)}."
    )


def _by_models(others: pl.DataFrame) -> str:
    """Of the models of raters, which have none: how far they go, and no more."""
    found = others.filter(pl.col("method").is_in(["dawid_skene", "glad"]) & pl.col("change").is_finite())
    if not found.height:
        return ""
    return f"By models of raters, whose own error is not known, conclusions change by up to {_largest(found)}."


def _largest(found: pl.DataFrame) -> str:
    row = found.sort(pl.col("change").abs(), descending=True, maintain_order=True).row(0, named=True)
    return f"{in_number(abs(row['change']))} ({_label(row)})"


def _label(row: dict[str, object]) -> str:
    subject = short_name(str(row["subject"]))
    return f"{row['conclusion']}, {subject}" if subject else str(row["conclusion"])


def _picture(found: pl.DataFrame, campaign: Campaign) -> Picture:
    dots: list[Dot] = []
    for group in found.partition_by("conclusion", "subject", maintain_order=True):
        dots.append(heading(_label(group.row(0, named=True))))
        for row in group.iter_rows(named=True):
            name, text = row_name(METHOD_NAMES[row["method"]], "human"), in_number(row["value"])
            note = counted(row["units"], "unit")
            dots.append(Dot(name, row["value"], row["low"], row["high"], text, note, COLOURS[row["method"]]))
    means = found["conclusion"][0] == "mean"
    alt = "Each conclusion under four readings of the answers. " + spoken(dots)
    caption = (
        "Each conclusion under four readings of the same answers. "
        "Bars are 95 % intervals over people and prompts; models of raters have none."
    )
    svg = dot_plot(dots, PREFERENCES if means else axis_around(dots), alt=alt, mark=campaign.mark)
    return Picture("majority-means" if means else "majority", svg, alt, caption, campaign.mark)
