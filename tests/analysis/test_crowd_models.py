from __future__ import annotations

import math
import warnings
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from crowdkit.aggregation import GLAD, DawidSkene

from analysis import crowd_models
from analysis.crowd_models import coded, dawid_skene, glad


def answers_of(*given: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(given, schema=["unit", "rater", "value"], orient="row")


def some_crowd(values: str, seed: int, units: int = 50) -> pl.DataFrame:
    """Three of six raters on each unit; the last two toss a coin."""
    random = Random(seed)
    given = []
    for n in range(units):
        truth = random.choice(values)
        for rater in random.sample(range(6), 3):
            follows = rater < 4 and random.random() < 0.8
            given.append((f"u{n:02}", f"r{rater}", truth if follows else random.choice(values)))
    return answers_of(*given)


def by_crowd_kit(model: Any, answers: pl.DataFrame) -> Any:
    """crowd-kit sums in the order of the rows."""
    ordered = answers.sort("unit", "rater")
    tasks = pd.DataFrame(dict(zip(("task", "worker", "label"), ordered.to_dict(as_series=False).values(), strict=True)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its words to pandas
        return model.fit(tasks)


@pytest.mark.parametrize("values", ["ny", "abc", "12345"])
def test_dawid_skene_is_that_of_crowd_kit(values: str) -> None:
    answers = some_crowd(values, len(values))
    theirs = by_crowd_kit(DawidSkene(n_iter=100), answers)
    ours, found = dawid_skene(coded(answers)), coded(answers)
    assert ours.steps == len(theirs.loss_history_)
    expected = theirs.probas_.loc[found.units.to_list(), found.values.to_list()].to_numpy()
    assert ours.probabilities == pytest.approx(expected, abs=1e-8)
    assert ours.shares == pytest.approx(theirs.priors_[found.values.to_list()].to_numpy(), abs=1e-8)
    for rater, value in theirs.errors_.index:
        at = ours.errors[found.raters.index_of(rater), found.values.index_of(value)]
        assert at == pytest.approx(theirs.errors_.loc[(rater, value)][found.values.to_list()].to_numpy(), abs=1e-8)


@pytest.mark.parametrize(("values", "steps"), [("ny", 100), ("abc", 3)])
def test_glad_is_that_of_crowd_kit(values: str, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # not further: after some twenty steps of loose ascents the order of a sum decides where the next one goes
    monkeypatch.setattr(crowd_models, "STEPS", steps)
    answers = some_crowd(values, 0, units=15)
    found = coded(answers)
    theirs = by_crowd_kit(GLAD(n_iter=steps), answers)
    assert len(theirs.loss_history_) < 10
    expected = theirs.probas_.loc[found.units.to_list(), found.values.to_list()]
    assert glad(found) == pytest.approx(expected.to_numpy(), abs=1e-6)


def test_first_step_of_dawid_skene_worked_example(monkeypatch: pytest.MonkeyPatch) -> None:
    # Shares of no: a 0, b and c 1/2. So either rater says yes to a true no in 1/2 of cases (an answer of 1/2 each way),
    # to a true yes in 1.5/2 = 3/4; no is true of 1/3.
    # a: no 1/3 * 1/2 * 1/2 = 2/24, yes 2/3 * 3/4 * 3/4 = 9/24 ... of b and c: no 2/24, yes 2/3 * 3/4 * 1/4 = 3/24
    monkeypatch.setattr(crowd_models, "STEPS", 1)
    given = [
        ("a", "r", "yes"),
        ("a", "s", "yes"),
        ("b", "r", "yes"),
        ("b", "s", "no"),
        ("c", "r", "no"),
        ("c", "s", "yes"),
    ]
    found = dawid_skene(coded(answers_of(*given)))
    assert found.probabilities[:, 0] == pytest.approx([2 / 11, 2 / 5, 2 / 5])


def test_first_step_of_glad_worked_example(monkeypatch: pytest.MonkeyPatch) -> None:
    # everybody able, every unit easy to 1: an answer is right with chance p = 1 / (1 + exp(-e)), of two likely values
    monkeypatch.setattr(crowd_models, "STEPS", 1)
    right = 1 / (1 + math.exp(-math.e))
    found = glad(coded(answers_of(("a", "r", "yes"), ("a", "s", "yes"), ("b", "r", "no"))))
    twice = right**2 / (right**2 + (1 - right) ** 2)
    assert found == pytest.approx(np.array([[1 - twice, twice], [right, 1 - right]]))


def test_one_value_is_certain() -> None:
    found = coded(answers_of(("a", "r", "yes"), ("b", "r", "yes")))
    assert dawid_skene(found).probabilities.tolist() == glad(found).tolist() == [[1.0], [1.0]]


def test_order_of_the_rows_changes_no_bit() -> None:
    answers = some_crowd("abc", 1)
    shuffled = answers.sample(fraction=1, shuffle=True, seed=2)
    assert (glad(coded(answers)) == glad(coded(shuffled))).all()
    assert (dawid_skene(coded(answers)).probabilities == dawid_skene(coded(shuffled)).probabilities).all()
