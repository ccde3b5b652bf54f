"""What sways judges besides the personalization: side, length and open mention, estimated together."""

from __future__ import annotations

import polars as pl

from analysis.figures.dots import Dot, axis_around, dot_plot, heading, spoken
from analysis.figures.parts import Picture, colour_of, in_number, row_name
from analysis.report.listings import PREFERENCE_EFFECTS
from analysis.report.parts import Campaign, Part, Section, drawn, listed, of_campaign, parts_of
from analysis.report.wording import told_apart
from analysis.schema import PREFERENCE
from analysis.tables import Context

EVERYBODY = "all raters"
EFFECTS = {
    "intercept": "personalization itself, all else equal",
    "side": "on the right instead of the left",
    "length": "twice as long",
    "mention": "open mention of the attribute",
}


def effects(context: Context) -> Section:
    return Section(
        name="effects",
        title="What sways judges",
        study=0,
        about="Side, length and open mention estimated together, so that none passes for another: points on the scale "
        "of 1 to 5.",
        missing="Nobody, and no model, has compared responses in this release.",
        parts=parts_of(context, _part, PREFERENCE),
    )


def _part(context: Context, campaign: Campaign) -> Part | None:
    found = of_campaign(context["preference_effects"], campaign)
    if not found.height:
        return None
    picture = _picture(found, campaign)
    return Part(
        campaign, _says(found, campaign), drawn(context, picture, "The effects", PREFERENCE_EFFECTS, found, campaign)
    )


def _says(found: pl.DataFrame, campaign: Campaign) -> str:
    people = found.filter((pl.col("judge") == EVERYBODY) & (pl.col("effect") != "intercept"))
    who, rows = (campaign.who, people) if people.height else ("models", found.filter(pl.col("effect") != "intercept"))
    swayed = [
        f"{row['effect']} ({in_number(row['estimate'])})"
        for row in rows.iter_rows(named=True)
        if told_apart(row["low"], row["high"])
    ]
    if not swayed:
        return f"Whether side, length or open mention sways {who} cannot be told."
    return f"Beside the personalization, {who} are swayed by {listed(swayed)}."


def _picture(found: pl.DataFrame, campaign: Campaign) -> Picture:
    dots: list[Dot] = []
    for effect, name in EFFECTS.items():
        rows = found.filter((pl.col("effect") == effect) & pl.col("estimate").is_finite())
        if not rows.height:
            continue
        dots.append(heading(name))
        for row in rows.sort(pl.col("judge") != EVERYBODY, "judge").iter_rows(named=True):
            label = campaign.who if row["judge"] == EVERYBODY else row_name(row["judge"], row["kind"])
            value = in_number(row["estimate"])
            dots.append(
                Dot(label, row["estimate"], row["low"], row["high"], value, f"n = {row['n']}", colour_of(row["kind"]))
            )
    alt = "Effects on the rating, in points of the scale of 1 to 5, 0 is none. " + spoken(dots)
    caption = "Effects on the rating in points of the scale of 1 to 5, estimated together; bars are 95 % intervals."
    svg = dot_plot(dots, axis_around(dots), alt=alt, mark=campaign.mark)
    return Picture("effects", svg, alt, caption, campaign.mark)
