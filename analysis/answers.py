"""The answers of the long form beside what a release knows of them: reason, side, whose material, which responses."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from analysis.longform import PEOPLE_KINDS, first_answers, named_votes
from analysis.release import Release
from analysis.schema import PREFERENCE

PEOPLE = "all raters"
ANSWER = ["campaign", "unit", "rater"]


def people_answers(long: pl.DataFrame, release: Release, *columns: str) -> pl.DataFrame:
    """The rows of people in ``long`` with ``columns`` of the judgment that each stands for.

    Which that is where a rater judged the unit more than once: one that is counted (or imported) before one that is
    not, then the first, as ``longform.judgment_long`` takes it. The order of ``long`` is kept.
    """
    people = long.filter(pl.col("kind").is_in(PEOPLE_KINDS))
    asked = people.lazy().select(pl.col("campaign").unique())
    names = release.campaigns.select("campaign", pl.col("slug")).join(
        asked, left_on="slug", right_on="campaign", how="semi"
    )
    answers = release.judgments.filter(pl.col("value").is_not_null()).join(names, on="campaign")
    last = ~(pl.col("counted") | (pl.col("not_counted_because") == "imported"))
    wanted = (
        first_answers(answers, last)
        .select(pl.col("slug").alias("campaign"), "unit", "rater", *columns)
        .collect(engine="streaming")
    )
    return people.join(wanted, on=ANSWER, how="left", maintain_order="left")


def with_person(answers: pl.DataFrame, release: Release) -> pl.DataFrame:
    """``answers`` with ``person``: whose attribute it is ("" where the release does not hold the attribute)."""
    persons = release.attributes.select("attribute", "person").collect()
    joined = answers.join(persons, on="attribute", how="left", maintain_order="left")
    return joined.with_columns(pl.col("person").fill_null(""))


def answers_by(
    long: pl.DataFrame, instrument: str, *which: pl.Expr
) -> Iterator[tuple[tuple[str, str, str], pl.DataFrame]]:
    """The rows of ``long`` of one rater (campaign, rater, kind) after the other, sorted by these, and by unit.

    Taken out one by one: all at once they would be a second copy of the long form.
    """
    asked = long.lazy().filter(pl.col("instrument") == instrument, *which)
    raters = asked.select("campaign", "rater", "kind").unique().sort("campaign", "rater", "kind").collect()
    for campaign, rater, kind in raters.iter_rows():
        own = (pl.col("campaign") == campaign) & (pl.col("rater") == rater) & (pl.col("kind") == kind)
        yield (campaign, rater, kind), long.filter(own).sort("unit")


def judge_of(kind: pl.Expr, rater: pl.Expr) -> pl.Expr:
    """All people together are one judge, ``PEOPLE``; each model is one by its name."""
    return pl.when(kind.is_in(PEOPLE_KINDS)).then(pl.lit(PEOPLE)).otherwise(rater)


def comparisons(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """Every preference with what may sway it, one row an answer; a model's two orders of the sides are two rows.

    Columns: campaign, unit, attribute, pair, person, prompt, generator, judge (``judge_of``), rater, kind, score (1-5
    towards personalized), side (where the personalized response stood: left | right), length (binary logarithm of the
    personalized response's length over the generic one's, in characters; +1 = twice as long; null where one is empty or
    missing), mention (1.0 | 0.0: whether the personalized response openly mentions the attribute by most of the mention
    findings of the unit; null where there is none or they are split). Sorted by campaign, unit, rater, side. Answers on
    a pair that the release does not hold are left out.
    """
    asked = long.filter(pl.col("instrument") == PREFERENCE)
    columns = ["campaign", "unit", "attribute", "pair", "rater", "kind", "score", "side"]
    people = people_answers(asked, release, "side").select(columns)
    models = named_votes(release, PREFERENCE).select(columns).collect()
    models = models.join(asked.select(ANSWER), on=ANSWER, how="semi")
    return (
        pl.concat([people, models])
        .join(pairs_compared(release), on="pair")
        .join(mentions(release), on="unit", how="left")
        .with_columns(judge_of(pl.col("kind"), pl.col("rater")).alias("judge"))
        .select(*columns[:4], "person", "prompt", "generator", "judge", *columns[4:], "length", "mention")
        .sort("campaign", "unit", "rater", "side")
    )


def pairs_compared(release: Release) -> pl.DataFrame:
    """``pair``, person, prompt, generator and ``length`` (see ``comparisons``) of every pair of responses."""
    size = pl.col("text").str.len_chars().cast(pl.Float64)
    lengths = release.responses.select("response", size.alias("size"))
    generic = lengths.rename({"response": "generic", "size": "_generic"})
    personalized = lengths.rename({"response": "personalized", "size": "_personalized"})
    both = (pl.col("_generic") > 0) & (pl.col("_personalized") > 0)
    return (
        release.response_pairs.join(generic, on="generic", how="left")
        .join(personalized, on="personalized", how="left")
        .with_columns(pl.when(both).then((pl.col("_personalized") / pl.col("_generic")).log(2)).alias("length"))
        .select("pair", "person", "prompt", "generator", "length")
        .collect()
    )


def mentions(release: Release) -> pl.DataFrame:
    """``unit``, ``mention`` 1.0 or 0.0 by most of its answered mention findings; null where they are split."""
    share = (pl.col("value") == "yes").mean()
    decided = pl.when(share > 0.5).then(1.0).when(share < 0.5).then(0.0)
    return (
        release.findings.filter((pl.col("kind") == "mention") & pl.col("value").is_not_null())
        .group_by("unit")
        .agg(decided.alias("mention"))
        .collect()
    )
