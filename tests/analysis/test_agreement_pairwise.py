from __future__ import annotations

import math
import warnings

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from analysis.agreement import agreement_pairs
from analysis.agreement_pairwise import distances, kappas, pair_figures, pairs_of, percents, settled_figures, spearmans
from tests.analysis.answers import coded_of, crowd, long_of

scores = st.integers(1, 5)
couples = st.lists(st.tuples(scores, scores), min_size=1, max_size=30)


def table(*rows: list[float]) -> np.ndarray:
    """One pair's table as one replicate."""
    return np.array(rows, dtype=np.float64)[None, :, :, None]


def test_weighted_kappas_worked_example() -> None:
    # a: 1 2 3 3, b: 1 3 3 2. Counts of a: 1 1 2, of b: 1 1 2, n = 4.
    # linear: seen |1-1| + |2-3| + 0 + |3-2| = 2; chance sum a_k b_l |k - l| = (1*1 + 1*4) + (1 + 2) + (4 + 2) = 14
    # kappa = 1 - 4 * 2 / 14 = 3/7; quadratic: seen 2, chance (1 + 2*4) + (1 + 2) + (8 + 2) = 22, 1 - 8/22 = 7/11
    answers = table([1, 0, 0], [0, 0, 1], [0, 1, 1])
    assert kappas(answers, distances([1, 2, 3], 1))[0, 0] == pytest.approx(3 / 7)
    assert kappas(answers, distances([1, 2, 3], 2))[0, 0] == pytest.approx(7 / 11)


def test_spearman_worked_example_with_ties() -> None:
    # a: 1 1 2 3 has ranks 1.5 1.5 3 4, b: 1 2 2 3 has 1 2.5 2.5 4. Less 2.5: (-1, -1, .5, 1.5), (-1.5, 0, 0, 1.5)
    # products 1.5 + 0 + 0 + 2.25 = 3.75; squares 4.5 and 4.5; rho = 3.75 / 4.5 = 5/6
    assert spearmans(table([1, 1, 0], [0, 1, 0], [0, 0, 1]))[0, 0] == pytest.approx(5 / 6)


def test_pairs_are_undefined_where_there_is_no_variation_or_no_unit() -> None:
    for counts in (table([3, 0], [0, 0]), table([0, 0], [0, 0])):
        assert math.isnan(kappas(counts, distances([0, 1], 0))[0, 0])
        assert math.isnan(spearmans(counts)[0, 0])
    assert math.isnan(percents(table([0, 0], [0, 0]))[0, 0])
    assert kappas(table([2, 1], [0, 0]), distances([0, 1], 0))[0, 0] == 0.0


