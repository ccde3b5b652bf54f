from __future__ import annotations

import math
from random import Random
from typing import Any, Literal

import krippendorff
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from analysis.agreement import (
    agreement,
    agreement_groups,
    agreement_matrix,
    agreement_pairs,
    agreement_summary,
    cohen_kappa,
    krippendorff_alpha,
    krippendorff_table,
    percent_agreement,
)
from tests.analysis.answers import PUBLISHED, crowd, long_of

values = st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("xyz")), min_size=1, max_size=40)


def test_percent_agreement_worked_example() -> None:
    # same on units 1, 2 and 4 of 4: 3 / 4
    assert percent_agreement(["y", "n", "y", "n"], ["y", "n", "n", "n"]) == 0.75


def test_percent_agreement_of_nothing_is_nan() -> None:
    assert math.isnan(percent_agreement([], []))


def test_cohen_kappa_worked_example() -> None:
    # a: y y n n, b: y n n n. p_o = 3/4; p_e = (2 * 1 + 2 * 3) / 16 = 1/2; kappa = (3/4 - 1/2) / (1 - 1/2) = 1/2
    assert cohen_kappa(["y", "y", "n", "n"], ["y", "n", "n", "n"]) == 0.5


def test_cohen_kappa_constant_against_varying_is_zero() -> None:
    assert cohen_kappa(["y", "y", "y"], ["y", "n", "y"]) == 0.0


@pytest.mark.parametrize("n", [0, 1, 5])
def test_cohen_kappa_without_variation_is_nan(n: int) -> None:
    assert math.isnan(cohen_kappa(["y"] * n, ["y"] * n))


def test_cohen_kappa_refuses_unequal_lengths() -> None:
    with pytest.raises(ValueError, match="2 values against 1"):
        cohen_kappa(["y", "n"], ["y"])


@given(values)
def test_cohen_kappa_equals_scikit_learn_and_statsmodels(answers: list[tuple[str, str]]) -> None:
    a, b = [x for x, _ in answers], [y for _, y in answers]
    mine = cohen_kappa(a, b)
    if math.isnan(mine):
        assert len({*a, *b}) == 1
        return
    assert mine == pytest.approx(cohen_kappa_score(a, b), abs=1e-12)
    table = [[sum(pair == (x, y) for pair in answers) for y in "xyz"] for x in "xyz"]
    assert mine == pytest.approx(cohens_kappa(table, return_results=False), abs=1e-12)


@given(values)
def test_agreement_pairs_equal_the_two_functions(answers: list[tuple[str, str]]) -> None:
    a, b = [x for x, _ in answers], [y for _, y in answers]
    row = agreement_pairs(long_of({"b": b, "a": a}), replicates=0).row(0, named=True)
    assert (row["rater_a"], row["rater_b"], row["n"]) == ("a", "b", len(answers))
    assert row["agreement"] == pytest.approx(percent_agreement(a, b), abs=1e-12)
    assert row["kappa"] == pytest.approx(cohen_kappa(a, b), abs=1e-12, nan_ok=True)


@given(values, st.randoms())
def test_agreement_pairs_do_not_depend_on_order_or_names_of_values(
    answers: list[tuple[str, str]], random: Random
) -> None:
    long = long_of({"a": [x for x, _ in answers], "b": [y for _, y in answers]})
    renamed = long.with_columns(pl.col("value").replace({"x": "z", "z": "x"})).sample(
        fraction=1.0, shuffle=True, seed=random.randint(0, 10**6)
    )
    assert agreement_pairs(long, replicates=50).equals(agreement_pairs(renamed, replicates=50))


def test_agreement_pairs_only_use_common_units_of_one_campaign() -> None:
    long = pl.concat(
        [
            long_of({"a": ["y", "n", None], "b": ["y", None, "y"], "c": [None, None, None]}),
            long_of({"a": ["n"], "b": ["y"]}, campaign="d"),
        ]
    )
    rows = agreement_pairs(long).select("campaign", "rater_a", "rater_b", "n", "agreement").rows()
    assert rows == [("c", "a", "b", 1, 1.0), ("d", "a", "b", 1, 0.0)]


def test_agreement_pairs_leave_out_pairs_below_min_n() -> None:
    long = long_of({"a": ["y", "n", "y"], "b": ["y", "n", "y"], "c": ["y", None, None]})
    assert agreement_pairs(long, min_n=2).select("rater_a", "rater_b").rows() == [("a", "b")]


