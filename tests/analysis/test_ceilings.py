from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

from analysis.ceilings import MEAN, ceilings
from tests.analysis.answers import crowd, long_of


def values(frame: pl.DataFrame, rater: str) -> dict[str, float]:
    return dict(frame.filter(pl.col("rater") == rater).select("figure", "value").iter_rows())


def test_ceiling_worked_example() -> None:
    # others of a: (b, c) = yy, nn, yn, nn: majority y, n, none, n; a says y, n, y, y: 2 of 3 agree.
    # kappa: a has y 2 n 1, others y 1 n 2: chance 2*1 + 1*2 = 4 of 9; (3*2 - 4) / (9 - 4) = 2/5
    # f1 of yes: both 1, a 2, others 1: 2 * 1 / 3. m against b, c: y, n, n: 2 of 3 (and against a with b, a with c too)
    answers = {"a": ["yes", "no", "yes", "yes"], "b": ["yes", "no", "yes", "no"], "c": ["yes", "no", "no", "no"]}
    found = values(ceilings(long_of(answers)), "a")
    assert found == pytest.approx({"agreement": 2 / 3, "kappa": 2 / 5, "f1": 2 / 3})


def _references(long: pl.DataFrame) -> dict[tuple[str, str], list[str]]:
    """(unit, person left out) -> what the others said, plainly."""
    said: dict[str, dict[str, str]] = {}
    for unit, rater, value in long.filter(pl.col("kind") == "human").select("unit", "rater", "value").iter_rows():
        said.setdefault(unit, {})[rater] = value
    return {
        (unit, out): [value for rater, value in given.items() if rater != out]
        for unit, given in said.items()
        for out in given
    }


def _held(long: pl.DataFrame, rater: str, numbers: bool) -> tuple[list[Any], list[Any]]:
    own = dict(long.filter(pl.col("rater") == rater).select("unit", "value").iter_rows())
    mine, theirs = [], []
    for (unit, out), others in _references(long).items():
        if unit not in own or (out != rater and rater.startswith("r")):
            continue
        if numbers:
            reference: Any = sum(map(float, others)) / len(others)
        else:
            reference = next((value for value in set(others) if 2 * others.count(value) > len(others)), None)
        if reference is not None:
            mine.append(float(own[unit]) if numbers else own[unit])
            theirs.append(reference)
    return mine, theirs


@pytest.mark.parametrize("rater", ["r01", "m0"])
def test_ceilings_equal_scikit_learn_and_scipy_on_plain_loops(rater: str) -> None:
    long = crowd(units=120, raters=6, k=3, models=1, instrument="relevance")
    mine, theirs = _held(long, rater, numbers=False)
    found = values(ceilings(long, replicates=0), rater)
    assert found["agreement"] == pytest.approx(accuracy_score(theirs, mine))
    assert found["kappa"] == pytest.approx(cohen_kappa_score(theirs, mine))
    assert found["f1"] == pytest.approx(f1_score(theirs, mine, pos_label="yes"))
    scored = crowd(units=120, raters=6, k=4, models=1)
    wanted = spearmanr(*_held(scored, rater, numbers=True)).statistic
    assert values(ceilings(scored, replicates=0), rater)["spearman"] == pytest.approx(wanted)


def test_a_model_that_errs_as_people_do_stands_at_the_ceiling() -> None:
    # held against the majority of all three it would stand below it: theirs is of the units where two others agree
    frame = ceilings(crowd(units=3000, raters=10, k=3, models=1, instrument="relevance"), replicates=0)
    assert values(frame, "m0")["agreement"] == pytest.approx(values(frame, MEAN)["agreement"], abs=0.02)


def test_ceilings_have_the_peoples_mean_first_and_their_intervals() -> None:
    frame = ceilings(crowd(units=60, raters=4, k=3, models=1, instrument="attribute_quality"))
    assert frame["rater"].unique(maintain_order=True).to_list() == [MEAN, "r00", "r01", "r02", "r03", "m0"]
    people = frame.filter(pl.col("rater").str.starts_with("r") & (pl.col("figure") == "kappa"))
    mean = frame.filter((pl.col("rater") == MEAN) & (pl.col("figure") == "kappa")).row(0, named=True)
    assert mean["value"] == pytest.approx(people["value"].mean())
    assert mean["n"] == people["n"].sum()
    assert frame.select((pl.col("low") <= pl.col("value")) & (pl.col("value") <= pl.col("high"))).to_series().all()
    assert mean["high"] - mean["low"] < (people["high"] - people["low"]).min()


@pytest.mark.parametrize("answers", [{"a": ["yes", "no"]}, {"a": ["yes", None], "b": [None, "no"]}])
def test_one_person_a_unit_has_no_ceiling(answers: dict[str, list[Any]]) -> None:
    assert ceilings(long_of(answers)).height == 0


def test_a_ceiling_without_variation_is_undefined() -> None:
    found = values(ceilings(long_of({"a": ["no", "no"], "b": ["no", "no"]})), MEAN)
    assert found["agreement"] == 1.0
    assert math.isnan(found["kappa"])
    assert math.isnan(found["f1"])
    assert ceilings(long_of({"m": ["no"]}, {"m": "model"})).height == 0


def test_a_rater_of_few_people_has_a_ceiling_without_interval() -> None:
    long = crowd(units=60, raters=4, k=3, instrument="relevance")
    for people, known in ((12, True), (9, False)):
        owned = long.with_columns(person=pl.format("p{}", pl.col("unit").str.slice(1).cast(pl.Int64) % people))
        row = ceilings(owned).row(0, named=True)
        assert math.isfinite(row["value"])
        assert (math.isfinite(row["low"]), math.isfinite(row["high"])) == (known, known)
