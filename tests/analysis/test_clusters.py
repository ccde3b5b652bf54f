from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from analysis.clusters import (
    _few_clusters,
    clustered_coefficients,
    clustered_difference,
    clustered_mean,
    clustered_quotient,
    clustered_share,
)
from analysis.intervals import wilson_interval

Array = np.ndarray


def _crossed(seed: int, people: int = 8, raters: int = 6) -> tuple[Array, Array, Array]:
    """One answer of every rater to every person's material: values, persons, raters."""
    rng = np.random.default_rng(seed)
    person, rater = np.repeat(np.arange(people), raters), np.tile(np.arange(raters), people)
    values = rng.normal(0, 1, people)[person] + rng.normal(0, 1, raters)[rater] + rng.normal(0, 1, people * raters)
    return values, person, rater


def test_clustered_mean_worked_example() -> None:
    # persons: 1 3 | 2 6, mean 3, parts of its error (4 - 6)/4 and (8 - 6)/4: variance (1/4 + 1/4) times 2/1 = 1,
    # one degree of freedom, t = 12.706
    found = clustered_mean(np.array([1.0, 3.0, 2.0, 6.0]), {"person": np.array([0, 0, 1, 1])})
    assert (found.value, found.se, found.df) == pytest.approx((3.0, 1.0, 1.0))
    assert (found.low, found.high) == pytest.approx((3 - 12.7062, 3 + 12.7062), abs=1e-4)
    assert found.p == pytest.approx(2 * scipy.stats.t.sf(3, 1))


def test_clustered_mean_in_two_dimensions_worked_example() -> None:
    # persons (rows) by raters: 1 3 | 2 6. Persons: 1 (as above). Raters: parts (3 - 6)/4 and (9 - 6)/4: 2 * 9/16 * 2 =
    # 9/4. Single answers: (4 + 0 + 1 + 9)/16 * 4/3 = 7/6. Together 1 + 9/4 - 7/6 = 25/12, less than 9/4 alone: 9/4
    values, dimensions = np.array([1.0, 3.0, 2.0, 6.0]), {"a": np.array([0, 0, 1, 1]), "b": np.array([0, 1, 0, 1])}
    assert clustered_mean(values, dimensions).se == pytest.approx(math.sqrt(9 / 4))


def test_clustered_mean_of_one_dimension_equals_statsmodels() -> None:
    values, person, _ = _crossed(1)
    model = sm.OLS(values, np.ones(len(values))).fit(
        cov_type="cluster", cov_kwds={"groups": person, "use_correction": False}, use_t=True
    )
    factor = math.sqrt(8 / 7)  # clusters of equal size: G / (G - 1); statsmodels' own correction counts columns as well
    assert clustered_mean(values, {"person": person}).se == pytest.approx(model.bse[0] * factor, rel=1e-9)


def test_clustered_mean_of_two_dimensions_equals_statsmodels() -> None:
    values, person, rater = _crossed(2)
    groups = np.column_stack([person, rater])
    model = sm.OLS(values, np.ones(len(values))).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True}
    )
    # statsmodels corrects each part by G / (G - 1) (one column: (n - 1) / (n - 1)), as here for equal sizes
    assert clustered_mean(values, {"person": person, "rater": rater}).se == pytest.approx(model.bse[0], rel=1e-9)


def test_clustered_coefficients_equal_statsmodels() -> None:
    values, person, rater = _crossed(7)
    x = np.column_stack([np.ones(48), np.random.default_rng(8).normal(size=48)])
    groups = np.column_stack([person, rater])
    # without its factors statsmodels' parts are a little smaller: 8 persons, 6 raters, 48 answers that are all apart
    plain = [
        sm.OLS(values, x).fit(cov_type="cluster", cov_kwds={"groups": g, "use_correction": False}) for g in groups.T
    ]
    parts = [
        8 / 7 * plain[0].bse ** 2,
        6 / 5 * plain[1].bse ** 2,
        48 / 47 * sm.OLS(values, x).fit(cov_type="HC0").bse ** 2,
    ]
    wanted = np.sqrt(np.maximum(parts[0] + parts[1] - parts[2], np.min(parts, axis=0)))
    found = clustered_coefficients(values, x, {"person": person, "rater": rater})
    assert [one.se for one in found] == pytest.approx(wanted.tolist())
    assert [one.value for one in found] == pytest.approx(plain[0].params.tolist())
    assert clustered_coefficients(values, x[:, :1], {"r": rater})[0] == pytest.approx(
        clustered_mean(values, {"r": rater})
    )