def test_agreement_groups_are_plain_means_and_leave_undefined_kappas_out() -> None:
    # a-b: agree 1, kappa not defined (both always y); a-c: agree 1/2, kappa 0; b-c the same
    # rater_rater: 3 pairs, agreement (1 + 1/2 + 1/2) / 3 = 2/3, kappa (0 + 0) / 2 = 0
    long = long_of({"a": ["y", "y"], "b": ["y", "y"], "c": ["y", "n"]})
    row = agreement_groups(agreement_pairs(long)).row(0, named=True)
    assert (row["group"], row["pairs"], row["mean_kappa"]) == ("rater_rater", 3, 0.0)
    assert row["mean_agreement"] == pytest.approx(2 / 3)


def test_agreement_groups_tell_people_models_and_baselines_apart() -> None:
    kinds = {"m1": "model", "m2": "model", "bm25": "baseline", "p": "imported"}
    long = long_of({name: ["y", "n"] for name in ("bm25", "m1", "m2", "p", "q")}, kinds)
    found = agreement_groups(agreement_pairs(long)).select("group", "pairs").rows()
    assert found == [("rater_rater", 1), ("model_model", 1), ("rater_model", 4)]


def test_agreement_groups_with_no_defined_kappa_have_a_nan_mean() -> None:
    groups = agreement_groups(agreement_pairs(long_of({"a": ["y"], "b": ["y"]})))
    assert math.isnan(groups["mean_kappa"][0])


def test_krippendorff_alpha_worked_example() -> None:
    # a: y y n, b: y n n. Coincidences of 6 values: yy 2, nn 2, yn + ny 2. D_o = 2/6;
    # n_y = n_n = 3, D_e = 2 * 3 * 3 / (6 * 5) = 3/5; alpha = 1 - (1/3) / (3/5) = 4/9
    units, alpha = krippendorff_alpha(long_of({"a": ["y", "y", "n"], "b": ["y", "n", "n"]}), "nominal")
    assert units == 3
    assert alpha == pytest.approx(4 / 9)


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_krippendorff_alpha_equals_the_published_example(
    level: Literal["nominal", "ordinal", "interval"], alpha: float
) -> None:
    units, found = krippendorff_alpha(long_of(PUBLISHED), level)
    assert (units, round(found, 3)) == (11, alpha)


def test_krippendorff_alpha_orders_scores_as_numbers() -> None:
    # as text 10 stands before 9: an ordinal alpha over text would differ
    answers = {"a": [1, 9, 10, 9, 2], "b": [2, 9, 10, 10, 1]}
    authority = krippendorff.alpha([answers["a"], answers["b"]], level_of_measurement="ordinal")
    assert krippendorff_alpha(long_of(answers), "ordinal")[1] == pytest.approx(authority, abs=1e-12)


@given(st.lists(st.lists(st.sampled_from([None, 1, 2, 3]), min_size=6, max_size=6), min_size=2, max_size=5))
def test_krippendorff_alpha_equals_the_library_on_the_raters_matrix(matrix: list[list[int | None]]) -> None:
    long = long_of({f"r{i}": row for i, row in enumerate(matrix)})
    units, found = krippendorff_alpha(long, "interval")
    if math.isnan(found):
        pairable = long.filter(pl.len().over("unit") > 1)
        assert pairable["value"].n_unique() < 2
        assert units == pairable["unit"].n_unique()
        return
    data = np.array([[np.nan if v is None else v for v in row] for row in matrix], dtype=float)
    assert found == pytest.approx(krippendorff.alpha(data, level_of_measurement="interval"), abs=1e-9)


@pytest.mark.parametrize(
    ("answers", "units"),
    [
        ({"a": ["y", "n"]}, 0),
        ({"a": ["y", None], "b": [None, "n"]}, 0),
        ({"a": ["y", "y"], "b": ["y", "y"]}, 2),
        ({}, 0),
    ],
    ids=["one rater", "no common unit", "one value", "no answers"],
)
def test_krippendorff_alpha_that_cannot_be_seen_is_nan(answers: dict[str, list[Any]], units: int) -> None:
    found, alpha = krippendorff_alpha(long_of(answers), "nominal")
    assert (found, math.isnan(alpha)) == (units, True)


def test_krippendorff_table_has_the_levels_of_the_instrument_and_no_baselines() -> None:
    kinds = {"m": "model", "bm25": "baseline"}
    long = long_of({"a": [1, 5], "b": [2, 5], "m": [1, 4], "bm25": [5, 1]}, kinds, instrument="preference")
    table = krippendorff_table(long)
    assert table.select("group", "level").rows() == [
        (group, level) for group in ("raters", "models", "all") for level in ("ordinal", "interval")
    ]
    both = long.filter(pl.col("rater") != "bm25")
    assert table.row(-1)[-1] == krippendorff_alpha(both, "interval")[1]


def figure(summary: pl.DataFrame, name: str, group: str = "raters") -> dict[str, Any]:
    return summary.row(by_predicate=(pl.col("figure") == name) & (pl.col("group") == group), named=True)


