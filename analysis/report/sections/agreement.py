"""Agreement of whole groups in every figure, with intervals over units and over raters."""

from __future__ import annotations

import polars as pl

from analysis.figures.dots import Dot, axis_around, dot_plot, heading, spoken
from analysis.figures.parts import Picture, in_number
from analysis.figures.svg import BASELINES, MODELS, PEOPLE
from analysis.markup import counted
from analysis.report.listings import AGREEMENT_SUMMARY, FIGURE_NAMES
from analysis.report.parts import Campaign, Part, Section, drawn, of_campaign, parts_of
from analysis.report.wording import interval, over_raters
from analysis.schema import ATTRIBUTE_QUALITY, LEVELS, PREFERENCE, RELEVANCE
from analysis.tables import Context

FIGURE_OF = {"nominal": "alpha_nominal", "ordinal": "alpha_ordinal", "interval": "alpha_interval"}
COLOURS = {"raters": PEOPLE, "models": MODELS, "all": BASELINES, "rater_model": BASELINES}


def agreement(context: Context) -> Section:
    return Section(
        name="agreement",
        title="Agreement in every figure",
        study=0,
        about="The same answers in all the figures that the field uses. An interval over units says what other units "
        "would give with the same raters; one over raters what other raters would give with the same units.",
        missing="No two raters or models answered the same unit, so nothing can be said yet.",
        parts=parts_of(context, _part, RELEVANCE, ATTRIBUTE_QUALITY, PREFERENCE),
    )


def _part(context: Context, campaign: Campaign) -> Part | None:
    found = of_campaign(context["agreement_summary"], campaign)
    if not found.height:
        return None
    words = group_words(campaign)
    named = found.with_columns(pl.col("figure").replace(FIGURE_NAMES), pl.col("group").replace(words))
    picture = _picture(found, campaign, words)
    return Part(
        campaign,
        _says(found, campaign, words),
        drawn(context, picture, "Every figure", AGREEMENT_SUMMARY, named, campaign),
    )


def group_words(campaign: Campaign) -> dict[str, str]:
    """The groups of ``agreement_summary``, people called what they are."""
    who = campaign.who
    both = f"each of {who} with each model"
    return {"raters": who, "models": "models", "all": f"{who} and models", "rater_model": both}


def _says(found: pl.DataFrame, campaign: Campaign, words: dict[str, str]) -> str:
    figure = FIGURE_OF[LEVELS[campaign.instrument][-1]]
    rows = found.filter((pl.col("figure") == figure) & pl.col("group").is_in(["raters", "models"]))
    said = [
        f"{words[row['group']]} {in_number(row['value'])}{interval(row['low_raters'], row['high_raters'])}"
        for row in rows.filter(pl.col("value").is_finite()).iter_rows(named=True)
    ]
    if not said:
        return "No unit has two answers with any variation, so alpha is not defined."
    sentence = f"{FIGURE_NAMES[figure]}: {'; '.join(said)}"
    return f"{sentence}{over_raters(said)}."


def _picture(found: pl.DataFrame, campaign: Campaign, words: dict[str, str]) -> Picture:
    """Each figure with two intervals: over units, and thinly below it over raters."""
    shown = found.filter(pl.col("value").is_finite() & ~pl.col("figure").str.starts_with("icc"))
    dots: list[Dot] = []
    for group in shown.partition_by("group", maintain_order=True):
        name = group["group"][0]
        dots.append(heading(f"{words[name]}, {counted(max(group['n_units']), 'unit')}"))
        for row in group.iter_rows(named=True):
            label = FIGURE_NAMES.get(row["figure"], row["figure"])
            colour = COLOURS[name]
            over_units, over_raters = ((row[f"low_{kind}"], row[f"high_{kind}"]) for kind in ("units", "raters"))
            text = in_number(row["value"])
            dots.append(Dot(label, row["value"], *over_units, text, "", colour, False, *over_raters))
    alt = "Agreement in every figure, 1 is full, 0 is chance. " + spoken(dots)
    caption = (
        "Agreement of whole groups; for each figure its 95 % interval over units, and thinly below it the one over "
        "raters, where there are enough of them."
    )
    return Picture(
        "agreement", dot_plot(dots, axis_around(dots), alt=alt, mark=campaign.mark), alt, caption, campaign.mark
    )