def test_clusters_of_one_answer_are_students_t() -> None:
    values = np.random.default_rng(3).normal(size=12)
    found, wanted = clustered_mean(values, {"x": np.arange(12)}), scipy.stats.ttest_1samp(values, 0.0)
    interval = wanted.confidence_interval()
    assert (found.low, found.high, found.p) == pytest.approx((interval.low, interval.high, wanted.pvalue))


def test_difference_of_clusters_of_one_answer_is_welchs_test() -> None:
    rng = np.random.default_rng(4)
    values, first = np.concatenate([rng.normal(0, 1, 9), rng.normal(1, 3, 14)]), np.arange(23) < 9
    wanted = scipy.stats.ttest_ind(values[first], values[~first], equal_var=False)
    found = clustered_difference(values, first, {"x": np.arange(23)})
    interval = wanted.confidence_interval()
    assert (found.low, found.high, found.p) == pytest.approx((interval.low, interval.high, wanted.pvalue))


def test_difference_within_clusters_is_the_paired_test() -> None:
    # what a rater adds to both sides falls out: the paired t test but for its degrees of freedom, at most 9
    rng = np.random.default_rng(5)
    rater = np.tile(np.arange(10), 2)
    first = np.arange(20) < 10
    values = 5 * rng.normal(size=10)[rater] + rng.normal(size=20)
    paired = scipy.stats.ttest_rel(values[:10], values[10:])
    found = clustered_difference(values, first, {"rater": rater})
    assert found.value / found.se == pytest.approx(paired.statistic)
    assert found.df == pytest.approx(9)


def test_raters_who_all_answer_the_same_are_not_taken_off() -> None:
    # a rater's own level in 3 raters x 40 persons: the mean varies as the mean of three levels, whatever the persons
    level, person, rater = np.array([1.0, 2.0, 4.5]), np.repeat(np.arange(40), 3), np.tile(np.arange(3), 40)
    found = clustered_mean(level[rater], {"person": person, "rater": rater})
    assert found.se == pytest.approx(level.std(ddof=1) / math.sqrt(3))


def test_with_ten_clusters_or_more_one_dimension_by_itself_is_no_floor() -> None:
    person, rater = np.repeat(np.arange(12), 12), np.tile(np.arange(12), 12)
    below = 0
    for seed in range(10):
        values = np.random.default_rng(seed).normal(size=144)
        both, answer = {"person": person, "rater": rater}, {"answer": np.arange(144)}
        a, b, each = (clustered_mean(values, of).se ** 2 for of in ({"a": person}, {"b": rater}, answer))
        assert clustered_mean(values, both).se ** 2 == pytest.approx(max(a + b - each, each))
        below += max(a + b - each, each) < max(a, b)
    assert below


def test_what_a_cluster_has_on_both_sides_of_a_difference_cancels_and_on_one_does_not() -> None:
    # 30 persons with a level of their own and 4 raters, all on both sides: no level is in the difference
    rng = np.random.default_rng(4)
    level, person, side = rng.normal(0, 5, 30), np.repeat(np.arange(30), 8), np.tile([True, False], 120)
    noise = rng.normal(0, 1, 240)
    both = {"person": person, "rater": np.tile(np.repeat(np.arange(4), 2), 30)}
    across = clustered_difference(level[person] + noise, side, both)
    assert across.se < 0.2
    # the first 15 persons on one side, the others on the other: it is at least what persons give
    one_side = person < 15
    apart = clustered_difference(level[person] + noise, one_side, both)
    alone = clustered_difference(level[person] + noise, one_side, {"person": person})
    assert apart.se >= alone.se > 1


def test_few_clusters_of_unequal_size_are_the_trace_of_their_form() -> None:
    weight = np.array([0.1, 0.2, 0.3, 0.4])
    centre = np.eye(4) - np.outer(np.ones(4), weight)
    form = centre.T @ np.diag(weight**2) @ centre
    wanted = (float(weight @ weight) / np.trace(form), np.trace(form) ** 2 / np.trace(form @ form))
    assert _few_clusters(weight) == pytest.approx(wanted)
    assert _few_clusters(np.full(8, 1 / 8)) == pytest.approx((8 / 7, 7.0))