def test_summary_has_the_figures_of_the_instruments_levels_and_no_baselines() -> None:
    kinds = {"m": "model", "n": "model", "bm25": "baseline"}
    answers = {"a": ["yes", "no", "yes"], "b": ["no", "no", "yes"], "c": ["yes", "no", "no"]}
    machines = {name: ["yes", "no", "no"] for name in kinds}
    summary = agreement_summary(long_of(answers | machines, kinds))
    assert summary["group"].unique(maintain_order=True).to_list() == ["raters", "models", "all", "rater_model"]
    raters = summary.filter(pl.col("group") == "raters")["figure"].to_list()
    assert raters == ["percent", "fleiss", "alpha_nominal", "ac1", "cohen_mean", "cohen_settled"]
    assert summary.filter(pl.col("group") == "rater_model")["figure"].to_list() == [
        "percent",
        "cohen_mean",
        "cohen_settled",
    ]
    assert [figure(summary, "percent", group)["n_raters"] for group in ("raters", "models", "all")] == [3, 2, 5]
    scored = agreement_summary(long_of({"a": [1, 2, 4], "b": [1, 3, 4]}, instrument="preference"))
    assert {"icc2k", "ac2_quadratic", "alpha_interval", "spearman", "cohen_linear_mean"} <= set(scored["figure"])


def test_summary_means_and_intervals_are_those_of_the_groups() -> None:
    found = agreement(crowd(units=60, raters=6, k=3, models=2, instrument="relevance"))
    for group, of in (("rater_rater", "raters"), ("model_model", "models"), ("rater_model", "rater_model")):
        row = found.groups.row(by_predicate=pl.col("group") == group, named=True)
        wanted = figure(found.summary, "cohen_mean", of)
        assert row["mean_kappa"] == pytest.approx(wanted["value"], abs=1e-12)
        for end in ("low_units", "high_units", "low_raters", "high_raters"):
            assert row[end] == pytest.approx(wanted[end], nan_ok=True)
            assert row[f"settled_{end}"] == pytest.approx(figure(found.summary, "cohen_settled", of)[end], nan_ok=True)
        assert row["low_units"] < row["mean_kappa"] < row["high_units"]


def test_intervals_over_raters_say_more_than_over_units_where_raters_differ() -> None:
    # five careful raters and five who always say yes, on many units: other units would change little, other raters much
    careful = ["yes", "no"] * 100
    answers = {name: careful if name < "f" else ["yes"] * 200 for name in "abcdefghij"}
    row = figure(agreement_summary(long_of(answers)), "fleiss")
    assert row["high_raters"] - row["low_raters"] > 3 * (row["high_units"] - row["low_units"])


def test_interval_over_units_is_the_bootstrap_of_whole_units() -> None:
    long = crowd(units=50, raters=5, k=3)
    row = figure(agreement_summary(long), "alpha_interval")
    wide = long.pivot(on="unit", index="rater", values="score").drop("rater").to_numpy()
    rng = np.random.default_rng(4)
    draws = [rng.integers(0, 50, 50) for _ in range(400)]
    theirs = [krippendorff.alpha(wide[:, drawn], level_of_measurement="interval") for drawn in draws]
    assert [row["low_units"], row["high_units"]] == pytest.approx(np.quantile(theirs, [0.025, 0.975]), abs=0.05)


@pytest.mark.parametrize(
    ("answers", "defined"),
    [
        ({"a": ["yes", "no"] * 5}, (False, False)),
        ({"a": ["yes", "no"] * 5, "b": ["yes", "no", "yes", "yes", "no"] * 2}, (True, False)),
        ({name: ["yes", "no", "no" if name < "d" else "yes"] * 3 for name in "abcdefghij"}, (False, True)),
        ({name: ["yes", "no", "no" if name < "d" else "yes"] * 4 for name in "abcdefghi"}, (True, False)),
    ],
    ids=["one rater", "two raters", "nine units", "nine raters"],
)
def test_intervals_that_cannot_be_drawn_are_nan(answers: dict[str, list[Any]], defined: tuple[bool, bool]) -> None:
    row = figure(agreement_summary(long_of(answers)), "percent")
    assert math.isnan(row["low_units"]) != defined[0]
    assert math.isnan(row["low_raters"]) != defined[1]


def test_units_of_nobody_known_stand_alone() -> None:
    long = crowd(units=40, raters=4, k=3, instrument="relevance")
    alone, unknown = agreement_summary(long), agreement_summary(long.with_columns(person=pl.lit("")))
    assert alone.equals(unknown)
    assert figure(alone, "percent")["low_units"] < figure(alone, "percent")["high_units"]


