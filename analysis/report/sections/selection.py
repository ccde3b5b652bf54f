"""3: which attributes matter to a prompt, models and baselines against the label."""

from __future__ import annotations

from html import escape

import polars as pl

from analysis.figures.dots import SHARES, UNIT, Dot, dot_plot, heading, spoken
from analysis.figures.parts import Picture, colour_of, in_number, in_percent, row_name, short_name
from analysis.longform import PEOPLE_KINDS
from analysis.markup import counted, details
from analysis.report.listings import (
    MARKED,
    OVER_SELECTION,
    SELECTION,
    SELECTION_BY_PERSON,
    SELECTION_BY_PROMPT,
)
from analysis.report.parts import Campaign, Part, Section, drawn, of_campaign, parts_of, shown
from analysis.report.wording import interval
from analysis.schema import RELEVANCE
from analysis.tables import Context

SINGLE_LIMIT = 16  # raters drawn one by one
EVERYBODY = "all raters"


def selection(context: Context) -> Section:
    return Section(
        name="selection",
        title="Selection of relevant attributes",
        study=3,
        about="Precision, recall and F1 of models and baselines against the label, and how much each calls relevant.",
        missing="Nobody, and no model, has said in this release which attributes are relevant.",
        parts=parts_of(context, _part, RELEVANCE),
    )


def _part(context: Context, campaign: Campaign) -> Part | None:
    marked, scores = of_campaign(context["marked_relevant"], campaign), of_campaign(context["selection"], campaign)
    if not marked.height:
        return None
    body = ""
    if scores.height:
        first = scores.row(0, named=True)
        body = f"<p>The label is the {escape(first['label'])}. {_ties(first['ties'])}</p>"
        body += drawn(context, _scores(scores, campaign), "The scores", SELECTION, scores, campaign)
    body += "<h4>How much is called relevant</h4>"
    body += drawn(context, _picture(marked, campaign), "The shares", MARKED, marked, campaign)
    if scores.height:
        body += shown(context, OVER_SELECTION, scores, campaign) + _each(context, campaign)
    return Part(campaign, _says(marked, scores, campaign), body)


def _each(context: Context, campaign: Campaign) -> str:
    """The same for every person and every prompt, one click away."""
    people, prompts = (of_campaign(context[name], campaign) for name in ("selection_by_person", "selection_by_prompt"))
    return details("For every person", shown(context, SELECTION_BY_PERSON, people, campaign)) + details(
        "For every prompt", shown(context, SELECTION_BY_PROMPT, prompts, campaign)
    )


def _scores(scores: pl.DataFrame, campaign: Campaign) -> Picture:
    dots: list[Dot] = []
    for figure, name in (("f1", "F1"), ("precision", "precision"), ("recall", "recall")):
        dots.append(heading(name))
        dots += [
            Dot(
                row_name(row["rater"], row["kind"]),
                row[figure],
                row[f"{figure}_low"],
                row[f"{figure}_high"],
                in_number(row[figure], 3),
                f"n = {row['n']}",
                colour_of(row["kind"]),
            )
            for row in scores.sort("kind", "rater", descending=[True, False]).iter_rows(named=True)
        ]
    alt = "F1, precision and recall against the label. " + spoken(dots)
    caption = "F1, precision and recall of models and baselines against the label; bars are 95 % intervals."
    return Picture("selection", dot_plot(dots, UNIT, alt=alt, mark=campaign.mark), alt, caption, campaign.mark)


def _says(marked: pl.DataFrame, scores: pl.DataFrame, campaign: Campaign) -> str:
    together = marked.filter(pl.col("rater") == EVERYBODY)
    models = marked.filter(pl.col("kind") == "model")["share"]
    said = []
    rest = "" if together.height else " of units relevant"
    if together.height:
        said.append(f"{campaign.who} call {in_percent(together['share'][0])} of units relevant")
    if len(models):
        lowest, highest = (in_percent(float(models.sort()[place])) for place in (0, -1))
        said.append(f"models {'' if together.height else 'call '}{lowest} to {highest}{rest}")
    best = scores.filter(pl.col("f1").is_not_nan()).sort("f1", descending=True).head(1)
    if best.height:
        row = best.row(0, named=True)
        ends = interval(row["f1_low"], row["f1_high"])
        said.append(f"the best F1 is {in_number(row['f1'], 3)}{ends}, by {short_name(row['rater'])}")
    sentence = ", ".join(said)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _ties(n: int) -> str:
    return f"{counted(n, 'unit')} without a majority {'has' if n == 1 else 'have'} none and stand aside." if n else ""


def _picture(marked: pl.DataFrame, campaign: Campaign) -> Picture:
    """All people together, then each model; single raters where they are few."""
    people = marked.filter(pl.col("kind").is_in(PEOPLE_KINDS))
    few = people.height <= SINGLE_LIMIT
    shown_people = people.filter((pl.col("rater") == EVERYBODY) | few).sort(pl.col("rater") != EVERYBODY, "rater")
    machines = marked.filter(~pl.col("kind").is_in(PEOPLE_KINDS)).sort("kind", "rater", descending=[True, False])
    dots = [
        Dot(
            row_name(row["rater"], row["kind"]),
            row["share"],
            row["low"],
            row["high"],
            in_percent(row["share"]),
            f"n = {row['n']}",
            colour_of(row["kind"]),
        )
        for row in pl.concat([shown_people, machines]).iter_rows(named=True)
    ]
    alt = "Share of attributes marked relevant. " + spoken(dots)
    caption = (
        "Share of answered units marked relevant; bars are 95 % intervals. "
        "Raters need not have answered the same units."
    )
    return Picture("marked_relevant", dot_plot(dots, SHARES, alt=alt, mark=campaign.mark), alt, caption, campaign.mark)