def test_clustered_share_of_single_answers_is_wilsons_with_t() -> None:
    # 3 of 10 single answers: variance 0.21 / 9, so 9 answers count; t with 9 degrees of freedom for z
    hits = np.array([1.0] * 3 + [0.0] * 7)
    found = clustered_share(hits, {"x": np.arange(10)})
    t2 = scipy.stats.t.ppf(0.975, 9) ** 2
    roots = np.roots([1 + t2 / 9, -(2 * 0.3 + t2 / 9), 0.09])  # |0.3 - p| = t sqrt(p (1 - p) / 9)
    assert (found.low, found.high) == pytest.approx(tuple(sorted(roots)))


def test_clustered_share_is_never_narrower_than_wilsons() -> None:
    # every cluster has the same share, so that clusters show no variation at all
    hits, person = np.tile([1.0, 0.0], 50), np.repeat(np.arange(10), 10)
    found, wilson = clustered_share(hits, {"person": person}), wilson_interval(50, 100)
    assert (found.low, found.high) == pytest.approx(wilson)


def test_clustered_share_of_nothing_but_hits_counts_each_cluster_once() -> None:
    person = np.repeat(np.arange(10), 20)
    found = clustered_share(np.ones(200), {"person": person})
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(wilson_interval(10, 10).low)
    assert found.reason


def test_clustered_share_of_counts_is_their_ratio() -> None:
    # F1 as a share: 2 tp of 2 tp + fp + fn
    tp, wrong = np.array([1.0, 1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0])
    assert clustered_share(2 * tp, {"x": np.arange(4)}, 2 * tp + wrong).value == pytest.approx(6 / 8)


def test_clustered_quotient_is_symmetric_in_its_logarithm() -> None:
    found = clustered_quotient(np.array([3.0, 1.0, 4.0]), np.array([1.0, 1.0, 2.0]), {"x": np.arange(3)})
    assert found.value == 2.0
    assert found.low * found.high == pytest.approx(4.0)


def test_clustered_quotient_of_two_unlike_clusters_tells_nothing() -> None:
    found = clustered_quotient(np.array([9.0, 1.0]), np.array([2.0, 3.0]), {"x": np.arange(2)})
    assert (found.value, found.reason) == (2.0, "too few to tell")
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_clustered_quotient_without_variation_says_so() -> None:
    found = clustered_quotient(np.array([2.0, 4.0]), np.array([1.0, 2.0]), {"x": np.arange(2)})
    assert (found.low, found.high, found.reason) == (2.0, 2.0, "the same in every cluster")


@pytest.mark.parametrize(
    ("values", "clusters", "reason"),
    [
        ([], {"person": []}, "no answers"),
        ([1.0, 2.0], {"person": [0, 0]}, "only one person"),
        ([1.0, 2.0], {"person": [0, 1], "rater": [5, 5]}, "only one rater"),
    ],
)
def test_what_cannot_be_seen_is_nan_with_a_reason(
    values: list[float], clusters: dict[str, list[int]], reason: str
) -> None:
    numbers, codes = np.array(values), {name: np.array(found, dtype=np.int64) for name, found in clusters.items()}
    sides = numbers > 1
    for found in (
        clustered_mean(numbers, codes),
        clustered_share(sides.astype(np.float64), codes),
        clustered_quotient(numbers, numbers, codes),
        clustered_difference(numbers, sides, codes),
    ):
        assert math.isnan(found.low)
        assert math.isnan(found.high)
        assert found.reason in (reason, "only one person")


def test_equal_answers_have_no_width_and_say_so() -> None:
    found = clustered_mean(np.full(6, 3.0), {"x": np.arange(6)})
    assert (found.low, found.high, found.reason) == (3.0, 3.0, "all answers are the same")


@given(st.permutations(range(48)), st.permutations(range(8)))
def test_order_and_names_of_clusters_do_not_matter(order: list[int], names: list[int]) -> None:
    values, person, rater = _crossed(6)
    before = clustered_mean(values, {"person": person, "rater": rater})
    after = clustered_mean(values[order], {"rater": rater[order], "person": np.array(names)[person][order]})
    assert after[:6] == pytest.approx(before[:6])
