from __future__ import annotations

import math
import time
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from analysis.mixed import MOST_CROSSED, Effects, MixedFit, fit_mixed

Array = np.ndarray


def _ones(n: int) -> Array:
    return np.ones((n, 1))


def _study(
    seed: int, people: int, attributes: int, raters: int, k: int = 3, *, sd: Mapping[str, float]
) -> tuple[Array, Array, Effects]:
    """Half of the people real (+0.5): attributes within people, each judged by ``k`` of the raters."""
    rng = np.random.default_rng(seed)
    attribute = np.repeat(np.arange(people * attributes), k)
    person = attribute // attributes
    rater = (rng.integers(0, raters, people * attributes)[:, None] + np.arange(k)).ravel() % raters
    real = (person < people // 2).astype(np.float64)
    y = 1 + 0.5 * real + rng.normal(0, 1, len(person))
    y += rng.normal(0, sd["person"], people)[person] + rng.normal(0, sd["rater"], raters)[rater]
    y += rng.normal(0, sd["attribute"], people * attributes)[attribute]
    x = np.column_stack([np.ones(len(y)), real])
    return y, x, Effects(outer=person, inner=attribute, crossed={"rater": rater})


SPREAD = {"person": 0.7, "attribute": 0.5, "rater": 0.6}


def test_fit_mixed_worked_example() -> None:
    # persons 1 3 | 5 7 | 12 14: means 2 6 13, all 7. Between: 2 (25 + 1 + 36) / 2 = 62; within: 3 * 2 / 3 = 2.
    # Person's variance (62 - 2) / 2 = 30; the mean's 62 / 6 with 3 - 1 degrees of freedom
    y = np.array([1.0, 3.0, 5.0, 7.0, 12.0, 14.0])
    fit = fit_mixed(y, _ones(6), Effects(outer=np.repeat(np.arange(3), 2)))
    mean = fit.coefficients[0]
    assert mean.value == pytest.approx(7.0)
    assert fit.deviations["outer"] ** 2 == pytest.approx(30.0, rel=1e-4)
    assert fit.deviations["residual"] ** 2 == pytest.approx(2.0, rel=1e-4)
    assert (mean.se, mean.df) == pytest.approx((math.sqrt(62 / 6), 2.0), rel=1e-3)
    assert mean.high == pytest.approx(7 + scipy.stats.t.ppf(0.975, 2) * math.sqrt(62 / 6), rel=1e-3)


def test_fit_mixed_equals_statsmodels_with_crossed_and_nested_effects() -> None:
    y, x, effects = _study(3, 12, 5, 6, sd=SPREAD)
    frame = pd.DataFrame({"y": y, "x": x[:, 1], "p": effects.outer, "a": effects.inner, "g": 1})
    frame["r"] = (effects.crossed or {})["rater"]
    parts = {"inner": "0 + C(a)", "outer": "0 + C(p)", "rater": "0 + C(r)"}
    model = sm.MixedLM.from_formula("y ~ x", groups="g", re_formula="0", vc_formula=parts, data=frame)
    with threadpool_limits(1):  # many small products: slow where other processes keep the cores busy
        wanted = model.fit(reml=True)
    fit = fit_mixed(y, x, effects)
    assert [one.value for one in fit.coefficients] == pytest.approx(wanted.fe_params.tolist(), rel=1e-3)
    assert [one.se for one in fit.coefficients] == pytest.approx(wanted.bse_fe.tolist(), rel=1e-3)
    found = [fit.deviations[name] for name in (*sorted(parts), "residual")]
    assert found == pytest.approx([*np.sqrt(wanted.vcomp), math.sqrt(wanted.scale)], rel=1e-3)


def test_fit_mixed_of_unequal_groups_allows_for_variances_that_are_estimates() -> None:
    # how the mean weighs 2 2 2 and 20 answers depends on the estimated variance; statsmodels takes that as known
    rng = np.random.default_rng(11)
    person = np.repeat(np.arange(8), [2, 2, 2, 20, 2, 2, 20, 2])
    y = rng.normal(0, 1, 8)[person] + rng.normal(0, 1, len(person))
    with threadpool_limits(1):
        wanted = sm.MixedLM(y, np.ones(len(y)), groups=person).fit(reml=True)
    found = fit_mixed(y, _ones(len(y)), Effects(outer=person)).coefficients[0]
    assert found.value == pytest.approx(wanted.fe_params[0], rel=1e-3)
    assert wanted.bse_fe[0] * 1.001 < found.se < wanted.bse_fe[0] * 1.2


def test_fit_mixed_of_balanced_groups_is_students_test_on_peoples_means() -> None:
    y, x, effects = _study(5, 12, 6, 6, sd={"person": 1.0, "attribute": 0.3, "rater": 0.0})
    fit = fit_mixed(y, x, Effects(outer=effects.outer, inner=effects.inner))
    means = y.reshape(12, -1).mean(axis=1)
    wanted = scipy.stats.ttest_ind(means[:6], means[6:])
    found = fit.coefficients[1]
    assert found.value / found.se == pytest.approx(wanted.statistic, rel=1e-4)
    assert (found.df, found.p) == pytest.approx((10.0, wanted.pvalue), rel=1e-3)


def test_fit_mixed_with_a_variance_for_each_kind_is_welchs_test_on_peoples_means() -> None:
    rng = np.random.default_rng(6)
    person = np.repeat(np.arange(20), 30)
    real = (person < 8).astype(np.int64)
    y = np.where(real, rng.normal(0, 2, 20)[person], rng.normal(0, 0.3, 20)[person]) + rng.normal(0, 1, 600)
    fit = fit_mixed(y, np.column_stack([np.ones(600), real]), Effects(outer=person, kind=real))
    means = y.reshape(20, 30).mean(axis=1)
    wanted = scipy.stats.ttest_ind(means[:8], means[8:], equal_var=False)
    found = fit.coefficients[1]
    assert found.value / found.se == pytest.approx(wanted.statistic, rel=1e-2)
    assert found.df == pytest.approx(wanted.df, rel=0.05)
    assert fit.deviations["outer 0"] < 0.6 < fit.deviations["outer 1"]  # kinds in the order of their numbers


def test_fit_mixed_recovers_what_was_planted() -> None:
    y, x, effects = _study(7, 150, 40, 60, sd=SPREAD)
    fit = fit_mixed(y, x, effects)
    assert fit.n == 18_000
    assert fit.coefficients[1].low < 0.5 < fit.coefficients[1].high
    planted = {"outer": 0.7, "inner": 0.5, "rater": 0.6, "residual": 1.0}
    assert fit.deviations == pytest.approx(planted, abs=0.15)


def test_fit_mixed_intervals_cover_at_their_rate_with_few_raters_and_people() -> None:
    covered = 0
    for seed in range(60):
        y, x, effects = _study(1000 + seed, 10, 4, 8, sd=SPREAD)
        found = fit_mixed(y, x, effects).coefficients[1]
        covered += found.low <= 0.5 <= found.high
    # 95 % of 60: a count below 51 has a chance of less than 0.3 %
    assert scipy.stats.binom.cdf(50, 60, 0.95) < 0.003
    assert covered >= 51


def test_fit_mixed_is_fast_at_the_studys_size() -> None:
    y, x, effects = _study(8, 79, 80, 24, sd=SPREAD)
    started = time.process_time()
    fit_mixed(y, x, effects)
    assert len(y) == 18_960
    assert time.process_time() - started < 10  # 0.1 s on a quiet machine; a dense matrix of answers would take minutes


def _reason(fit: MixedFit) -> str:
    assert all(math.isnan(one.low) and math.isnan(one.value) for one in fit.coefficients)
    assert all(one.reason == fit.reason for one in fit.coefficients)
    return fit.reason


def test_fit_mixed_says_why_nothing_can_be_estimated() -> None:
    y, people = np.array([1.0, 2.0, 4.0, 3.0]), np.array([0, 0, 1, 1])
    twice = np.ones((4, 2))
    assert _reason(fit_mixed(y, _ones(4), Effects(outer=np.zeros(4, dtype=np.int64)))) == "only one outer"
    assert _reason(fit_mixed(y, _ones(4), Effects(people, crossed={"rater": np.full(4, 7)}))) == "only one rater"
    assert _reason(fit_mixed(y, twice, Effects(people))) == "what is compared does not vary by itself"
    assert _reason(fit_mixed(np.ones(4), _ones(4), Effects(people))) == "all answers are the same"
    assert _reason(fit_mixed(y[:1], _ones(1), Effects(people[:1]))) == "1 answers for 1 coefficients"
    assert _reason(fit_mixed(np.zeros(0), _ones(0), Effects())) == "0 answers for 1 coefficients"
    exact = np.array([1.0, 1.0, 4.0, 4.0])
    assert _reason(fit_mixed(exact, _ones(4), Effects(people))) == "the effects leave nothing unexplained"
    wide = np.arange(2 * MOST_CROSSED + 2) // 2
    y = (np.arange(len(wide)) % 7).astype(np.float64)
    assert _reason(fit_mixed(y, _ones(len(y)), Effects(crossed={"rater": wide}))).startswith("more than")


def test_fit_mixed_leaves_out_what_cannot_be_told_from_the_residual() -> None:
    y, people = np.array([1.0, 2.0, 4.0, 3.0, 5.0, 9.0]), np.array([0, 0, 1, 1, 2, 2])
    plain = fit_mixed(y, _ones(6), Effects(outer=people))
    more = fit_mixed(y, _ones(6), Effects(people, np.arange(6), crossed={"again": people + 5, "each": np.arange(6)}))
    assert more.deviations.keys() == {"outer", "residual"}
    assert more.coefficients[0][:5] == pytest.approx(plain.coefficients[0][:5])


def test_fit_mixed_counts_groups_where_groups_are_compared() -> None:
    # people's means are all alike, so their variance is 0 and every answer would count: 6 people leave 4 at most
    person, real = np.repeat(np.arange(6), 10), np.repeat([1.0, 0.0], 30)
    y = np.tile(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 12) + 0.1 * real
    within = np.tile([0.0, 1.0], 30)
    fit = fit_mixed(y, np.column_stack([np.ones(60), real, within]), Effects(outer=person))
    assert fit.deviations["outer"] == 0.0
    assert [one.df for one in fit.coefficients] == pytest.approx([4, 4, 57], rel=1e-3)


def test_fit_mixed_without_random_effects_is_students_t() -> None:
    y = np.random.default_rng(9).normal(size=12)
    found, wanted = fit_mixed(y, _ones(12), Effects()).coefficients[0], scipy.stats.ttest_1samp(y, 0.0)
    assert (found.df, found.p) == pytest.approx((11, wanted.pvalue), rel=1e-3)


def test_fit_mixed_refuses_a_group_in_two_others() -> None:
    with pytest.raises(ValueError, match="two outer groups"):
        fit_mixed(np.arange(6.0), _ones(6), Effects(np.array([0, 1, 1, 0, 1, 0]), np.array([0, 0, 1, 1, 2, 2])))


@settings(max_examples=10)
@given(st.permutations(range(6)), st.randoms())
def test_names_of_raters_and_order_do_not_matter(names: list[int], random: object) -> None:
    y, x, effects = _study(10, 8, 4, 6, sd=SPREAD)
    assert effects.outer is not None
    assert effects.inner is not None
    order = list(range(len(y)))
    random.shuffle(order)  # type: ignore[attr-defined]
    raters = np.array(names)[(effects.crossed or {})["rater"]]
    moved = Effects(effects.outer[order], effects.inner[order], crossed={"rater": raters[order]})
    before, after = fit_mixed(y, x, effects), fit_mixed(y[order], x[order], moved)
    assert after.coefficients[1][:4] == pytest.approx(before.coefficients[1][:4], rel=1e-4)
