"""What the numbers cannot say."""

from __future__ import annotations

from html import escape

import polars as pl

from analysis.report.parts import WHO, Section, listed
from analysis.tables import Context


def limits(context: Context) -> Section:
    said = [*_of_this_release(context), *_of_any()]
    items = "".join(f"<li>{escape(sentence)}</li>\n" for sentence in said)
    return Section(
        name="limits",
        title="What these numbers cannot say",
        study=0,
        about="Read before quoting.",
        missing="",
        says=said[0],
        body=f"<ul>{items}</ul>\n",
    )


def _of_this_release(context: Context) -> list[str]:
    campaigns = context["campaigns"]
    judged = campaigns.filter(pl.col("judgments") > 0)
    others = [WHO[origin] for origin in ("simulated", "imported") if origin in judged["origin"].to_list()]
    said = []
    if not judged.filter(pl.col("origin") == "human").height:
        said.append("No person has judged in this release: nothing here says anything about people.")
    if others:
        said.append(f"Answers of {listed(others)} are marked on every figure and are in no number about people.")
    few = judged.filter(pl.col("raters") < 10)["title"].to_list()
    if few:
        said.append(f"Fewer than ten raters judged in {listed(few[:5])}: how agreement varies with raters is not told.")
    return said


def _of_any() -> list[str]:
    return [
        "Raters are other people than those whose conversations these are: they say what seems to fit, not what does.",
        "An interval says what other units, people or raters of the same kind would give; none covers a sample that "
        "was drawn with a bias.",
        "Many numbers are given side by side: of twenty 95 % intervals, one misses its truth even when all is well.",
        "A label by majority hides where people rightly differ; what other readings of the answers change stands under "
        "its own heading.",
    ]
