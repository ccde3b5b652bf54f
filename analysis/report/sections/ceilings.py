"""What a person reaches against the other people, and models beside it."""

from __future__ import annotations

import polars as pl

from analysis.figures.dots import Dot, axis_around, dot_plot, spoken
from analysis.figures.parts import Picture, colour_of, in_number, row_name
from analysis.report.listings import CEILINGS
from analysis.report.parts import Campaign, Part, Section, drawn, of_campaign, parts_of
from analysis.report.wording import interval
from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE, RELEVANCE
from analysis.tables import Context

MEAN = "all raters"
SINGLE_LIMIT = 16  # people drawn one by one
FIRST = {ATTRIBUTE_QUALITY: "kappa", RELEVANCE: "f1", PREFERENCE: "spearman"}
WORDS = {"kappa": "Cohen's kappa", "f1": "F1", "spearman": "Spearman's correlation"}


def ceilings(context: Context) -> Section:
    return Section(
        name="ceilings",
        title="Human ceilings",
        study=0,
        about="How far one person agrees with the others: no model can be expected to follow people further than they "
        "follow one another.",
        missing="No unit was answered by two people, so there is no ceiling to hold models against.",
        parts=parts_of(context, _part, RELEVANCE, ATTRIBUTE_QUALITY, PREFERENCE),
    )


def _part(context: Context, campaign: Campaign) -> Part | None:
    found = of_campaign(context["ceilings"], campaign)
    first = found.filter((pl.col("figure") == FIRST[campaign.instrument]) & pl.col("value").is_finite())
    if not first.height:
        return None
    picture = _picture(first, campaign)
    return Part(campaign, _says(first, campaign), drawn(context, picture, "Every rater", CEILINGS, found, campaign))


def _says(first: pl.DataFrame, campaign: Campaign) -> str:
    figure = WORDS[FIRST[campaign.instrument]]
    ceiling = first.filter(pl.col("rater") == MEAN)
    models = first.filter(pl.col("kind") == "model").sort("value", descending=True)
    said = []
    if ceiling.height:
        row = ceiling.row(0, named=True)
        who = campaign.who
        said.append(f"one of the {who} against the others reaches {in_number(row['value'])}{_ends(row)}")
    if models.height:
        row = models.row(0, named=True)
        said.append(f"the best model, {row_name(row['rater'], row['kind'])}, {in_number(row['value'])}{_ends(row)}")
    return f"{figure}: {', '.join(said)}."


def _ends(row: dict[str, float]) -> str:
    return interval(row["low"], row["high"])


def _picture(first: pl.DataFrame, campaign: Campaign) -> Picture:
    machines = pl.col("kind").is_in(["model", "baseline"])
    people = first.filter(~machines & (pl.col("rater") != MEAN))
    few = people if people.height <= SINGLE_LIMIT else people.clear()
    rows = pl.concat([first.filter(pl.col("rater") == MEAN), few, first.filter(machines)])
    dots = [
        Dot(
            f"{campaign.who}, mean" if row["rater"] == MEAN else row_name(row["rater"], row["kind"]),
            row["value"],
            row["low"],
            row["high"],
            in_number(row["value"]),
            f"n = {row['n']}",
            colour_of(row["kind"]),
        )
        for row in rows.iter_rows(named=True)
    ]
    figure = WORDS[FIRST[campaign.instrument]]
    alt = f"{figure} of each rater against the people, people against the others of them. " + spoken(dots)
    caption = f"{figure} against people's majority or mean, a person's own answer left out; bars are 95 % intervals."
    svg = dot_plot(dots, axis_around(dots), alt=alt, mark=campaign.mark)
    return Picture("ceilings", svg, alt, caption, campaign.mark)
