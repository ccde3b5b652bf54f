from __future__ import annotations

import math
from random import Random

import numpy as np
import polars as pl
import pytest

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


def test_places_of_a_rater_who_never_gave_a_value_are_filled() -> None:
    given = answers_of(("a", "r", "yes"), ("a", "s", "no"), ("b", "r", "yes"), ("b", "t", "yes"))
    found = coded(given)
    fitted = dawid_skene(found)
    assert fitted.errors.shape == (3, 2, 2)
    assert fitted.errors[found.raters.index_of("r"), found.values.index_of("no")] == pytest.approx([0, 0], abs=1e-6)
    assert fitted.errors.sum(axis=1) == pytest.approx(np.ones((3, 2)))
    assert fitted.probabilities.sum(axis=1) == pytest.approx([1, 1])


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