@given(couples)
@settings(max_examples=40)
def test_pair_figures_equal_scikit_learn_and_scipy(answers: list[tuple[int, int]]) -> None:
    a, b = [x for x, _ in answers], [y for _, y in answers]
    row = agreement_pairs(long_of({"a": a, "b": b}, instrument="preference"), replicates=0).row(0, named=True)
    if len({*a, *b}) > 1:
        for name, weights in (("kappa", None), ("kappa_linear", "linear"), ("kappa_quadratic", "quadratic")):
            theirs = cohen_kappa_score(a, b, labels=[1, 2, 3, 4, 5], weights=weights)
            assert row[name] == pytest.approx(theirs, abs=1e-12)
    else:
        assert math.isnan(row["kappa"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert row["spearman"] == pytest.approx(spearmanr(a, b).statistic, abs=1e-12, nan_ok=True)


@given(couples)
@settings(max_examples=40)
def test_pair_figures_are_within_their_bounds_and_equal_both_ways(answers: list[tuple[int, int]]) -> None:
    a, b = [x for x, _ in answers], [y for _, y in answers]
    names = ["agreement", "kappa", "kappa_linear", "kappa_quadratic", "spearman", "low", "high"]
    one, other = (
        agreement_pairs(long_of({"a": x, "b": y}, instrument="preference"), replicates=40).select(names).row(0)
        for x, y in ((a, b), (b, a))
    )
    assert one == pytest.approx(other, nan_ok=True)
    assert all(math.isnan(value) or value <= 1 + 1e-12 for value in one)
    assert math.isnan(one[4]) or one[4] >= -1


def test_weighted_kappa_counts_a_models_half_points_by_their_distance() -> None:
    # scikit-learn weighs by place in the list of labels; 2.5 stands halfway between 2 and 3 only by its score
    answers = {"a": [2, 3, 2.5, 4], "m": [2, 2.5, 3, 4]}
    wanted = cohen_kappa_score([4, 6, 5, 8], [4, 5, 6, 8], labels=list(range(2, 11)), weights="linear")
    found = agreement_pairs(long_of(answers, instrument="preference"), replicates=0)
    assert found["kappa_linear"][0] == pytest.approx(wanted)


def test_relevance_has_no_order_to_weigh() -> None:
    row = agreement_pairs(long_of({"a": ["yes", "no"], "b": ["no", "no"]}), replicates=0).row(0, named=True)
    assert all(math.isnan(row[name]) for name in ("kappa_linear", "kappa_quadratic", "spearman"))


def test_kappa_interval_is_of_replicates_by_scikit_learn() -> None:
    long = crowd(units=40, raters=2, k=2)
    row = agreement_pairs(long).row(0, named=True)
    wide = long.pivot(on="rater", index="unit", values="score").sort("unit")
    a, b = wide["r00"].to_numpy(), wide["r01"].to_numpy()
    rng = np.random.default_rng(5)
    draws = [rng.integers(0, 40, 40) for _ in range(400)]
    theirs = np.quantile([cohen_kappa_score(a[drawn], b[drawn]) for drawn in draws], [0.025, 0.975])
    assert [row["low"], row["high"]] == pytest.approx(theirs, abs=0.06)


def test_pairs_in_blocks_are_the_pairs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    long = crowd(units=30, raters=6, k=3, models=2)
    whole = agreement_pairs(long, replicates=50)
    monkeypatch.setattr("analysis.agreement_resampled.BLOCK", 5)
    assert agreement_pairs(long, replicates=50).equals(whole)


def test_pairs_of_nobody_are_none() -> None:
    assert len(pairs_of(coded_of({"a": [1, None], "b": [None, 2]}))) == 0
    nobody = agreement_pairs(long_of({"a": [1, None], "b": [None, 2]}, instrument="preference"))
    assert nobody.height == 0
    assert agreement_pairs(pl.DataFrame(schema=long_of({}).schema)).height == 0


def margins(*rows: list[float]) -> np.ndarray:
    return np.array(rows, dtype=np.float64)[:, :, None]


def test_settled_figures_worked_example() -> None:
    # two units in common: yy, ny. All answers of a: y 2 n 2, of b: y 1 n 1: chance d_e = (2*1 + 2*1) / (4*2) = 1/2,
    # seen d_o = 1/2, kappa 1 - (1/2) / (1/2) = 0
    found = settled_figures(table([0, 1], [0, 1]), margins([2, 2]), margins([1, 1]), np.array([0.0, 1.0]), False)
    assert found[0, 0, 0] == 0
    # ordered, 1 2 3: a gave 1 3 in common where b gave 1 3, and every value once at all, as did b. Ranks -1 0 1, their
    # spread 2/3; mean product (1 + 1) / 2 = 1, too small by (9 - 3 - 3 + 2) / 9 = 5/9, as the spreads are by 2/3:
    # rho = (1 / (5/9)) / (2/3 / (2/3)) = 1.8: two units at the ends say more than full agreement
    common, all_ = table([1, 0, 0], [0, 0, 0], [0, 0, 1]), margins([1, 1, 1])
    found = settled_figures(common, all_, all_, np.array([1.0, 2.0, 3.0]), True)[:, 0, 0]
    assert found.tolist() == pytest.approx([1, 1, 1, 1.8])


@given(couples)
@settings(max_examples=30)
def test_settled_figures_are_the_plain_ones_where_all_units_are_common(answers: list[tuple[int, int]]) -> None:
    scores = np.arange(1.0, 6.0)
    counts = np.zeros((1, 5, 5, 1))
    for one, other in answers:
        counts[0, one - 1, other - 1, 0] += 1
    settled = settled_figures(counts, counts.sum(axis=2), counts.sum(axis=1), scores, True)
    assert settled == pytest.approx(pair_figures(counts, scores, True)[1:], abs=1e-9, nan_ok=True)


def test_settled_figures_of_few_units_are_right_on_average_and_plain_ones_too_low() -> None:
    # every two of 30 raters share four units; each answers the unit's own place, or (one time in two) any of three
    rng = np.random.default_rng(8)
    counts = np.zeros((435, 3, 3, 1))
    for pair in range(435):
        place = rng.integers(3, size=4)
        a, b = (np.where(rng.random(4) < 0.5, rng.integers(3, size=4), place) for _ in range(2))
        np.add.at(counts[pair, :, :, 0], (a, b), 1)
    evenly = np.full((435, 3, 1), 40.0)
    settled = settled_figures(counts, evenly, evenly, np.arange(3.0), True)
    plain = pair_figures(counts, np.arange(3.0), True)[1:]
    for right, low in zip(settled, plain, strict=True):  # both say what the unit is one time in four: kappa 1/4
        assert right.mean() == pytest.approx(0.25, abs=0.05)
        assert np.nanmean(low) < right.mean() - 0.02
