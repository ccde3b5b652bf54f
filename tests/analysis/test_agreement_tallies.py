from __future__ import annotations

import math
from random import Random

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_fleiss

from analysis.agreement_tallies import count_figures, unit_tallies, weighted_tally
from analysis.schema import Level
from tests.analysis.answers import PUBLISHED, TWO_RATERS, by_rater, coded_of, matrices

LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval")


def figures_of(counts: np.ndarray, scores: list[float]) -> dict[str, float]:
    tally = weighted_tally(unit_tallies(counts.astype(np.float64)), np.ones((len(counts), 1)))
    return {name: float(value[0]) for name, value in count_figures(tally, scores, LEVELS).items()}


def figures(answers: dict[str, list[int | None]], values: int = 5) -> dict[str, float]:
    coded = coded_of(answers)
    assert coded.values[:values] == tuple("12345"[:values])
    return figures_of(coded.counts()[:, :values], list(coded.scores[:values]))


def test_figures_worked_example_with_unequal_numbers() -> None:
    # units yy, yyn, nn (y = second value). Shares of agreeing pairs 1, 1/3, 1: percent = 7/9.
    # mean share of y: (1 + 2/3 + 0) / 3 = 5/9. Fleiss: p_e = (25 + 16) / 81 = 41/81, (63 - 41) / (81 - 41) = 22/40
    # AC1: p_e = 2 * 5/9 * 4/9 = 40/81, (63 - 40) / 41 = 23/41
    # alpha: coincidences of 7 answers: yn + ny = 2 * (2 / 2) = 2; y 4, n 3: 1 - (7 - 1) * 2 / (2 * 4 * 3) = 1/2
    found = figures_of(np.array([[0, 2], [1, 2], [2, 0]]), [0, 1])
    assert found["percent"] == pytest.approx(7 / 9)
    assert found["fleiss"] == pytest.approx(22 / 40)
    assert found["ac1"] == found["ac2_linear"] == found["ac2_quadratic"] == pytest.approx(23 / 41)
    assert found["alpha_nominal"] == found["alpha_interval"] == pytest.approx(1 / 2)


def test_figures_equal_gwets_table_of_four_raters() -> None:
    # Gwet (2014), pp. 55-56, with missing answers: p_a 0.8182; unit 12 has one answer and counts for p_e alone
    found = figures(PUBLISHED)
    wanted = {"percent": 0.81818, "fleiss": 0.76117, "ac1": 0.77544, "alpha_nominal": 0.74342}
    assert {name: round(found[name], 5) for name in wanted} == wanted


def test_figures_equal_gwets_weighted_table_of_two_raters() -> None:
    # Gwet (2014), example 3.2, table 3.5, quadratic weights: p_a 0.9375, AC2 0.826, alpha 0.758
    found = figures(TWO_RATERS, values=3)
    assert round(found["ac2_quadratic"], 4) == 0.8261
    assert round(found["alpha_interval"], 4) == 0.7581


def test_ac1_equals_gwets_table_of_two_abstractors() -> None:
    # 13 0 0 / 0 20 7 / 0 4 56 (Gwet 2014, ch. 2): AC1 0.8493, alpha 0.7973
    table = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
    rows = [np.eye(3)[a] + np.eye(3)[b] for a in range(3) for b in range(3) for _ in range(table[a][b])]
    found = figures_of(np.array(rows), [0, 1, 2])
    assert [round(found[name], 7) for name in ("ac1", "alpha_nominal")] == [0.8493305, 0.7972585]


@given(st.integers(2, 6).flatmap(lambda n: st.lists(st.lists(st.integers(0, 2), min_size=n, max_size=n), min_size=1)))
def test_fleiss_equals_statsmodels_where_numbers_are_equal(answers: list[list[int]]) -> None:
    counts = np.array([np.bincount(row, minlength=3) for row in answers])
    if (counts.sum(axis=0) > 0).sum() == 1:
        assert math.isnan(figures_of(counts, [0, 1, 2])["fleiss"])
        return
    assert figures_of(counts, [0, 1, 2])["fleiss"] == pytest.approx(statsmodels_fleiss(counts), abs=1e-12)


@given(matrices)
def test_alphas_equal_the_package_krippendorff(matrix: list[list[int | None]]) -> None:
    answers = by_rater(matrix)
    paired = [value for row in matrix for value in row if value and sum(v is not None for v in row) > 1]
    if not any(value for row in matrix for value in row):
        return
    found = figures(answers)
    if len(set(paired)) < 2:
        assert all(math.isnan(found[f"alpha_{level}"]) for level in LEVELS)
        return
    data = np.array([[math.nan if v is None else v for v in row] for row in answers.values()], dtype=float)
    for level in LEVELS:
        theirs = krippendorff.alpha(data, level_of_measurement=level)
        assert found[f"alpha_{level}"] == pytest.approx(theirs, abs=1e-9)


@given(matrices, st.randoms())
def test_figures_do_not_depend_on_the_order_of_raters_and_units_and_keep_their_bounds(
    matrix: list[list[int | None]], random: Random
) -> None:
    if not any(value for row in matrix for value in row):
        return
    found = figures(by_rater(matrix))
    shuffled = [list(row) for row in matrix]
    random.shuffle(shuffled)
    order = list(range(len(matrix[0])))
    random.shuffle(order)
    again = figures(by_rater([[row[place] for place in order] for row in shuffled]))
    assert list(again.values()) == pytest.approx(list(found.values()), abs=1e-12, nan_ok=True)
    assert all(math.isnan(value) or value <= 1 + 1e-12 for value in found.values())
    assert math.isnan(found["percent"]) or found["percent"] >= 0


@given(matrices, st.permutations([1, 2, 3, 4, 5]))
def test_nominal_figures_do_not_depend_on_the_names_of_values(matrix: list[list[int | None]], names: list[int]) -> None:
    if not any(value for row in matrix for value in row):
        return
    renamed = [[value and names[value - 1] for value in row] for row in matrix]
    one, other = figures(by_rater(matrix)), figures(by_rater(renamed))
    for name in ("percent", "fleiss", "alpha_nominal", "ac1"):
        assert one[name] == pytest.approx(other[name], abs=1e-12, nan_ok=True)


def test_one_value_throughout_is_undefined_but_for_gwet() -> None:
    found = figures({"a": [3, 3, 3], "b": [3, 3, 3]})
    assert found["percent"] == found["ac1"] == found["ac2_linear"] == 1.0
    assert all(math.isnan(found[name]) for name in ("fleiss", "alpha_nominal", "alpha_ordinal", "alpha_interval"))


@pytest.mark.parametrize("answers", [{"a": [1, 2, 3]}, {"a": [1, None], "b": [None, 2]}], ids=["one rater", "apart"])
def test_answers_that_meet_nowhere_say_nothing(answers: dict[str, list[int | None]]) -> None:
    assert all(math.isnan(value) for value in figures(answers).values())
