"""What was answered, by whom, and what became of it."""

from __future__ import annotations

from analysis.markup import Col, percent, whole
from analysis.report.listings.base import Listing

ORIGINS = Listing(
    "origins",
    (Col("origin", "Origin"), Col("raters", "Raters", whole), Col("judgments", "Judgments", whole)),
    "Judgments that count, by where they come from. A rater of several campaigns is one rater.",
    "None: counts.",
)
CAMPAIGNS = Listing(
    "campaigns",
    (
        Col("title", "Campaign"),
        Col("instrument", "Instrument"),
        Col("origin", "Origin"),
        Col("raters", "Raters", whole),
        Col("judgments", "Judgments", whole),
        Col("judged_units", "Units", whole),
        Col("k", "K", whole),
        Col("models", "Models", whole),
        Col("votes", "Votes", whole),
    ),
    "What each campaign's numbers rest on: judgments that count, and readable answers of models to the same units.",
    "None: counts.",
)
VOTE_OUTCOMES = Listing(
    "vote_outcomes",
    (
        Col("rater", "Model"),
        Col("campaign", "Campaign"),
        Col("status", "Outcome"),
        Col("n", "Votes", whole),
        Col("share", "Share", percent),
    ),
    "What became of every vote, as a share of the model's in the campaign. A vote stands in each campaign that asks "
    "its unit; an answer that could not be read is in no other number.",
    "None: every vote is counted.",
)
JUDGMENT_OUTCOMES = Listing(
    "judgment_outcomes",
    (
        Col("campaign", "Campaign"),
        Col("origin", "Origin"),
        Col("outcome", "Outcome"),
        Col("n", "Judgments", whole),
    ),
    "What became of every judgment: in the numbers, or why not.",
    "None: every judgment is counted.",
)
