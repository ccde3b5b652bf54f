"""The study's conclusions by each way of reading people's answers, and how far the choice moves them.

A conclusion is a ratio of sums of probabilities (``crowd.posteriors``) over units. By a model of raters it has no
interval (``analysis.crowd``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from analysis.answers import answers_by
from analysis.bootstrap import chunk_for, intervals, replicated, summed, unit_weights
from analysis.crowd import METHODS, Method, posteriors
from analysis.jackknife import FEWEST_CLUSTERS, Codes, Floats, Way, Weights, jackknife, left_out, ways_of
from analysis.longform import MODEL, PEOPLE_KINDS
from analysis.release import Release
from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE, RELEVANCE, VALUES

# Readings whose probabilities are the answers themselves: what other people's answers would give can be told.
WITH_INTERVAL: tuple[Method, ...] = ("majority", "soft")
NO_INTERVAL = "how sure a model of raters is, is not known"
FEW_PEOPLE = f"fewer than {FEWEST_CLUSTERS} people"
CONCLUSION_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "instrument": pl.String,
        "conclusion": pl.String,
        "subject": pl.String,
        "method": pl.String,
        "units": pl.Int64,
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "change": pl.Float64,
        "change_low": pl.Float64,
        "change_high": pl.Float64,
        "reason": pl.String,
    }
)


def conclusions(long: pl.DataFrame, release: Release, *, methods: Sequence[Method] = METHODS) -> pl.DataFrame:
    """Each conclusion of the study under each method, and how far it is from the majority's.

    Columns: ``CONCLUSION_SCHEMA``. Conclusions: attribute quality, by corpus (``subject``): ``accepted`` and
    ``problematic`` (uncertain or rejected), shares of attributes, and ``real minus synthetic`` of the problematic
    share; relevance: share ``relevant``, and each model's ``f1`` against the label; preference, by generator: ``mean``
    score 1-5, and share ``no better`` (3 or less).
    ``units`` enter; ``low``-``high``: 95 %, over people and the prompts that they share (``bootstrap.intervals``).
    ``change``: value minus the majority's, with its interval from the same draws; 0 for the majority itself, NaN where
    there is none. No interval by ``dawid_skene`` and ``glad`` (module docstring), nor of fewer than ten people: NaN,
    and ``reason`` says which.
    """
    units, parts = _units(long, release)
    rows: list[tuple[Any, ...]] = []
    key = ["campaign", "instrument", "conclusion", "subject"]
    # One instrument and one conclusion at a time: at a million judgments they are large. Relevance, the largest, comes
    # before the models of raters are loaded, which take a tenth of a gigabyte.
    for instrument, cells_of in ((RELEVANCE, _of_relevance), (ATTRIBUTE_QUALITY, _of_quality), (PREFERENCE, _of_pairs)):
        answers = long.filter(pl.col("instrument") == instrument)
        found = {method: of for method in methods if (of := posteriors(answers, method)).height}
        by_method = [cells_of(_placed(of, units), answers) for of in found.values()]
        del answers
        for of_each in zip(*by_method, strict=True):
            named = zip(of_each, found, strict=True)
            cells = pl.concat([of.with_columns(method=pl.lit(method)) for of, method in named])
            for names, group in cells.group_by(key, maintain_order=True):
                rows += [(*names, *figures) for figures in _figures(group, parts, methods)]
    return pl.DataFrame(rows, schema=CONCLUSION_SCHEMA, orient="row").sort(key, maintain_order=True)


def _placed(found: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Probabilities with what ``_units`` says of their units."""
    return found.join(units, on=["campaign", "unit"], maintain_order="left")


def _units(long: pl.DataFrame, release: Release) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What people judged: place (its number), campaign, unit, corpus, corpus_kind, generator, and ``part``, whose it is
    on what prompt. Beside it the parts: part, person, prompt (the person where there is none), corpus.
    """
    asked = long.lazy().filter(pl.col("kind").is_in(PEOPLE_KINDS))
    people = release.people.select("person", "corpus", "corpus_kind")
    owners = release.attributes.select("attribute", "person").join(people, on="person")
    pairs = release.response_pairs.select("pair", "generator", of_pair="prompt")
    units = (
        asked.select("campaign", "unit", "attribute", "prompt", "pair")
        .unique(["campaign", "unit"])
        .join(owners, on="attribute", how="left")
        .join(pairs, on="pair", how="left")
        .with_columns(pl.col("person", "corpus").fill_null(""))
        .with_columns(prompt=pl.coalesce("prompt", "of_pair", pl.format("of {}", "person")))
        .drop("attribute", "pair", "of_pair")
        .collect(engine="streaming")
    )
    names = ["person", "prompt", "corpus"]
    parts = units.select(names).unique().sort(names).with_row_index("part")
    return units.join(parts, on=names).drop("person", "prompt").with_row_index("place"), parts


def _summed(frame: pl.DataFrame) -> pl.DataFrame:
    """Numerator and denominator of a conclusion, ``top`` and ``bottom`` of each unit, summed by part in the order of
    the rows: the same bytes each time. Columns: campaign, instrument, conclusion, subject, part, ``sign`` (-1 is what
    is taken away), top, bottom, units.
    """
    key = ["campaign", "instrument", "conclusion", "subject", "part", "sign"]
    sums = (pl.col("top").sum(), pl.col("bottom").sum(), pl.col("place").n_unique().cast(pl.Int64).alias("units"))
    return frame.group_by(key, maintain_order=True).agg(*sums)


def _of_quality(of: pl.DataFrame, long: pl.DataFrame) -> Iterator[pl.DataFrame]:
    accepted, sign = pl.col("value") == VALUES[ATTRIBUTE_QUALITY][-1], pl.lit(1)
    shares = [
        of.with_columns(top=pl.when(hit).then("p").otherwise(0.0), conclusion=pl.lit(name), subject="corpus", sign=sign)
        for name, hit in (("accepted", accepted), ("problematic", ~accepted))
    ]
    real = pl.when(pl.col("corpus_kind") == "human").then(1).otherwise(-1)
    both = pl.col("corpus_kind").n_unique().over("campaign") == 2
    gap = shares[1].with_columns(conclusion=pl.lit("real minus synthetic"), subject=pl.lit(""), sign=real).filter(both)
    yield from (_summed(part.with_columns(bottom="p")) for part in (*shares, gap))


def _of_relevance(of: pl.DataFrame, long: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The share of the relevant, and each model's F1 = 2 tp / (2 tp + fp + fn), each unit counting by its probability
    of being relevant.
    """
    yes = pl.when(pl.col("value") == "yes").then("p").otherwise(0.0)
    named = {"conclusion": pl.lit("relevant"), "subject": pl.lit(""), "sign": pl.lit(1)}
    yield _summed(of.with_columns(top=yes, bottom="p", **named))
    labels = of.group_by("place", maintain_order=True).agg(
        pl.first("campaign", "instrument", "unit", "part"), relevant=yes.sum()
    )
    del of  # at a million judgments the larger part of what is held
    for (campaign, rater, _), answers in answers_by(long, RELEVANCE, pl.col("kind") == MODEL):
        says = answers.select("unit", says=(pl.col("value") == "yes").cast(pl.Float64))
        scored = labels.filter(pl.col("campaign") == campaign).join(says, on="unit", maintain_order="left")
        sums = {"top": 2 * pl.col("says") * pl.col("relevant"), "bottom": pl.col("relevant") + pl.col("says")}
        named = {"conclusion": pl.lit("f1"), "subject": pl.lit(rater), "sign": pl.lit(1)}
        yield _summed(scored.with_columns(**sums, **named))


