"""1: how good the extracted attributes are, by corpus and extractor."""

from __future__ import annotations

import polars as pl

from analysis.figures.dots import SHARES, Dot, dot_plot, heading, spoken
from analysis.figures.parts import Picture, in_percent, short_name
from analysis.figures.svg import AGAINST, BASELINES, PEOPLE
from analysis.report.listings import LABEL_SHARES
from analysis.report.parts import Campaign, Part, Section, campaigns_of, drawn, listed, of_campaign
from analysis.report.wording import share
from analysis.schema import ATTRIBUTE_QUALITY
from analysis.tables import Context

COLOURS = {"accepted": PEOPLE, "uncertain": BASELINES, "rejected": AGAINST}


def quality(context: Context) -> Section:
    parts = [_part(context, campaign) for campaign in campaigns_of(context, ATTRIBUTE_QUALITY)]
    return Section(
        name="attribute-quality",
        title="Attribute quality",
        study=1,
        about="Do the attributes that a model inferred from conversations make sense to those who read them? "
        "Accepted, uncertain and rejected among judgments, by corpus and extractor.",
        missing="Nobody has judged attributes in this release.",
        parts=tuple(part for part in parts if part),
    )


def _part(context: Context, campaign: Campaign) -> Part | None:
    shares = of_campaign(context["label_shares"], campaign)
    if not shares.height:
        return None
    picture = _picture(shares, campaign)
    return Part(
        campaign, _says(shares, campaign), drawn(context, picture, "The shares", LABEL_SHARES, shares, campaign)
    )


def _says(shares: pl.DataFrame, campaign: Campaign) -> str:
    accepted = shares.filter(pl.col("value") == "accepted").iter_rows(named=True)
    said = [f"{share(r['share'], r['low'], r['high'])} of judgments on {r['corpus']}" for r in accepted]
    return f"{campaign.who.capitalize()} accepted the attributes in {listed(said[:4])}."


def _picture(shares: pl.DataFrame, campaign: Campaign) -> Picture:
    dots: list[Dot] = []
    for group in shares.partition_by("corpus", "extractor", maintain_order=True):
        first = group.row(0, named=True)
        made_by = short_name(first["extractor"])
        dots.append(heading(f"{first['corpus']} ({first['corpus_kind']}), extracted by {made_by}, n = {first['n']}"))
        dots += [
            Dot(
                row["value"], row["share"], row["low"], row["high"], in_percent(row["share"]), "", COLOURS[row["value"]]
            )
            for row in group.iter_rows(named=True)
        ]
    alt = "Shares of accepted, uncertain and rejected attributes. " + spoken(dots)
    caption = "Judgments on extracted attributes by corpus and extractor; bars are 95 % intervals."
    return Picture("label_shares", dot_plot(dots, SHARES, alt=alt, mark=campaign.mark), alt, caption, campaign.mark)
