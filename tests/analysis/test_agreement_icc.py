from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pingouin
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.agreement import agreement_summary
from analysis.agreement_codes import Coded
from analysis.agreement_counts import group_figures
from analysis.agreement_icc import FIGURES
from tests.analysis.answers import FOUR_JUDGES, by_rater, long_of

PINGOUIN = {"ICC1": "icc1", "ICC2": "icc2", "ICC3": "icc3", "ICC1k": "icc1k", "ICC2k": "icc2k", "ICC3k": "icc3k"}
PINGOUIN |= {"ICC(1,1)": "icc1", "ICC(A,1)": "icc2", "ICC(C,1)": "icc3"}
PINGOUIN |= {"ICC(1,k)": "icc1k", "ICC(A,k)": "icc2k", "ICC(C,k)": "icc3k"}

complete = st.tuples(st.integers(2, 4), st.integers(3, 8)).flatmap(
    lambda size: st.lists(
        st.lists(st.integers(1, 5), min_size=size[0], max_size=size[0]), min_size=size[1], max_size=size[1]
    )
)


def iccs(answers: Mapping[str, Sequence[int | None]]) -> dict[str, float]:
    summary = agreement_summary(
        long_of({name: list(given) for name, given in answers.items()}, instrument="preference"), replicates=0
    )
    found = summary.filter((pl.col("group") == "raters") & pl.col("figure").is_in(FIGURES))
    return dict(found.select("figure", "value").iter_rows())


def test_icc_equals_the_table_of_shrout_and_fleiss() -> None:
    found = iccs(FOUR_JUDGES)
    assert {name: round(value, 2) for name, value in found.items()} == {
        "icc1": 0.17,
        "icc2": 0.29,
        "icc3": 0.71,
        "icc1k": 0.44,
        "icc2k": 0.62,
        "icc3k": 0.91,
    }


def test_icc_worked_example() -> None:
    # units (1, 2), (3, 4), (5, 6): one rater always one above. Unit means 1.5, 3.5, 5.5, grand mean 3.5.
    # between units 2 * (4 + 0 + 4) / 2 = 8; raters 3 * 2 * 0.25 = 1.5; rest 0; within (1.5 + 0) / 3 = 0.5
    # icc1 = (8 - 0.5) / (8 + 0.5) = 15/17; icc3 = 1; v_u = 4, v_r = 1.5 / 3 = 0.5: icc2 = 4 / 4.5 = 8/9
    found = iccs({"a": [1, 3, 5], "b": [2, 4, 6]})
    assert [found[name] for name in ("icc1", "icc2", "icc3")] == pytest.approx([15 / 17, 8 / 9, 1.0])


@given(complete)
@settings(max_examples=30)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_icc_equals_pingouin_where_nothing_is_missing(matrix: list[list[int]]) -> None:
    found = iccs(by_rater([list(row) for row in matrix]))
    if len({value for row in matrix for value in row}) < 2:
        assert all(math.isnan(value) for value in found.values())
        return
    rows = [(u, r, float(value)) for u, row in enumerate(matrix) for r, value in enumerate(row)]
    data = pd.DataFrame(rows, columns=["unit", "rater", "score"])
    with np.errstate(all="ignore"):
        theirs = pingouin.intraclass_corr(data, targets="unit", raters="rater", ratings="score")
    for kind, value in zip(theirs["Type"], theirs["ICC"], strict=True):
        mine = found[PINGOUIN[kind]]
        # a mean of answers whose variance comes out as nothing or less has no reliability: pingouin divides by it
        if not math.isnan(mine) and abs(value) < 1e3:
            assert mine == pytest.approx(value, abs=1e-6), kind


def test_icc_with_missing_cells_finds_the_variances_that_made_the_answers() -> None:
    # variances 1 (unit), 0.5 (rater), 0.25 (rest): icc1 = 1 / 1.75, icc2 the same, icc3 = 1 / 1.25; 2 to 4 of 60 raters
    rng = np.random.default_rng(3)
    units, raters, scale = rng.normal(0, 1, 1500), rng.normal(0, math.sqrt(0.5), 60), np.arange(-20, 21) / 4
    unit = np.repeat(np.arange(1500), 2 + np.arange(1500) % 3)
    rater = np.concatenate([rng.choice(60, size, replace=False) for size in 2 + np.arange(1500) % 3])
    answer = np.clip(np.round(4 * (units[unit] + raters[rater] + rng.normal(0, 0.5, len(unit)))), -20, 20) + 20
    order = np.lexsort((rater, unit))
    names, values = tuple(map(str, range(60))), tuple(map(str, scale))
    given = (unit[order], rater[order], answer[order], np.arange(1500), np.arange(1500), np.zeros(1500))
    codes = (codes.astype(np.int32) for codes in given)
    coded = Coded("c", "preference", names, ("human",) * 60, values, scale, 1500, *codes)
    figures = group_figures(coded, "raters")
    found = dict(zip(figures.names, figures.value, strict=True))
    assert found["icc1"] == pytest.approx(1 / 1.75, abs=0.05)
    assert found["icc2"] == pytest.approx(1 / 1.75, abs=0.07)
    assert found["icc3"] == pytest.approx(1 / 1.25, abs=0.04)


@pytest.mark.parametrize(
    ("answers", "undefined"),
    [
        ({"a": [3, 3], "b": [3, 3]}, set(FIGURES)),
        ({"a": [1, 2]}, set(FIGURES)),
        ({"a": [1], "b": [2]}, set(FIGURES)),
        ({"a": [1, None], "b": [2, None], "c": [None, 4], "d": [None, 5]}, {"icc2", "icc3", "icc2k", "icc3k"}),
    ],
    ids=["one value", "one rater", "one unit", "each rater alone with own units"],
)
def test_icc_that_cannot_be_seen_is_nan(answers: dict[str, list[int | None]], undefined: set[str]) -> None:
    assert {name for name, value in iccs(answers).items() if math.isnan(value)} == undefined
