from __future__ import annotations

import math
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analysis.agreement import agreement
from analysis.agreement_codes import row_codes
from analysis.agreement_counts import group_figures, mixed_figures
from analysis.agreement_resampled import strata_of
from analysis.agreement_sets import rater_tally, sets_of
from analysis.agreement_tallies import count_figures
from tests.analysis.answers import by_rater, coded_of, crowd, matrices


def weights(*given: float) -> np.ndarray:
    return np.array(given, dtype=np.float32)[:, None]


@given(matrices)
@settings(max_examples=50)
def test_everybody_drawn_once_gives_the_figures_themselves(matrix: list[list[int | None]]) -> None:
    if not any(value for row in matrix for value in row):
        return
    coded = coded_of(by_rater(matrix))
    figures = group_figures(coded, "raters")
    once = figures.over_raters(np.ones((len(coded.raters), 1), dtype=np.float32))[0]
    assert once == pytest.approx(figures.value, abs=1e-9, rel=1e-9, nan_ok=True)


@given(matrices, st.data())
@settings(max_examples=50)
def test_weighted_tally_equals_plain_loops_over_couples(matrix: list[list[int | None]], data: st.DataObject) -> None:
    drawn = data.draw(st.lists(st.integers(0, 3), min_size=len(matrix[0]), max_size=len(matrix[0])))
    coded = coded_of(by_rater(matrix))
    if not len(coded.unit):
        return
    own = {int(name[1:]): place for place, name in enumerate(coded.raters)}
    found = rater_tally(sets_of(coded), weights(*(drawn[column] for column in own)))
    pairable, agreed, units, ones = 0.0, 0.0, 0.0, 0.0
    for row in matrix:
        given = [(drawn[column], value) for column, value in enumerate(row) if value is not None]
        units += sum(m for m, _ in given) / max(1, len(given))
        ones += sum(m for m, value in given if value == 1) / max(1, len(given))
        for (m, one), (w, other) in permutations(given, 2):
            pairable += m * w / (len(given) * (len(given) - 1))
            agreed += m * w * (one == other) / (len(given) * (len(given) - 1))
    assert [found.units[0], found.pairable[0]] == pytest.approx([units, pairable])
    assert [np.trace(found.agreed[0]), found.shares[0, 0]] == pytest.approx([agreed, ones])


def test_a_rater_drawn_twice_counts_twice_and_is_not_compared_with_himself() -> None:
    # one unit, a and b say yes, c no. a drawn twice, b once, c once: n 4, ordered pairs 16 - (4 + 1 + 1) = 10,
    # agreeing a-b: 2 * 2 * 1 = 4 of them (a with himself would make it 6 of 12)
    coded = coded_of({"a": ["yes"], "b": ["yes"], "c": ["no"]}, "relevance")
    tally = rater_tally(sets_of(coded), weights(2, 1, 1))
    assert count_figures(tally, coded.scores, ("nominal",))["percent"][0] == pytest.approx(4 / 10)
    # a alone, thrice: nobody to be compared with
    alone = count_figures(rater_tally(sets_of(coded), weights(3, 0, 0)), coded.scores, ("nominal",))
    assert math.isnan(alone["percent"][0])


def test_people_with_models_worked_example() -> None:
    # unit 1: a yes, b no with m yes: 1/2; unit 2: a yes, m no: 0; unit 3 has no model. Mean (1/2 + 0) / 2 = 1/4
    answers: dict[str, list[Any]] = {"a": ["yes", "yes", "yes"], "b": ["no", None, "no"], "m": ["yes", "no", None]}
    coded = coded_of(answers, "relevance", kinds={"m": "model"})
    figures = mixed_figures(coded)
    assert (figures.n_units, figures.value[0]) == (2, 0.25)
    # a drawn twice, b not. Unit 1: a-m is half of its couples, times 2, and agrees; unit 2: all of them, times 2: 1 / 3
    assert figures.over_raters(weights(2, 0, 1))[0, 0] == pytest.approx(1 / 3)
    assert strata_of(coded).tolist() == [0, 0, 1]


def test_sets_put_units_of_the_same_raters_together() -> None:
    sets = sets_of(coded_of({"a": [1, 2, None], "b": [1, 3, 4], "c": [None, None, 4]}))
    assert sorted(sets.sizes) == [1, 2]
    assert sets.couples.sum() == 3


def test_row_codes_are_exact_beyond_what_one_number_holds() -> None:
    table = np.random.default_rng(1).integers(0, 2**20, (400, 8))
    table[200:] = table[:200]
    first, number = row_codes(list(table.T))
    assert len(first) == 200
    assert np.array_equal(table[first][number], table)


@pytest.mark.parametrize("instrument", ["relevance", "preference"])
def test_replicates_do_not_depend_on_how_many_are_made_at_once(
    instrument: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = crowd(units=20, raters=6, k=3, models=2, instrument=instrument)
    whole = agreement(long, replicates=60)
    monkeypatch.setattr("analysis.bootstrap.CELLS", 500)
    small = agreement(long, replicates=60)
    for one, other in zip(whole, small, strict=True):
        assert_frame_equal(one, other, abs_tol=1e-12)
