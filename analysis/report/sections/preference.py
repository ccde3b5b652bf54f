"""4: is a personalized response better than a generic one, by who wrote it and who judges."""

from __future__ import annotations

import math

import polars as pl

from analysis.figures.dots import PREFERENCES, Dot, dot_plot, heading, spoken
from analysis.figures.parts import Picture, colour_of, in_number, in_percent, row_name, short_name
from analysis.longform import PEOPLE_KINDS
from analysis.markup import details
from analysis.report.listings import NO_BETTER, PREFERENCE_MEANS, PREFERENCE_OVERALL
from analysis.report.parts import Campaign, Part, Section, drawn, listed, of_campaign, parts_of, shown
from analysis.report.wording import share
from analysis.schema import PREFERENCE
from analysis.tables import Context

NO_DIFFERENCE = 3.0


def preference(context: Context) -> Section:
    return Section(
        name="preference",
        title="Preference for the personalized response",
        study=4,
        about="Mean preference for each generator from 1, the generic response is much better, to 5, the personalized "
        "one is; 3 is no difference.",
        missing="Nobody, and no model, has compared responses in this release.",
        parts=parts_of(context, _part, PREFERENCE),
    )


def _part(context: Context, campaign: Campaign) -> Part | None:
    means, overall = (of_campaign(context[name], campaign) for name in ("preference", "preference_overall"))
    if not means.height:
        return None
    body = (
        drawn(context, _picture(means, campaign), "The means", PREFERENCE_MEANS, means, campaign)
        + "<h4>No better than the generic response</h4>"
        + shown(context, PREFERENCE_OVERALL, overall, campaign)
        + details("By generator", shown(context, NO_BETTER, means, campaign))
    )
    return Part(campaign, _says(means, overall, campaign), body)


def _says(means: pl.DataFrame, overall: pl.DataFrame, campaign: Campaign) -> str:
    people = means.filter(pl.col("kind").is_in(PEOPLE_KINDS))
    who, seen = (campaign.who, people) if people.height else ("models", means)
    first = _better(seen, who)
    row = overall.filter(pl.col("kind").is_in(PEOPLE_KINDS)).head(1).to_dicts()
    if not row:
        return first
    judged, low, high = (row[0][f"no_better_judgments{end}"] for end in ("", "_low", "_high"))
    pairs = in_percent(row[0]["no_better_pairs"])
    return f"{first} No better: {share(judged, low, high)} of judgments, {pairs} of pairs."


def _better(seen: pl.DataFrame, who: str) -> str:
    """Whose responses are better, and worse, where the interval leaves out no difference."""
    sure = seen.filter(pl.col("low").is_finite() & pl.col("high").is_finite())
    better = sure.filter(pl.col("low") > NO_DIFFERENCE)["generator"].unique().sort().to_list()
    worse = sure.filter(pl.col("high") < NO_DIFFERENCE)["generator"].unique().sort().to_list()
    left = seen["generator"].n_unique() - len({*better, *worse})
    if not better and not worse:
        return (
            f"By {who}, whether personalized responses are better than generic ones cannot be told for any generator."
        )
    said = [
        f"{word} when {listed([short_name(name) for name in names])} wrote them"
        for word, names in (("better", better), ("worse", worse))
        if names
    ]
    rest = f"; for {left} of {seen['generator'].n_unique()} generators it cannot be told" if left else ""
    return f"By {who}, personalized responses are {' and '.join(said)}{rest}."


def _picture(means: pl.DataFrame, campaign: Campaign) -> Picture:
    dots: list[Dot] = []
    for group in means.partition_by("generator", maintain_order=True):
        dots.append(heading(f"written by {short_name(group['generator'][0])}"))
        rows = group.sort(pl.col("kind").is_in(PEOPLE_KINDS), "judge", descending=[True, False])
        for row in rows.iter_rows(named=True):
            note = f"n = {row['n']}" if math.isfinite(row["low"]) else f"n = {row['n']}, no interval"
            label, text = row_name(row["judge"], row["kind"]), in_number(row["mean"])
            dots.append(Dot(label, row["mean"], row["low"], row["high"], text, note, colour_of(row["kind"])))
    alt = "Mean preference from 1 (generic much better) to 5 (personalized much better). " + spoken(dots)
    caption = (
        "Mean preference from 1, the generic response is much better, to 5, the personalized one is; "
        "3 is no difference. Bars are 95 % intervals."
    )
    return Picture("preference", dot_plot(dots, PREFERENCES, alt=alt, mark=campaign.mark), alt, caption, campaign.mark)
