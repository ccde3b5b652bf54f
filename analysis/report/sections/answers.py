"""What became of every answer: what is in the numbers, and what is not and why."""

from __future__ import annotations

import polars as pl

from analysis.markup import counted, details, whole
from analysis.report.listings import CAMPAIGNS, JUDGMENT_OUTCOMES, ORIGINS, VOTE_OUTCOMES
from analysis.report.parts import Section, shown
from analysis.tables import Context


def answers(context: Context) -> Section:
    judged, votes = context["judgment_outcomes"], context["vote_outcomes"]
    body = ""
    if judged.height:
        body += shown(context, ORIGINS, context["origins"]) + shown(context, CAMPAIGNS, context["campaigns"])
        body += details("What became of every judgment", shown(context, JUDGMENT_OUTCOMES, judged))
    if votes.height:
        body += f"<p>{_readable(votes)}</p>"
        body += details("Votes by campaign and model", shown(context, VOTE_OUTCOMES, votes))
    return Section(
        name="answers",
        title="What became of every answer",
        study=0,
        about="Judgments and votes that are in the numbers above, and those that are not.",
        missing="This release holds no answer.",
        says=_says(judged) if judged.height else "",
        body=body,
    )


def _says(judged: pl.DataFrame) -> str:
    taken = int(judged.filter(pl.col("outcome") == "in the numbers")["n"].sum())
    return f"In the numbers: {whole(taken)} of {counted(int(judged['n'].sum()), 'judgment')}."


def _readable(votes: pl.DataFrame) -> str:
    """A vote stands in each campaign that asks its unit."""
    lost = votes.filter(pl.col("status") == "unparseable")
    unread, total = int(lost["n"].sum()), int(votes["n"].sum())
    said = (
        f"{whole(unread)} of {counted(total, 'model answer')} could not be read as a value: in no number above."
        if unread
        else f"Each of {counted(total, 'model answer')} could be read."
    )
    outside = int(votes.filter(pl.col("campaign") == "")["n"].sum())
    beside = f" On units that no campaign asks, so in no number: {counted(outside, 'vote')}." if outside else ""
    return said + beside
