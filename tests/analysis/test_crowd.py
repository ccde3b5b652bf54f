from __future__ import annotations

import math
from random import Random

import polars as pl
import pytest

from analysis import crowd
from analysis.conclusions import NO_INTERVAL, conclusions
from analysis.crowd import METHODS, Method, posteriors, reliability
from analysis.longform import LONG_SCHEMA, long_form
from analysis.release import Release, release_from_frames
from analysis.schema import ATTRIBUTE_QUALITY
from analysis.selection import selection
from tests.analysis.frames import unit_of
from tests.analysis.synthetic import synthetic_frames


def answers(*given: tuple[str, str, str], kind: str = "human") -> pl.DataFrame:
    """(unit, rater, value) on attributes of one campaign."""
    rows = [
        {
            **unit_of(ATTRIBUTE_QUALITY, unit),
            "campaign": "c",
            "rater": rater,
            "kind": kind,
            "value": value,
            "score": 0.0,
        }
        for unit, rater, value in given
    ]
    return pl.DataFrame(rows, schema=LONG_SCHEMA).sort("campaign", "unit", "rater")


@pytest.fixture(scope="module")
def release() -> Release:
    return release_from_frames(synthetic_frames())


@pytest.fixture(scope="module")
def long(release: Release) -> pl.DataFrame:
    return long_form(release)


def each_of_another_person() -> Release:
    """As ``release``, but that every attribute is somebody's alone."""
    frames = synthetic_frames()
    owned = frames["attributes"].with_columns(person="attribute")
    someone = frames["people"].head(1).drop("person")
    people = owned.select("person").join(someone, how="cross").match_to_schema(frames["people"].schema)
    return release_from_frames(frames | {"attributes": owned, "people": people})


def of(frame: pl.DataFrame, **wanted: str) -> dict[str, float]:
    """Value of each method."""
    chosen = frame.filter(*[pl.col(name) == value for name, value in wanted.items()])
    return dict(chosen.select("method", "value").iter_rows())


def test_soft_labels_are_the_shares_of_the_answers() -> None:
    frame = answers(("a", "r1", "accepted"), ("a", "r2", "accepted"), ("a", "r3", "rejected"), ("b", "r1", "uncertain"))
    found = posteriors(frame, "soft").select("unit", "value", "p").rows()
    assert found == [("q:a", "accepted", 2 / 3), ("q:a", "rejected", 1 / 3), ("q:b", "uncertain", 1.0)]


def test_majority_leaves_out_units_without_one() -> None:
    frame = answers(("a", "r1", "accepted"), ("a", "r2", "rejected"), ("b", "r1", "uncertain"))
    assert posteriors(frame, "majority").select("unit", "value", "p").rows() == [("q:b", "uncertain", 1.0)]


@pytest.mark.parametrize("method", METHODS)
def test_probabilities_of_a_unit_sum_to_one(long: pl.DataFrame, method: Method) -> None:
    sums = posteriors(long, method).group_by("campaign", "unit").agg(pl.col("p").sum())["p"]
    assert (sums - 1).abs().max() == pytest.approx(0, abs=1e-9)


def test_campaigns_over_the_limit_have_no_models_of_raters(
    long: pl.DataFrame, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "LIMITS", {"dawid_skene": 0, "glad": 0})
    assert posteriors(long, "dawid_skene").height == posteriors(long, "glad").height == reliability(long).height == 0
    assert set(conclusions(long, release)["method"]) == {"majority", "soft"}


def crowd_with_spammers(seed: int = 3) -> tuple[pl.DataFrame, dict[str, str]]:
    """Two raters who are nearly always right, three who toss a coin, on 120 attributes with a known answer."""
    random = Random(seed)
    values = ("accepted", "rejected")
    truth = {f"u{n:03}": random.choice(values) for n in range(120)}
    given = []
    for unit, right in truth.items():
        wrong = values[right == values[0]]
        given += [(unit, f"good{n}", right if random.random() < 0.95 else wrong) for n in range(2)]
        given += [(unit, f"coin{n}", random.choice(values)) for n in range(3)]
    return answers(*given), truth


def hits(frame: pl.DataFrame, truth: dict[str, str], method: Method) -> float:
    best = posteriors(frame, method).sort("p").group_by("unit", maintain_order=True).last()
    right: list[bool] = [truth[unit[2:]] == value for unit, value in best.select("unit", "value").iter_rows()]
    return sum(right) / len(truth)


