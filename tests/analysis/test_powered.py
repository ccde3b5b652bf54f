from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import ppi_py
import pytest
from scipy import stats

from analysis.longform import long_form
from analysis.powered import ALL_MODELS, powered, powered_mean, thrift, unit_means
from analysis.release import Release, release_from_frames
from tests.analysis.frames import campaign, item, judgment, table, unit_of, vote
from tests.analysis.synthetic import synthetic_frames

NOTHING, NOBODY = np.array([]), {"person": np.array([], dtype=np.int64)}


@pytest.fixture(scope="module")
def release() -> Release:
    """The invented release, and 60 more units that each model but nobody else answered."""
    frames = synthetic_frames()
    rng = np.random.default_rng(4)
    votes = frames["model_votes"].to_dicts()
    relevance = frames["model_votes"].filter(pl.col("instrument") == "relevance")
    for run, model in relevance.select("run", "rater").unique().sort("run").rows():
        for n in range(20):
            for prompt in ("2", "3", "4"):
                unit = unit_of("relevance", f"attr-{n}", f"prompt-{prompt}")
                votes.append(vote(unit, model, "yes" if rng.random() < 0.6 else "no", run=run))
    return release_from_frames(frames | {"model_votes": table("model_votes", votes)})


@pytest.fixture(scope="module")
def long(release: Release) -> pl.DataFrame:
    return long_form(release)


def sample(n: int = 40, more: int = 200, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(3, 1, n + more)
    model = truth + rng.normal(0.4, 0.7, n + more)
    return truth[:n], model[:n], model[n:]


def each(n: int, first: int = 0) -> dict[str, np.ndarray]:
    """Every unit a person's own, from ``first`` on."""
    return {"person": np.arange(first, first + n)}


def test_worked_example_corrects_the_people_by_what_the_model_sees_elsewhere() -> None:
    # people 1, 3: mean 2. The model says 2, 4 there (mean 3) and 5, 5, 5, 5 elsewhere: 2 - 1 * (3 - 5) = 4.
    people, model, alone = np.array([1.0, 3.0]), np.array([2.0, 4.0]), np.full(4, 5.0)
    found = powered_mean(people, model, each(2), alone, each(4, 9000), weight=1.0)
    assert found.people.value == 2
    assert found.powered.value == 4
    # influence of people alone: (1 - 2) / 2 = -0.5 and 0.5; 2 clusters: sqrt(0.5 * 2) = 1, t(1) = 12.706
    assert found.people.estimate.se == pytest.approx(1.0)
    assert found.people.estimate.high == pytest.approx(2 + 12.7062, abs=1e-4)
    # with the model (2 - 3) / 2 is taken away again, and elsewhere it never varies: no error is left
    assert found.powered.estimate.se == pytest.approx(0.0)


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0, None])
def test_ppi_python_gives_the_same_estimate_weight_and_error(weight: float | None) -> None:
    people, model, alone = sample()
    found = powered_mean(people, model, each(40), alone, each(200, 9000), weight=weight)
    point = float(ppi_py.ppi_mean_pointestimate(people, model, alone, lam=weight)[0])
    low, high = (float(bound[0]) for bound in ppi_py.ppi_mean_ci(people, model, alone, alpha=0.05, lam=weight))
    assert found.powered.value == pytest.approx(point, abs=1e-12)
    error = found.powered.estimate.se * math.sqrt(39 / 40)  # of forty clusters that people judged
    assert error == pytest.approx((high - low) / 2 / stats.norm.ppf(0.975), rel=1e-9)


def test_a_good_model_narrows_and_a_useless_one_changes_nothing() -> None:
    people, model, alone = sample(n=60, more=2000)
    useful = powered_mean(people, model, each(60), alone, each(2000, 9000))
    assert 0 < useful.weight <= 1
    assert useful.powered.estimate.se < 0.8 * useful.people.estimate.se
    flat = powered_mean(people, np.full(60, 2.0), each(60), np.full(2000, 2.0), each(2000, 9000))
    assert flat.weight == 0
    assert flat.powered.estimate == flat.people.estimate


def test_a_wrong_model_does_not_move_the_estimate_away_from_people() -> None:
    people, model, alone = sample(n=400, more=4000)
    found = powered_mean(people, 10 - model, each(400), 10 - alone, each(4000, 9000))
    assert found.weight == 0  # it says the contrary; nothing negative is ever trusted
    right, shifted = (powered_mean(people, model + by, each(400), alone + by, each(4000, 9000)) for by in (0, 50))
    assert shifted.powered.value == pytest.approx(right.powered.value)


def test_clusters_that_move_together_widen_the_interval() -> None:
    rng = np.random.default_rng(2)
    persons = {"person": np.repeat(np.arange(20), 10)}
    people = np.repeat(rng.normal(0, 1, 20), 10) + rng.normal(0, 0.1, 200)
    together = powered_mean(people, people, persons, NOTHING, NOBODY).people.estimate.se
    apart = powered_mean(people, people, each(200), NOTHING, NOBODY).people.estimate.se
    assert together > 2.5 * apart  # sqrt(10) but for the noise


