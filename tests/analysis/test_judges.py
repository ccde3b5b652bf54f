from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
import scipy.stats

from analysis.answers import comparisons
from analysis.judges import JUDGES_SCHEMA, judges
from analysis.longform import long_form
from analysis.preference import EFFECTS_SCHEMA, preference_effects
from analysis.release import Release
from analysis.schema import PREFERENCE
from tests.analysis.frames import campaign, item, judgment, release_of, unit_of, vote
from tests.analysis.planted import PEOPLE, Planted, preference_release

PLANTED = Planted(
    shift={"keen": 0.3, "plain": 0.0},
    side={PEOPLE: 0.2, "keen": 0.8},
    length={PEOPLE: 0.0, "keen": 0.5},
    mention={PEOPLE: 0.0, "keen": -0.4, "plain": 0.4},
)


@pytest.fixture(scope="module")
def planted() -> Release:
    return preference_release(PLANTED, {"keen": 0.3, "plain": 0.6})


@pytest.fixture(scope="module")
def found(planted: Release) -> dict[str, dict[str, Any]]:
    table = judges(long_form(planted), planted)
    assert table.schema == JUDGES_SCHEMA
    assert table["judge"].to_list() == ["all raters", "keen", "plain"]
    return {row["judge"]: row for row in table.iter_rows(named=True)}


def _release(people: list[list[str]], model: list[dict[str, str]]) -> Release:
    """Personalized on the right: ``people``'s values of each unit (pair, person and prompt of its own), and the model's
    value by side.
    """
    units = [unit_of(PREFERENCE, "a", f"x{i}") for i in range(len(people))]
    judged = [judgment("p", u, f"r{n}", v) for u, own in zip(units, people, strict=True) for n, v in enumerate(own)]
    votes = [vote(u, "m", v, side=side) for u, own in zip(units, model, strict=True) for side, v in own.items()]
    pairs = [{"pair": f"x{i}", "person": f"p{i}", "prompt": f"q{i}", "generator": "g"} for i in range(len(people))]
    return release_of(
        campaigns=[campaign("p", PREFERENCE)],
        items=[item("p", units)],
        response_pairs=pairs,
        judgments=judged,
        model_votes=votes,
    )


def test_judges_worked_example() -> None:
    # on the left 2 means 4 towards personalized. The model: x0 right 5, left 4 (mean 4.5), x1 3, 3 (3), x2 2, 1 (1.5);
    # order: 1, 0, 1, mean 2/3. People: 3 5 | 3 3 | 1 2, mean 17/6. Shift: of 4.5 - 3, 4.5 - 5, 0, 0, 0.5, -0.5: 1/6
    sides = [{"right": "5", "left": "2"}, {"right": "3", "left": "3"}, {"right": "2", "left": "5"}]
    release = _release([["3", "5"], ["3", "3"], ["1", "2"]], sides)
    people, model = judges(long_form(release), release).iter_rows(named=True)
    assert (people["judge"], people["n"], people["units"], people["mean"]) == ("all raters", 6, 3, 17 / 6)
    assert (model["judge"], model["n"], model["mean"]) == ("m", 3, 3.0)
    assert model["shift"] == pytest.approx(1 / 6)
    assert (model["order_effect"], model["order_units"]) == (pytest.approx(2 / 3), 3)
    assert model["spearman"] == pytest.approx(1.0)  # people's means 4, 3, 1.5: the same order
    assert math.isnan(model["spearman_low"])
    assert math.isnan(people["ceiling"])  # 3 common units are fewer than LEAST_COMMON


def test_judges_mean_order_and_shift_are_those_planted(found: dict[str, dict[str, Any]]) -> None:
    # an open mention, 45 % of the time, moves keen by -0.4 and plain by +0.4
    assert found["keen"]["shift_low"] < 0.3 - 0.45 * 0.4 < found["keen"]["shift_high"]
    assert found["plain"]["shift_low"] < 0.45 * 0.4 < found["plain"]["shift_high"]
    for judge, side in (("all raters", 0.2), ("keen", 0.8), ("plain", 0.0)):
        assert found[judge]["order_low"] < side < found[judge]["order_high"], judge
    assert (found["keen"]["order_units"], found["all raters"]["order_units"]) == (288, 0)


