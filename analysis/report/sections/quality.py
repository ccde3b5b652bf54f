"""1: how good the extracted attributes are, by corpus and extractor, and why they fail."""

from __future__ import annotations

import polars as pl

from analysis.figures.dots import SHARES, Dot, dot_plot, heading, spoken
from analysis.figures.parts import Picture, in_percent, row_name, short_name
from analysis.figures.svg import AGAINST, BASELINES, MODELS, PEOPLE
from analysis.report.listings import FAILURE_AGREEMENT, FAILURE_SHARES, LABEL_SHARES, REAL_MINUS_SYNTHETIC
from analysis.report.parts import Campaign, Part, Section, drawn, of_campaign, parts_of, shown
from analysis.report.wording import interval, points_of, share, told_apart
from analysis.schema import ATTRIBUTE_QUALITY
from analysis.tables import Context

COLOURS = {"accepted": PEOPLE, "uncertain": BASELINES, "rejected": AGAINST}
CATEGORIES = {
    "overgeneralized": "overgeneralized",
    "no_evidence": "no evidence for it",
    "task_mistaken": "the task taken for the person",
    "not_lasting": "not lasting, or not standing alone",
    "other": "something else",
}


def quality(context: Context) -> Section:
    return Section(
        name="attribute-quality",
        title="Attribute quality",
        study=1,
        about="Do the attributes that a model inferred from conversations make sense to those who read them? "
        "Accepted, uncertain and rejected among judgments, by corpus and extractor; real minus synthetic chats; and "
        "why attributes fail.",
        missing="Nobody has judged attributes in this release.",
        parts=parts_of(context, _part, ATTRIBUTE_QUALITY),
    )


def _part(context: Context, campaign: Campaign) -> Part | None:
    shares = of_campaign(context["label_shares"], campaign)
    if not shares.height:
        return None
    difference = of_campaign(context["real_minus_synthetic"], campaign)
    body = drawn(context, _picture(shares, campaign), "The shares", LABEL_SHARES, shares, campaign)
    if difference.height:
        body += "<h4>Real chats against synthetic ones</h4>"
        body += shown(context, REAL_MINUS_SYNTHETIC, difference, campaign)
    says = f"{_accepted(shares, campaign)} {_difference(difference)}".strip()
    return Part(campaign, says, body + _failures(context, campaign))


def _accepted(shares: pl.DataFrame, campaign: Campaign) -> str:
    accepted = shares.filter(pl.col("value") == "accepted").iter_rows(named=True)
    said = [f"on {r['corpus']} {share(r['share'], r['low'], r['high'])}" for r in accepted]
    return f"{campaign.who.capitalize()} accepted attributes: {', '.join(said[:4])} of judgments."


def _difference(difference: pl.DataFrame) -> str:
    rows = difference.filter((pl.col("figure") == "problematic") & pl.col("difference").is_finite()).tail(1)
    if not rows.height:
        return ""
    row = rows.row(0, named=True)
    ends = interval(100 * row["low"], 100 * row["high"], points_of)
    size = abs(100 * row["difference"])
    if not told_apart(row["low"], row["high"]):
        return f"Whether real chats give more problematic attributes than synthetic ones cannot be told{ends}."
    more = "more" if row["difference"] > 0 else "fewer"
    return f"Real chats give {size:.0f} points {more} problematic attributes than synthetic ones{ends}."


def _picture(shares: pl.DataFrame, campaign: Campaign) -> Picture:
    dots: list[Dot] = []
    for group in shares.partition_by("corpus", "extractor", maintain_order=True):
        first = group.row(0, named=True)
        made_by = short_name(first["extractor"])
        dots.append(heading(f"{first['corpus']} ({first['corpus_kind']}), extracted by {made_by}, n = {first['n']}"))
        dots += [
            Dot(value, row["share"], row["low"], row["high"], in_percent(row["share"]), "", COLOURS[value])
            for value, row in zip(group["value"], group.iter_rows(named=True), strict=True)
        ]
    alt = "Shares of accepted, uncertain and rejected attributes. " + spoken(dots)
    caption = "Judgments on extracted attributes by corpus and extractor; bars are 95 % intervals."
    return Picture("label_shares", dot_plot(dots, SHARES, alt=alt, mark=campaign.mark), alt, caption, campaign.mark)


def _failures(context: Context, campaign: Campaign) -> str:
    """Why attributes fail, rater-given and model-given apart, and how far they agree on it."""
    shares = of_campaign(context["failure_shares"], campaign)
    both = of_campaign(context["failure_agreement"], campaign)
    if not shares.height:
        return ""
    named = shares.with_columns(pl.col("category").replace(CATEGORIES))
    picture = _failure_picture(named, campaign)
    told = drawn(context, picture, "The reasons in numbers", FAILURE_SHARES, named, campaign)
    agreed = shown(context, FAILURE_AGREEMENT, both, campaign) if both.height else ""
    return f"<h4>Why attributes fail</h4>{told}{agreed}"


def _failure_picture(shares: pl.DataFrame, campaign: Campaign) -> Picture:
    dots: list[Dot] = []
    for group in shares.partition_by("source", maintain_order=True):
        source = group["source"][0]
        by_people = source == "raters"
        whose = f"reasons of {campaign.who}" if by_people else f"findings of {short_name(source)}"
        dots.append(heading(f"{whose}, n = {group['n'][0]}"))
        dots += [
            Dot(
                row_name(row["category"], "human"),
                row["share"],
                row["low"],
                row["high"],
                in_percent(row["share"]),
                "",
                PEOPLE if by_people else MODELS,
            )
            for row in group.sort("share", descending=True, maintain_order=True).iter_rows(named=True)
        ]
    alt = "Why attributes that were not accepted fail. " + spoken(dots)
    caption = "Reasons why attributes were not accepted, by who gave them; bars are 95 % intervals."
    return Picture("failure_shares", dot_plot(dots, SHARES, alt=alt, mark=campaign.mark), alt, caption, campaign.mark)