def test_a_difference_over_the_same_clusters_drops_what_they_share() -> None:
    rng = np.random.default_rng(3)
    person = rng.normal(0, 2, 30)
    a, b = person + 1 + rng.normal(0, 0.1, 30), person + rng.normal(0, 0.1, 30)
    one, two = (powered_mean(x, x, each(30), NOTHING, NOBODY).people for x in (a, b))
    gap = one - two
    assert gap.value == pytest.approx(float((a - b).mean()))
    assert gap.estimate.se == pytest.approx(stats.sem(a - b), rel=1e-9)  # the paired t test's
    other = replace(two, clusters=each(30, 30))
    assert (one - other).estimate.se > 10 * gap.estimate.se


def test_nobody_judged_is_refused_and_one_cluster_has_no_interval() -> None:
    with pytest.raises(ValueError, match="of 0 units"):
        powered_mean(NOTHING, NOTHING, NOBODY, NOTHING, NOBODY)
    answers, one = np.array([1.0, 2.0]), {"person": np.zeros(2, dtype=np.int64)}
    alone = powered_mean(answers, answers, one, NOTHING, NOBODY)
    assert math.isnan(alone.people.estimate.low)


def test_table_counts_what_only_models_judged(release: Release, long: pl.DataFrame) -> None:
    by_all = powered(long, release).filter(pl.col("campaign") == "relevance", pl.col("judge") == ALL_MODELS)
    found = by_all.row(0, named=True)
    assert (found["figure"], found["subject"], found["alone"]) == ("relevant", "", 60)
    people = unit_means(long, release).filter(pl.col("campaign") == "relevance")
    assert found["judged"] <= people.height
    assert found["low"] <= found["value"] <= found["high"]
    assert 0 <= found["weight"] <= 1


def test_preference_has_means_by_generator_and_their_difference(release: Release, long: pl.DataFrame) -> None:
    found = powered(long, release)
    rows = {row["subject"]: row for row in found.filter(pl.col("campaign") == "preference").iter_rows(named=True)}
    one, two = "claude-sonnet-4-6", "gpt-5.4"
    assert rows[f"{one} - {two}"]["value"] == pytest.approx(rows[one]["value"] - rows[two]["value"])
    assert rows[f"{one} - {two}"]["judged"] == rows[one]["judged"] + rows[two]["judged"]


@pytest.fixture(scope="module")
def crowd() -> Release:
    """40 people with 8 attributes each, one prompt: two raters and a model that mostly says what they say."""
    rng = np.random.default_rng(8)
    rows: dict[str, list[dict[str, object]]] = {
        "people": [{"person": f"p{n}", "corpus": "c", "corpus_kind": "human"} for n in range(40)],
        "attributes": [{"attribute": f"p{n}-{m}", "person": f"p{n}", "run": "x"} for n in range(40) for m in range(8)],
        "runs": [
            {"run": "x", "stage": "extract"},
            {"run": "s", "stage": "select", "backend": "recorded", "model": "m"},
        ],
        "campaigns": [campaign("c", "relevance")],
        "judgments": [],
        "model_votes": [],
    }
    units = [unit_of("relevance", str(row["attribute"]), "prompt") for row in rows["attributes"]]
    for unit in units:
        yes = rng.random() < 0.4
        says = ["yes" if yes == (rng.random() < sure) else "no" for sure in (0.9, 0.9, 0.85)]
        rows["judgments"] += [judgment("c", unit, f"r{n}", says[n]) for n in range(2)]
        rows["model_votes"].append(vote(unit, "m", says[2], run="s"))
    rows["items"] = [item("c", units)]
    return release_from_frames({name: table(name, found) for name, found in rows.items()})


def test_thrift_is_seeded_and_shows_what_a_good_model_saves(crowd: Release) -> None:
    long = long_form(crowd)
    found = thrift(long, crowd, shares=(0.2, 0.6), draws=10)
    assert found.equals(thrift(long, crowd, shares=(0.2, 0.6), draws=10))
    few, many = found.sort("share").iter_rows(named=True)
    assert (few["judged"], many["judged"]) == (64, 192)
    assert few["half_width_people"] > many["half_width_people"]
    assert few["half_width"] < few["half_width_people"]
    assert few["worth"] == pytest.approx((few["half_width_people"] / few["half_width"]) ** 2)
    assert few["worth"] > 1.2


def test_no_people_or_no_models_give_no_rows(release: Release, long: pl.DataFrame) -> None:
    nobody = long.filter(pl.col("kind") == "model")
    assert powered(nobody, release).height == 0
    assert thrift(nobody, release).height == 0
    silent = release_from_frames({n: f.collect() for n, f in release.tables.items() if n != "model_votes"})
    assert powered(long_form(silent), silent).height == 0
