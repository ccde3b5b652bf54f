"""6 and 7: what an open mention of the attribute does to ratings, and who makes and who rewards them."""

from __future__ import annotations

import math

import polars as pl

from analysis.figures.dots import Dot, axis_around, dot_plot, spoken
from analysis.figures.parts import Picture, colour_of, in_number, in_percent, row_name, short_name
from analysis.figures.plane import Mark, Side, plane
from analysis.figures.svg import MODELS
from analysis.markup import counted
from analysis.report.listings import MENTION_CORRELATION, MENTION_EFFECT, MENTION_RATES
from analysis.report.listings.base import p_value
from analysis.report.parts import Campaign, Part, Section, drawn, listed, of_campaign, parts_of, shown
from analysis.report.wording import interval, told_apart
from analysis.schema import PREFERENCE
from analysis.tables import Context

EVERYBODY = "all raters"


def mention_effect(context: Context) -> Section:
    return Section(
        name="mention-effect",
        title="Open mention and ratings",
        study=6,
        about="How the rating changes when the personalized response openly mentions the attribute, as in "
        "“Given your interest in …”, by judge.",
        missing="No mention of attributes has been looked for in the responses of this release.",
        parts=parts_of(context, _effect, PREFERENCE),
    )


def mention_rates(context: Context) -> Section:
    return Section(
        name="mention-rates",
        title="Mentioning and rewarding mentions",
        study=7,
        about="How often each generator openly mentions the attribute, against how much more it gives, as a judge, to "
        "responses that do.",
        missing="No model of this release has both written responses looked through for mentions and judged.",
        parts=parts_of(context, _rates, PREFERENCE),
    )


def _effect(context: Context, campaign: Campaign) -> Part | None:
    found = of_campaign(context["mention_effect"], campaign)
    if not found.height:
        return None
    picture = _effect_picture(found, campaign)
    return Part(
        campaign, _effect_says(found, campaign), drawn(context, picture, "The changes", MENTION_EFFECT, found, campaign)
    )


def _effect_says(found: pl.DataFrame, campaign: Campaign) -> str:
    people = found.filter((pl.col("judge") == EVERYBODY) & pl.col("effect").is_finite())
    said = []
    if people.height:
        row = people.row(0, named=True)
        ends = interval(row["low"], row["high"])
        if told_apart(row["low"], row["high"]):
            more = "more" if row["effect"] > 0 else "less"
            change = in_number(abs(row["effect"]))
            said.append(f"{campaign.who.capitalize()} give {change} {more} with an open mention{ends}")
        else:
            said.append(f"Whether an open mention changes the ratings of {campaign.who} cannot be told{ends}")
    models = found.filter((pl.col("kind") == "model") & pl.col("effect").is_finite())
    for sign, word in ((1, "more"), (-1, "less")):
        names = [
            short_name(row["judge"])
            for row in models.iter_rows(named=True)
            if told_apart(row["low"], row["high"]) and row["effect"] * sign > 0
        ]
        if names:
            verb = "gives" if len(names) == 1 else "give"
            said.append(f"{listed(names)} {verb} {word}")
    return f"{'; '.join(said)}." if said else "Responses with and without an open mention are not both there."


def _effect_picture(found: pl.DataFrame, campaign: Campaign) -> Picture:
    dots = [
        Dot(
            campaign.who if row["judge"] == EVERYBODY else row_name(row["judge"], row["kind"]),
            row["effect"],
            row["low"],
            row["high"],
            in_number(row["effect"]),
            f"{row['mentioned']} of {row['n']}",
            colour_of(row["kind"]),
        )
        for row in found.iter_rows(named=True)
    ]
    alt = "Change of the rating with an open mention, by judge, 0 is none. " + spoken(dots)
    caption = (
        "Mean rating of responses that openly mention the attribute minus that of the others, in points of the scale "
        "of 1 to 5; bars are 95 % intervals. At the right, answers on responses with a mention."
    )
    svg = dot_plot(dots, axis_around(dots), alt=alt, mark=campaign.mark)
    return Picture("mention_effect", svg, alt, caption, campaign.mark)


def _rates(context: Context, campaign: Campaign) -> Part | None:
    rates = of_campaign(context["mention_rates"], campaign)
    correlation = of_campaign(context["mention_correlation"], campaign)
    if not rates.height:
        return None
    body = shown(context, MENTION_CORRELATION, correlation, campaign)
    both = rates.filter(pl.col("rate").is_finite() & pl.col("reward").is_finite())
    if both.height:
        body = drawn(context, _scatter(both, campaign), "The rates", MENTION_RATES, rates, campaign) + body
    else:
        body = shown(context, MENTION_RATES, rates, campaign) + body
    return Part(campaign, _rates_say(correlation), body)


def _rates_say(correlation: pl.DataFrame) -> str:
    row = correlation.row(0, named=True)
    if not math.isfinite(row["spearman"]):
        return f"Whether models that mention more reward mentions more cannot be told: {row['reason']}."
    p = p_value(row["p"])
    exact = f"p {p}" if p.startswith("<") else f"p = {p}"
    claim = (
        "Models that mention more also reward mentions more"
        if row["p"] < 0.05 and row["spearman"] > 0
        else "Whether models that mention more also reward mentions more cannot be told"
    )
    return f"{claim}: Spearman {in_number(row['spearman'])}, {exact} (exact), n = {counted(row['models'], 'model')}."


def _scatter(rates: pl.DataFrame, campaign: Campaign) -> Picture:
    marks = [
        Mark(
            short_name(row["model"]),
            row["rate"],
            row["reward"],
            MODELS,
            row["low"],
            row["high"],
            row["reward_low"],
            row["reward_high"],
        )
        for row in rates.iter_rows(named=True)
    ]
    ends = [Dot("", mark.y, mark.y_low, mark.y_high, "", "", "") for mark in marks]
    up = axis_around(ends)
    x = Side("share of responses that mention", 0, 1, (0, 0.25, 0.5, 0.75, 1), lambda tick: f"{100 * tick:.0f} %")
    y = Side("change of its rating as a judge", up.low, up.high, up.ticks, up.write)
    said = "; ".join(f"{mark.name}: mentions {in_percent(mark.x)}, reward {in_number(mark.y)}" for mark in marks)
    alt = f"Rate of open mentions of each generator against its reward for them as a judge. {said}."
    caption = (
        "Each model's rate of open mentions as a generator, and its change of rating for them as a judge; "
        "bars are 95 % intervals."
    )
    svg = plane(x, y, alt=alt, mark=campaign.mark, marks=marks, zero=True)
    return Picture("mention_rates", svg, alt, caption, campaign.mark)
