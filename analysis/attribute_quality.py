"""How good the extracted attributes are: shares of accepted, uncertain and rejected, by corpus and extractor."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis.clusters import Codes, Estimate, Floats, clustered_difference, clustered_share, codes_of, undefined
from analysis.longform import PEOPLE_KINDS
from analysis.mixed import TOO_MANY, Effects, fit_mixed
from analysis.release import Release, ReleaseError
from analysis.schema import ATTRIBUTE_QUALITY, VALUES

NOT_STATED = "not stated"
_MAX_DEPTH = 50  # merged, refined, merged again ...: a chain longer than this is a loop

LABEL_SHARES_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "corpus": pl.String,
        "corpus_kind": pl.String,
        "extractor": pl.String,
        "raters": pl.Int64,
        "attributes": pl.Int64,
        "n": pl.Int64,
        "value": pl.String,
        "count": pl.Int64,
        "share": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "reason": pl.String,
    }
)
ALL_EXTRACTORS = "all extractors"
REAL, SYNTHETIC = "human", "synthetic"  # kinds of corpora
FIGURES = {"problematic": ("uncertain", "rejected"), "rejected": ("rejected",)}
DIFFERENCE_SCHEMA = pl.Schema(
    {
        "campaign": pl.String,
        "extractor": pl.String,
        "figure": pl.String,
        "real": pl.Float64,
        "synthetic": pl.Float64,
        "difference": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "p": pl.Float64,
        "df": pl.Float64,
        "observed": pl.Float64,
        "observed_low": pl.Float64,
        "observed_high": pl.Float64,
        "n_real": pl.Int64,
        "n_synthetic": pl.Int64,
        "people_real": pl.Int64,
        "people_synthetic": pl.Int64,
        "raters": pl.Int64,
        "reason": pl.String,
    }
)


def extractors(release: Release) -> pl.DataFrame:
    """Which model first inferred each attribute: ``attribute``, ``extractor``.

    Merging and refining make new attributes, so the chain of ``made_from`` is followed to the attributes that were
    made from nothing; their runs' models, joined by " + " where several. "not stated" for a run without a model name
    (some imports). Raises ``ReleaseError`` when ``made_from`` runs in a circle.
    """
    models = release.runs.select("run", pl.col("model").replace("", NOT_STATED)).collect()
    attributes = release.attributes.select("attribute", "run", "made_from").collect()
    parents = attributes.select(pl.col("attribute").alias("ancestor"), "run", "made_from")
    open_ends = attributes.select("attribute", pl.col("attribute").alias("ancestor"))
    roots = []
    for _ in range(_MAX_DEPTH):
        known = open_ends.join(parents, on="ancestor")
        roots.append(known.filter(pl.col("made_from").list.len() == 0).select("attribute", "run"))
        made = known.filter(pl.col("made_from").list.len() > 0)
        if not made.height:
            break
        open_ends = made.select("attribute", pl.col("made_from").alias("ancestor")).explode("ancestor").unique()
    else:
        raise ReleaseError(
            [f"attributes.made_from: {made['attribute'].sort()[0]!r} is made from itself; release again"]
        )
    named = pl.concat(roots).join(models, on="run")
    return named.group_by("attribute").agg(pl.col("model").unique().sort().str.join(" + ").alias("extractor"))


def label_shares(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """Shares of accepted, uncertain and rejected among people's judgments (the judgment reading).

    Columns: ``LABEL_SHARES_SCHEMA``; three rows for each campaign, corpus and extractor, in the order accepted,
    uncertain, rejected, zero counts included. ``n`` judgments by ``raters`` on ``attributes``; ``share`` = count / n in
    [0, 1], with a 95 % interval clustered by person (whose attribute it is) and rater
    (``analysis.clusters.clustered_share``): NaN with ``reason`` where there is one person or one rater. Every judgment
    has the same weight, so an attribute judged more often weighs more. Models' votes are not in it.
    """
    key = ["campaign", "corpus", "corpus_kind", "extractor"]
    rows = []
    for names, answers in quality_answers(long, release).group_by(key, maintain_order=True):
        clusters = codes_of(answers, "person", "rater")
        counts = (answers["rater"].n_unique(), answers["unit"].n_unique(), answers.height)
        for value in reversed(VALUES[ATTRIBUTE_QUALITY]):
            hits = (answers["value"] == value).cast(pl.Float64)
            found = clustered_share(hits.to_numpy(), clusters)
            rows.append((*names, *counts, value, int(hits.sum()), *found[:3], found.reason))
    # sorted by the key alone: the values keep the order above
    return pl.DataFrame(rows, schema=LABEL_SHARES_SCHEMA, orient="row").sort(key, maintain_order=True)


def quality_answers(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """People's judgments of attributes in ``long`` with person, corpus, corpus_kind, extractor and confidence of the
    attribute. Those of an attribute that the release does not hold are left out. The order of ``long`` is kept.
    """
    where = (
        release.attributes.select("attribute", "person", "confidence")
        .join(release.people.select("person", "corpus", "corpus_kind"), on="person")
        .join(extractors(release).lazy(), on="attribute", how="left")
        .with_columns(pl.col("extractor").fill_null(NOT_STATED))
        .collect()
    )
    judged = long.filter((pl.col("instrument") == ATTRIBUTE_QUALITY) & pl.col("kind").is_in(PEOPLE_KINDS))
    return judged.join(where, on="attribute", maintain_order="left")


def real_minus_synthetic(long: pl.DataFrame, release: Release) -> pl.DataFrame:
    """How much larger a share of problematic attributes real people's chats give than synthetic ones, and its test.

    Columns: ``DIFFERENCE_SCHEMA``; for each campaign, extractor (and ``ALL_EXTRACTORS`` where there are several) a row
    for each of ``FIGURES``: ``problematic`` (uncertain or rejected) and ``rejected``. ``real`` and ``synthetic`` are
    shares of ``n_*`` judgments in [0, 1]; ``observed`` is their difference, its interval clustered by person and rater.
    ``difference``, ``low``, ``high``, ``p`` come from ``analysis.mixed``: 0/1 on the kind of corpus, random effects of
    people (a variance for each kind), of their attributes, and of raters and of raters with each kind; REML, t with
    Satterthwaite's degrees of freedom ``df``. It weighs people by what they tell, not by how many attributes they have,
    and so may differ from ``observed``. NaN with ``reason`` where a kind has fewer than two people, or there is one
    rater.
    """
    answers = quality_answers(long, release).filter(pl.col("corpus_kind").is_in([REAL, SYNTHETIC]))
    several = pl.col("extractor").n_unique().over("campaign") > 1
    together = answers.filter(several).with_columns(pl.lit(ALL_EXTRACTORS).alias("extractor"))
    rows = []
    for part in (answers, together):
        for names, judged in part.group_by("campaign", "extractor", maintain_order=True):
            rows += [(*names, figure, *_difference(judged, values)) for figure, values in FIGURES.items()]
    last = pl.col("extractor") == ALL_EXTRACTORS
    frame = pl.DataFrame(rows, schema=DIFFERENCE_SCHEMA, orient="row")
    return frame.sort("campaign", last, "extractor", "figure")


def _difference(answers: pl.DataFrame, values: tuple[str, ...]) -> tuple[object, ...]:
    """One row's numbers, from ``real`` onwards."""
    real = (answers["corpus_kind"] == REAL).to_numpy()
    hits = answers["value"].is_in(values).cast(pl.Float64).to_numpy()
    codes = codes_of(answers, "person", "attribute", "rater")
    people = codes["person"]
    shares = [float(hits[side].mean()) if side.any() else math.nan for side in (real, ~real)]
    counts = (int(real.sum()), int((~real).sum()), len(np.unique(people[real])), len(np.unique(people[~real])))
    observed = clustered_difference(hits, real, {"person": people, "rater": codes["rater"]})
    few = [
        f"{('no', 'only one')[n]} {kind} person"
        for n, kind in zip(counts[2:], ("real", SYNTHETIC), strict=True)
        if n < 2
    ]
    model = undefined(math.nan, few[0]) if few else _modelled(hits, real, codes)
    if model.reason == TOO_MANY:
        model = observed._replace(reason=f"the observed difference: {TOO_MANY}")
    figures = (*shares, *model[:3], model.p, model.df, *observed[:3])
    return (*figures, *counts, answers["rater"].n_unique(), model.reason)


def _modelled(hits: Floats, real: npt.NDArray[np.bool_], codes: Mapping[str, Codes]) -> Estimate:
    """The coefficient of ``real`` (see ``real_minus_synthetic``)."""
    crossed = {"rater": codes["rater"], "rater by kind": 2 * codes["rater"] + real}
    effects = Effects(codes["person"], codes["attribute"], real.astype(np.int64), crossed)
    return fit_mixed(hits, np.column_stack([np.ones(len(hits)), real]), effects).coefficients[1]
