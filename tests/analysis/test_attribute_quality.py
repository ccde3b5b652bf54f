from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
import scipy.stats

from analysis.attribute_quality import (
    DIFFERENCE_SCHEMA,
    LABEL_SHARES_SCHEMA,
    extractors,
    label_shares,
    quality_answers,
    real_minus_synthetic,
)
from analysis.longform import long_form
from analysis.release import Release, ReleaseError
from analysis.schema import ATTRIBUTE_QUALITY
from tests.analysis.frames import campaign, item, judgment, release_of, unit_of, vote

PEOPLE = [
    {"person": "real", "corpus": "wildchat", "corpus_kind": "human"},
    {"person": "made", "corpus": "cupid", "corpus_kind": "synthetic"},
]
RUNS = [
    {"run": "x1", "stage": "extract", "model": "llama"},
    {"run": "x2", "stage": "extract", "model": "gemma"},
    {"run": "merge", "stage": "merge", "model": "minilm"},
    {"run": "import", "stage": "import", "model": ""},
]


def _attribute(name: str, run: str, made_from: list[str] | None = None, person: str = "real") -> dict[str, object]:
    return {"attribute": name, "person": person, "run": run, "made_from": made_from or []}


def _release(answers: list[tuple[str, str, str]]) -> Release:
    """(attribute, rater, value) in one campaign; a1 and a2 of a real person by llama, a3 of a made one, imported."""
    attributes = [_attribute("a1", "x1"), _attribute("a2", "merge", ["a1"]), _attribute("a3", "import", person="made")]
    units = {name: unit_of(ATTRIBUTE_QUALITY, name) for name in ("a1", "a2", "a3")}
    return release_of(
        people=PEOPLE,
        runs=[*RUNS, {"run": "run-m", "model": "m"}],
        attributes=attributes,
        campaigns=[campaign("c", ATTRIBUTE_QUALITY)],
        items=[item("c", units.values())],
        judgments=[judgment("c", units[name], rater, value) for name, rater, value in answers],
        model_votes=[vote(units["a1"], "m", "rejected")],
    )


def test_extractors_follow_merged_attributes_to_the_models_that_made_them() -> None:
    release = release_of(
        people=PEOPLE,
        runs=RUNS,
        attributes=[
            _attribute("a1", "x1"),
            _attribute("a2", "x2"),
            _attribute("m1", "merge", ["a1"]),
            _attribute("m2", "merge", ["m1", "a2"]),
            _attribute("i1", "import"),
        ],
    )
    found = dict(extractors(release).sort("attribute").iter_rows())
    assert found == {"a1": "llama", "a2": "gemma", "m1": "llama", "m2": "gemma + llama", "i1": "not stated"}


def test_extractors_refuse_an_attribute_made_from_itself() -> None:
    loop = [_attribute("a1", "x1", ["a2"]), _attribute("a2", "x1", ["a1"])]
    with pytest.raises(ReleaseError, match="made from itself"):
        extractors(release_of(people=PEOPLE, runs=RUNS, attributes=loop))


def test_label_shares_worked_example() -> None:
    # wildchat by llama: accepted 2, uncertain 1, rejected 1 of 4; cupid not stated: rejected 1 of 1; the vote stays out
    answers = [("a1", "r1", "accepted"), ("a1", "r2", "uncertain"), ("a2", "r1", "accepted"), ("a2", "r2", "rejected")]
    release = _release([*answers, ("a3", "r1", "rejected")])
    shares = label_shares(long_form(release), release)
    assert shares.schema == LABEL_SHARES_SCHEMA
    found = shares.select("corpus", "extractor", "raters", "attributes", "n", "value", "count", "share").rows()
    assert found == [
        ("cupid", "not stated", 1, 1, 1, "accepted", 0, 0.0),
        ("cupid", "not stated", 1, 1, 1, "uncertain", 0, 0.0),
        ("cupid", "not stated", 1, 1, 1, "rejected", 1, 1.0),
        ("wildchat", "llama", 2, 2, 4, "accepted", 2, 0.5),
        ("wildchat", "llama", 2, 2, 4, "uncertain", 1, 0.25),
        ("wildchat", "llama", 2, 2, 4, "rejected", 1, 0.25),
    ]
    assert set(shares["reason"]) == {"only one person"}
    assert shares["low"].is_nan().all()


def test_label_shares_without_judgments_are_empty() -> None:
    release = _release([])
    assert label_shares(long_form(release), release).is_empty()