def _of_pairs(of: pl.DataFrame, long: pl.DataFrame) -> Iterator[pl.DataFrame]:
    score = pl.col("value").cast(pl.Float64, strict=False)
    tops = (("mean", score * pl.col("p")), ("no better", pl.when(score <= 3).then("p").otherwise(0.0)))
    named = of.drop_nulls("generator").with_columns(bottom="p", subject="generator", sign=pl.lit(1))
    yield from (_summed(named.with_columns(top=top, conclusion=pl.lit(name))) for name, top in tops)


def _figures(group: pl.DataFrame, everything: pl.DataFrame, methods: Sequence[Method]) -> Iterator[tuple[Any, ...]]:
    """One conclusion's rows from ``method`` on. Every method sees the same draws of people."""
    read = [method for method in methods if method in group["method"]]
    parts = _parts(group, everything, read)
    people, ways, chunk = int(parts.person.max()) + 1, parts.ways, chunk_for(len(parts.person))
    once = iter([np.ones((len(parts.person), 1), dtype=np.float32)])
    weights = (once, unit_weights(parts.person, chunk), *(left_out(way, chunk) for way in ways))
    value, drawn, *moved = (_with_changes(replicated(of, [parts.values])[0], read) for of in weights)
    ends = intervals(value[0], drawn, jackknife(moved, ways, people))
    numbers = np.stack([value[0], ends.low, ends.high], axis=1).reshape(2, len(read), 3)
    for place, method in enumerate(read):
        reason = NO_INTERVAL if method not in WITH_INTERVAL else FEW_PEOPLE if people < FEWEST_CLUSTERS else ""
        own = numbers[:, place]
        own[:, 1:] = np.nan if reason else own[:, 1:]
        units = int(group.filter(pl.col("method") == method)["units"].sum())
        yield (method, units, *own.ravel().tolist(), reason)


def _with_changes(values: Floats, read: Sequence[Method]) -> Floats:
    """The values (replicates, methods) and beside them each less the majority's, NaN where that is not read."""
    change = values - values[:, read.index("majority"), None] if "majority" in read else np.full_like(values, math.nan)
    return np.concatenate([values, change], axis=1)


class _Parts(NamedTuple):
    """A conclusion's sums over each person's units on each prompt: whose, in what ways they hang together, and ``top``
    and ``bottom``, shape (parts, methods, 2), what is added and what is taken away.
    """

    person: Codes
    ways: list[Way]
    top: Floats
    bottom: Floats

    def values(self, weights: Weights) -> Floats:
        """The conclusion by each method under weights on the parts: shape (replicates, methods)."""
        above, below = summed(self.top, weights), summed(self.bottom, weights)
        ratio = np.divide(above, below, out=np.full(above.shape, math.nan), where=below > 0)
        return np.asarray(ratio[..., 0] - ratio[..., 1] if self.bottom[..., 1].any() else ratio[..., 0])


def _parts(group: pl.DataFrame, everything: pl.DataFrame, read: Sequence[Method]) -> _Parts:
    """Those of ``everything`` (``_units``) that the conclusion rests on."""
    parts = everything.filter(pl.col("part").is_in(group["part"].unique().implode()))
    method = group["method"].replace_strict(read, range(len(read)), return_dtype=pl.Int64)
    place = parts["part"].search_sorted(group["part"])
    at = (place.to_numpy(), method.to_numpy(), (group["sign"] < 0).cast(pl.Int64).to_numpy())
    sums = np.zeros((2, parts.height, len(read), 2))
    for kept, name in zip(sums, ("top", "bottom"), strict=True):
        np.add.at(kept, at, group[name].to_numpy())
    names = ("person", "prompt", "corpus")
    person, prompt, corpus = (parts[name].rank("dense").to_numpy().astype(np.int64) - 1 for name in names)
    return _Parts(person, ways_of(person, prompt, corpus), *sums)
