"""Are planted values recovered? The report's estimates beside what raters of this world give on the same units.

The truth of a figure is what raters nobody has asked yet would answer: ``FRESH`` of them answer the very units that
were judged, by the words of the release. An estimate with its interval is about those raters too, so the truth should
lie inside, but for one in twenty; far outside, something between a page and the report is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any, NamedTuple

import polars as pl

from analysis.longform import PEOPLE_KINDS
from analysis.release import Release, load_release
from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE, RELEVANCE
from analysis.tables import context_of
from pipeline.sources.world.raters import SimulatedRater
from pipeline.sources.world.world import World, make_world
from rebuild.plan import Folder, Plan

FRESH, FIRST = 40, 100_000  # raters, and the number of the first: far from any that a rebuild enrols
FAR = 2.5  # half widths of the interval
RIGHT, LEFT = "right", "left"

Units = list[dict[str, Any]]


class Recovered(NamedTuple):
    figure: str
    subject: str
    truth: float
    value: float
    low: float
    high: float

    @property
    def inside(self) -> bool:
        return self.low <= self.truth <= self.high

    @property
    def far(self) -> bool:
        half = (self.high - self.low) / 2
        return math.isfinite(half) and abs(self.truth - self.value) > FAR * half


def recovered(*, plan: Plan, folder: Folder) -> list[Recovered]:
    """Every planted figure with an interval: quality by corpus, relevance, preference by generator."""
    release = load_release(folder.release)
    context = context_of(release)
    world = make_world(plan.seed, scale=plan.scale)
    raters = [SimulatedRater(world, FIRST + number) for number in range(FRESH)]
    found = [*_quality(context["label_shares"], release, raters), *_relevance(context, release, raters)]
    return [*found, *_preference(context["preference"], release, world, raters)]


def problems_with(found: Sequence[Recovered], said: list[str]) -> Iterator[str]:
    known = [each for each in found if math.isfinite(each.low)]
    inside = sum(each.inside for each in known)
    said.append(f"planted values: {inside} of {len(known)} lie inside their 95 % intervals")
    for each in known:
        if each.far:
            yield (
                f"{each.figure} {each.subject}: {each.value:.3f} ({each.low:.3f} to {each.high:.3f}), "
                f"where {each.truth:.3f} was planted"
            )


def _quality(shares: pl.DataFrame, release: Release, raters: Sequence[SimulatedRater]) -> Iterator[Recovered]:
    openings = _openings(release)
    by_corpus: dict[str, list[float]] = {}
    for unit in _judged(release, ATTRIBUTE_QUALITY):
        said = [openings[unit["person"]]]
        accepts = fmean(rater.quality(unit["text"], said) == "accepted" for rater in raters)
        by_corpus.setdefault(unit["corpus"], []).append(accepts)
    for row in shares.filter(pl.col("value") == "accepted").iter_rows(named=True):
        yield Recovered(
            "accepted", row["corpus"], fmean(by_corpus[row["corpus"]]), row["share"], row["low"], row["high"]
        )


def _relevance(context: Any, release: Release, raters: Sequence[SimulatedRater]) -> Iterator[Recovered]:
    prompts = dict(release.tables["prompts"].select("prompt", "text").collect().iter_rows())
    units = _judged(release, RELEVANCE)
    truth = fmean(rater.relevance(prompts[unit["prompt"]], unit["text"]) == "yes" for unit in units for rater in raters)
    row = context["marked_relevant"].filter(pl.col("rater") == "all raters").row(0, named=True)
    yield Recovered("marked relevant", "", truth, row["share"], row["low"], row["high"])


def _preference(
    means: pl.DataFrame, release: Release, world: World, raters: Sequence[SimulatedRater]
) -> Iterator[Recovered]:
    prompts = dict(release.tables["prompts"].select("prompt", "text").collect().iter_rows())
    texts = dict(release.tables["responses"].select("response", "text").collect().iter_rows())
    pairs = {row["pair"]: row for row in release.response_pairs.collect().iter_rows(named=True)}
    by_generator: dict[str, list[float]] = {}
    for unit in _judged(release, PREFERENCE):
        pair = pairs[unit["pair"]]
        shown = prompts[pair["prompt"]], unit["text"], texts[pair["generic"]], texts[pair["personalized"]]
        by_generator.setdefault(pair["generator"], []).append(fmean(_score(rater, *shown) for rater in raters))
    for row in means.filter(pl.col("kind").is_in(PEOPLE_KINDS)).iter_rows(named=True):
        truth = fmean(by_generator[row["generator"]])
        yield Recovered("mean preference", row["generator"], truth, row["mean"], row["low"], row["high"])


def _score(rater: SimulatedRater, prompt: str, attribute: str, generic: str, personalized: str) -> float:
    """Towards the personalized one, the mean over both sides."""
    on_right = int(rater.preference(prompt, attribute, generic, personalized))
    on_left = 6 - int(rater.preference(prompt, attribute, personalized, generic))
    return (on_right + on_left) / 2


def _judged(release: Release, instrument: str) -> Units:
    """The units with counted judgments, each with its attribute's text, person and corpus."""
    people = release.people.select("person", "corpus")
    attributes = release.attributes.select("attribute", "person", "text").join(people, on="person")
    judged = release.judgments.filter("counted", pl.col("instrument") == instrument)
    units = judged.select("unit", "attribute", "prompt", "pair").unique()
    return units.join(attributes, on="attribute").sort("unit").collect().to_dicts()


def _openings(release: Release) -> dict[str, str]:
    """What each person wrote first, by which the world knows them."""
    first = release.tables["conversations"].sort("person", "position").group_by("person", maintain_order=True).first()
    turns = first.select("person", "turns").collect()
    return {
        person: next(turn["content"] for turn in said if turn["role"] == "user") for person, said in turns.iter_rows()
    }