@pytest.mark.parametrize("method", ["dawid_skene", "glad"])
def test_models_of_raters_see_through_coins_that_the_majority_trusts(method: Method) -> None:
    frame, truth = crowd_with_spammers()
    assert hits(frame, truth, method) > hits(frame, truth, "majority") + 0.05
    assert hits(frame, truth, method) > 0.9


def test_reliability_tells_careful_raters_from_coins() -> None:
    frame, _ = crowd_with_spammers()
    found = {row["rater"]: row["accuracy"] for row in reliability(frame).iter_rows(named=True)}
    assert min(found["good0"], found["good1"]) > 0.85
    assert max(found["coin0"], found["coin1"], found["coin2"]) < 0.65


def test_majority_f1_is_the_one_of_selection(release: Release, long: pl.DataFrame) -> None:
    found = conclusions(long, release, methods=["majority"]).filter(pl.col("conclusion") == "f1")
    scores = selection(long, release).filter(pl.col("kind") == "model")
    assert found.height == scores.height
    for row in scores.iter_rows(named=True):
        assert of(found, campaign=row["campaign"], subject=row["rater"]) == {"majority": pytest.approx(row["f1"])}


def test_soft_mean_preference_is_the_mean_of_the_units_means(release: Release, long: pl.DataFrame) -> None:
    found = conclusions(long, release, methods=["soft"]).filter(pl.col("conclusion") == "mean")
    people = long.filter(pl.col("campaign") == "preference", pl.col("kind") == "human")
    generators = release.response_pairs.select("pair", "generator").collect()
    units = people.group_by("unit", "pair").agg(pl.col("score").mean()).join(generators, on="pair")
    for generator, mean in units.group_by("generator").agg(pl.col("score").mean()).iter_rows():
        assert of(found, subject=generator) == {"soft": pytest.approx(mean)}


def test_conclusions_do_not_depend_on_the_order_or_names_of_raters(release: Release, long: pl.DataFrame) -> None:
    human = pl.col("kind") == "human"
    other_name = pl.format("z{}", pl.col("rater").str.reverse())
    renamed = long.with_columns(pl.when(human).then(other_name).otherwise("rater").alias("rater"))
    shuffled = renamed.sample(fraction=1, shuffle=True, seed=5)
    before, after = (conclusions(frame, release, methods=METHODS[:3]) for frame in (long, shuffled))
    assert before.select("conclusion", "subject", "method").equals(after.select("conclusion", "subject", "method"))
    assert (before["value"] - after["value"]).abs().max() < 1e-6


def test_change_is_against_the_majority_and_zero_for_itself() -> None:
    release = each_of_another_person()
    found = conclusions(long_form(release), release, methods=["majority", "soft"])
    base = found.filter(pl.col("method") == "majority")
    assert base["change"].abs().max() == 0
    soft = found.filter(pl.col("method") == "soft")
    joined = soft.join(base, on=["campaign", "conclusion", "subject"], suffix="_base")
    assert (joined["change"] - (joined["value"] - joined["value_base"])).abs().max() < 1e-12
    finite = soft.filter(pl.col("low").is_finite())
    assert finite.height
    assert (finite["low"] < finite["value"]).all()
    assert (finite["value"] < finite["high"]).all()


@pytest.mark.parametrize("method", ["dawid_skene", "glad"])
def test_a_model_of_raters_has_a_value_and_a_change_but_no_interval(
    release: Release, long: pl.DataFrame, method: Method
) -> None:
    found = conclusions(long, release).filter(pl.col("method") == method)
    assert found.height
    assert found.select(pl.col("value", "change").is_finite().all()).row(0) == (True, True)
    assert found.select(pl.col("low", "high", "change_low", "change_high").is_nan().all()).row(0) == (True,) * 4
    assert set(found["reason"]) == {NO_INTERVAL}


def test_few_people_give_no_interval(release: Release, long: pl.DataFrame) -> None:
    found = conclusions(long, release, methods=["majority"]).filter(pl.col("subject") == "cupid")
    assert found.height
    assert all(math.isnan(value) for value in found["low"])
    assert set(found["reason"]) == {"fewer than 10 people"}


def test_one_rater_and_one_value_are_no_error(release: Release) -> None:
    alone = answers(*[(f"u{n}", "r1", "accepted") for n in range(4)])
    for method in METHODS:
        assert posteriors(alone, method).filter(pl.col("p") > 0.99)["value"].to_list() == ["accepted"] * 4
    assert reliability(alone)["accuracy"].to_list() == [pytest.approx(1.0)]


def test_nobody_judged_gives_no_rows(release: Release, long: pl.DataFrame) -> None:
    models = long.filter(pl.col("kind") == "model")
    assert conclusions(models, release).height == 0
    assert reliability(models).height == 0