def _study(real: float, synthetic: float, *, seed: int = 1, people: int = 12, raters: int = 8) -> Release:
    """``people`` of each kind with 6 attributes by llama or gemma in turn, judged by three of the ``raters`` each (0:
    always by new ones); problematic with these chances.
    """
    rng = np.random.default_rng(seed)
    persons = [
        {"person": f"{kind}-{n}", "corpus": kind, "corpus_kind": kind}
        for kind in ("human", "synthetic")
        for n in range(people)
    ]
    attributes: list[dict[str, object]] = []
    judged: list[dict[str, object]] = []
    for n, person in enumerate(persons):
        own = rng.normal(0, 0.15)
        for number in range(6):
            name = f"{person['person']}-{number}"
            attributes.append(_attribute(name, ("x1", "x2")[n % 2], person=str(person["person"])))
            chance = (real if person["corpus_kind"] == "human" else synthetic) + own
            for rater in rng.choice(raters, 3, replace=False) if raters else range(len(judged), len(judged) + 3):
                value = "accepted" if rng.random() > chance else rng.choice(["uncertain", "rejected"])
                judged.append(judgment("c", unit_of(ATTRIBUTE_QUALITY, name), f"r{rater}", str(value)))
    return release_of(
        people=persons, runs=RUNS, attributes=attributes, campaigns=[campaign("c", ATTRIBUTE_QUALITY)], judgments=judged
    )


def test_real_minus_synthetic_finds_what_was_planted() -> None:
    release = _study(0.5, 0.2)
    table = real_minus_synthetic(long_form(release), release)
    assert table.schema == DIFFERENCE_SCHEMA
    assert table.select("extractor", "figure").rows() == [
        (extractor, figure)
        for extractor in ("gemma", "llama", "all extractors")
        for figure in ("problematic", "rejected")
    ]
    row = table.row(4, named=True)
    assert (row["n_real"], row["n_synthetic"], row["people_real"], row["people_synthetic"]) == (216, 216, 12, 12)
    assert row["observed"] == pytest.approx(row["real"] - row["synthetic"])
    assert row["low"] < 0.3 < row["high"]
    assert row["observed_low"] < 0.3 < row["observed_high"]
    assert row["p"] < 0.01


def test_real_minus_synthetic_of_raters_who_answer_once_is_welchs_test_on_peoples_shares() -> None:
    release = _study(0.5, 0.2, raters=0)
    long = long_form(release)
    problematic = (pl.col("value") != "accepted").mean().alias("share")
    shares = quality_answers(long, release).group_by("corpus_kind", "person").agg(problematic)
    kinds = [shares.filter(corpus_kind=kind)["share"].to_numpy() for kind in ("human", "synthetic")]
    wanted = scipy.stats.ttest_ind(*kinds, equal_var=False)
    table = real_minus_synthetic(long, release)
    row = table.filter(extractor="all extractors", figure="problematic").row(0, named=True)
    assert row["difference"] == pytest.approx(kinds[0].mean() - kinds[1].mean())
    assert row["p"] == pytest.approx(wanted.pvalue, rel=0.1)
    assert row["df"] == pytest.approx(wanted.df, rel=0.05)


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        (pl.col("corpus_kind") == "human", "no synthetic person"),
        (pl.col("corpus_kind") == "synthetic", "no real person"),
        (pl.col("person").is_in(["human-0", "synthetic-0", "synthetic-1"]), "only one real person"),
        (pl.col("rater") == "r1", "only one rater"),
    ],
)
def test_real_minus_synthetic_says_why_there_is_none(kept: pl.Expr, reason: str) -> None:
    release = _study(0.5, 0.2)
    long = long_form(release)
    chosen = quality_answers(long, release).filter(kept).select(long.columns)
    for row in real_minus_synthetic(chosen, release).filter(extractor="all extractors").iter_rows(named=True):
        assert row["reason"] == reason
        assert math.isnan(row["difference"])
        assert math.isnan(row["p"])


def test_label_shares_are_clustered_by_person_and_rater() -> None:
    release = _study(0.5, 0.5)
    row = label_shares(long_form(release), release).filter(value="accepted", extractor="llama").row(0, named=True)
    assert row["reason"] == ""
    assert 0 < row["low"] < row["share"] < row["high"] < 1


def test_real_minus_synthetic_allows_for_raters_who_see_one_kind_otherwise() -> None:
    # half of the raters are harsh on real people's attributes only: two kinds of raters, and nobody knows of the others
    rng = np.random.default_rng(4)
    persons = [{"person": f"{k}-{n}", "corpus": k, "corpus_kind": k} for k in ("human", "synthetic") for n in range(10)]
    attributes = [_attribute(f"{p['person']}-{n}", "x1", person=p["person"]) for p in persons for n in range(5)]

    def value(name: str, rater: int) -> str:
        harsh = 0.5 if name.startswith("human") and rater < 4 else 0.0
        return "rejected" if rng.random() < 0.2 + harsh else "accepted"

    judged = [
        judgment("c", unit_of(ATTRIBUTE_QUALITY, str(a["attribute"])), f"r{rater}", value(str(a["attribute"]), rater))
        for a in attributes
        for rater in range(8)
    ]
    release = release_of(
        people=persons, runs=RUNS, attributes=attributes, campaigns=[campaign("c", ATTRIBUTE_QUALITY)], judgments=judged
    )
    row = real_minus_synthetic(long_form(release), release).filter(figure="rejected").row(0, named=True)
    # the mean of 8 raters' differences, half 0.5 and half 0: error 0.27 / sqrt(8) = 0.09; single answers' alone 0.03
    assert (row["high"] - row["low"]) / 2 > 0.15
    assert row["df"] < 20