def test_a_mean_over_pairs_with_few_units_each_has_no_interval_that_misses_it() -> None:
    # 40 raters and three a unit: two of them share a unit or two, and nearly all kappas of one unit are 0 or undefined
    shared = agreement_summary(crowd(units=150, raters=40, k=3))
    many, settled = (figure(shared, f"cohen_quadratic_{kind}") for kind in ("mean", "settled"))
    few = figure(agreement_summary(crowd(units=150, raters=4, k=3)), "cohen_quadratic_mean")
    assert math.isfinite(many["value"])
    assert math.isnan(many["low_units"])
    assert many["value"] < settled["low_units"] < settled["value"] < settled["high_units"]
    assert few["low_units"] < few["value"] < few["high_units"]


def test_replicates_without_a_value_are_counted() -> None:
    # of two units a replicate draws the same twice half of the time: one value throughout, no kappa
    row = agreement_pairs(long_of({"a": ["yes", "no"], "b": ["yes", "no"]})).row(0, named=True)
    assert 400 < row["undefined"] < 600


@given(st.lists(st.lists(st.sampled_from([None, "yes", "no"]), min_size=4, max_size=4), min_size=1), st.randoms())
@settings(max_examples=25)
def test_agreement_does_not_depend_on_the_order_of_rows(matrix: list[list[str | None]], random: Random) -> None:
    kinds = {"r2": "model", "r3": "model"}
    long = long_of({f"r{place}": [row[place] for row in matrix] for place in range(4)}, kinds)
    mixed = long.sample(fraction=1.0, shuffle=True, seed=random.randint(0, 10**6))
    one, other = agreement(long, replicates=30), agreement(mixed, replicates=30)
    assert all(a.equals(b) for a, b in zip(one, other, strict=True))
    assert one.summary.filter(pl.col("value").is_not_nan())["value"].le(1 + 1e-12).all()
    shares = one.summary.filter((pl.col("figure") == "percent") & pl.col("value").is_not_nan())
    assert shares["value"].is_between(0, 1 + 1e-12).all()


def test_campaigns_whose_rows_lie_among_each_other_are_told_apart_with_their_people() -> None:
    answers = long_of({name: ["yes" if (n + at) % 3 else "no" for n in range(48)] for at, name in enumerate("abc")})
    whose = pl.col("unit").replace_strict(
        {unit: f"p{n % 12}" for n, unit in enumerate(answers["unit"].unique().sort())}
    )
    other = answers.with_columns(pl.lit("zz").alias("campaign"), value=pl.col("value").reverse())
    long = pl.concat([answers, other]).with_columns(person=whose).sort("campaign", "unit", "rater")
    for mixed in (
        long.sample(fraction=1.0, shuffle=True, seed=1),
        long.with_columns(pl.col("person").cast(pl.Categorical)),
    ):
        one, found = agreement(long, replicates=30), agreement(mixed, replicates=30)
        assert one.pairs.equals(found.pairs)
        assert one.summary.sort(pl.all()).equals(found.summary.sort(pl.all()))
    assert one.pairs["low"].is_not_nan().all()
    assert one.pairs["campaign"].n_unique() == 2


def test_agreement_matrix_is_square_with_people_first() -> None:
    kinds = {"a": "model", "z": "baseline"}
    long = long_of({name: ["yes", "no", "no"] for name in "azbc"} | {"c": ["yes", "yes", "no"]}, kinds)
    square = agreement_matrix(agreement_pairs(long, replicates=0), "agreement")
    assert square.columns == ["rater", "b", "c", "a", "z"]
    assert square["rater"].to_list() == square.columns[1:]
    table = square.drop("rater").to_numpy()
    assert np.isnan(np.diag(table)).all()
    assert table[0, 1] == table[1, 0] == pytest.approx(2 / 3)
    assert square["b"].null_count() == 1


def test_a_pair_with_few_people_in_common_has_no_interval() -> None:
    values = ["yes" if n % 3 else "no" for n in range(48)]
    other = ["yes" if n % 4 else "no" for n in range(48)]
    frame = long_of({"a": values, "b": other})
    for people, known in ((24, True), (10, True), (9, False), (1, False)):
        owners = {unit: f"p{n % people}" for n, unit in enumerate(sorted(frame["unit"].unique()))}
        owned = frame.with_columns(person=pl.col("unit").replace(owners))
        row = agreement_pairs(owned).row(0, named=True)
        assert math.isfinite(row["low"]) == known, people
    assert row["n"] == 48


def test_a_pair_of_whom_one_hardly_ever_varies_has_a_kappa_without_interval() -> None:
    values = ["yes" if n % 3 else "no" for n in range(48)]
    for rare, known in ((10, True), (9, False)):
        row = agreement_pairs(long_of({"a": values, "b": ["no"] * rare + ["yes"] * (48 - rare)})).row(0, named=True)
        assert math.isfinite(row["kappa"])
        assert math.isfinite(row["low"]) == known, rare