def test_judges_correlations_equal_scipy(planted: Release, found: dict[str, dict[str, Any]]) -> None:
    long = long_form(planted)
    people = long.filter(pl.col("kind") == "human")
    model = long.filter(pl.col("rater") == "plain").select("unit", pl.col("score").alias("model"))
    means = people.group_by("unit").agg(pl.col("score").mean()).join(model, on="unit")
    wanted = scipy.stats.spearmanr(means["score"].round(9), means["model"]).statistic
    assert found["plain"]["spearman"] == pytest.approx(wanted)
    single = [own.join(model, on="unit") for _, own in people.group_by("rater")]
    each = [scipy.stats.spearmanr(own["score"], own["model"]).statistic for own in single]
    assert found["plain"]["spearman_pairwise"] == pytest.approx(sum(each) / len(each))
    wide = people.pivot(on="rater", index="unit", values="score").drop("unit").to_pandas()
    matrix = wide.corr(method="spearman", min_periods=10).to_numpy()
    pairs = [matrix[i, j] for i in range(8) for j in range(i)]
    assert found["plain"]["ceiling_pairwise"] == pytest.approx(sum(pairs) / len(pairs))
    others = [(wide[r], wide.drop(columns=r).mean(axis=1).round(9)) for r in wide.columns]
    beside = [own.corr(rest, method="spearman") for own, rest in others]
    assert found["all raters"]["ceiling"] == pytest.approx(sum(beside) / len(beside))


def test_preference_effects_find_what_was_planted_together(planted: Release) -> None:
    table = preference_effects(long_form(planted), planted)
    assert table.schema == EFFECTS_SCHEMA
    rows = {(row["judge"], row["effect"]): row for row in table.iter_rows(named=True)}
    assert [effect for judge, effect in rows if judge == "keen"] == ["intercept", "side", "length", "mention"]
    wanted = {"side": PLANTED.side, "length": PLANTED.length, "mention": PLANTED.mention}
    for name, judge in (("all raters", PEOPLE), ("keen", "keen"), ("plain", "plain")):
        for effect, values in wanted.items():
            row = rows[name, effect]
            half = (row["high"] - row["low"]) / 2
            assert abs(row["estimate"] - values.get(judge, 0.0)) < 1.6 * half, (name, effect)  # nine at 3 errors
            assert half < 0.2
    assert rows["keen", "mention"]["p"] < 0.001
    assert rows["keen", "side"]["n"] == 576


def test_preference_effects_of_more_levels_than_the_model_holds_are_least_squares(
    planted: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.mixed.MOST_CROSSED", 5)
    row = preference_effects(long_form(planted), planted).filter(judge="keen", effect="side").row(0, named=True)
    assert row["reason"] == "least squares: too many levels for random effects"
    assert row["low"] < 0.8 < row["high"]


def test_order_of_a_model_that_was_asked_once_is_between_its_answers() -> None:
    release = preference_release(PLANTED, {"keen": 0.3}, both_orders=False)
    row = judges(long_form(release), release).filter(judge="keen").row(0, named=True)
    assert row["order_units"] == 0
    assert row["order_low"] < 0.8 < row["order_high"]


def test_preference_effects_without_lengths_mentions_or_sides_say_so() -> None:
    release = _release([["3", "5"], ["3", "3"], ["1", "2"], ["2", "4"]], [{}] * 4)
    rows = {row["effect"]: row for row in preference_effects(long_form(release), release).iter_rows(named=True)}
    assert rows["intercept"]["estimate"] == pytest.approx(23 / 8 - 3)
    assert rows["side"]["reason"] == "side does not vary"
    assert rows["length"]["reason"] == "length not known of any answer"
    assert all(math.isnan(rows[effect]["estimate"]) for effect in ("side", "length", "mention"))


def test_judges_of_units_that_people_have_not_seen_have_no_shift() -> None:
    release = _release([[], []], [{"right": "5"}, {"right": "1"}])
    (row,) = judges(long_form(release), release).iter_rows(named=True)
    assert (row["mean"], math.isnan(row["shift"]), math.isnan(row["spearman"])) == (3.0, True, True)
    assert row["reason"] == "no unit in common with people"


def test_comparisons_of_nothing_are_empty() -> None:
    release = release_of()
    assert comparisons(long_form(release), release).is_empty()
    assert judges(long_form(release), release).is_empty()
    assert preference_effects(long_form(release), release).is_empty()
