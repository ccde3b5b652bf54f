from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from statsmodels.formula.api import ols

from analysis.longform import long_form
from analysis.planning import planning, variance_parts
from analysis.release import Release, release_from_frames
from tests.analysis.frames import campaign, item, judgment, table, unit_of
from tests.analysis.synthetic import synthetic_frames


def judged(share: float = 0.5, sure: float = 0.8, k: int = 3, people: int = 60, each: int = 5) -> Release:
    """Every attribute its own truth, raters who are right with chance ``sure``."""
    rng = np.random.default_rng(12)
    attributes = [{"attribute": f"p{n}-{m}", "person": f"p{n}", "run": "x"} for n in range(people) for m in range(each)]
    units = [unit_of("relevance", str(row["attribute"]), "prompt") for row in attributes]
    judgments = []
    for unit in units:
        yes = rng.random() < share
        judgments += [judgment("c", unit, f"r{n}", "yes" if yes == (rng.random() < sure) else "no") for n in range(k)]
    rows = {
        "people": [{"person": f"p{n}", "corpus": "c", "corpus_kind": "human"} for n in range(people)],
        "attributes": attributes,
        "runs": [{"run": "x", "stage": "extract"}],
        "campaigns": [campaign("c", "relevance")],
        "items": [item("c", units)],
        "judgments": judgments,
    }
    return release_from_frames({name: table(name, found) for name, found in rows.items()})


def test_variance_parts_are_those_of_the_analysis_of_variance() -> None:
    # units with answers (0, 1), (1, 1), (0, 0): means 1/2, 1, 0. Within: (1/2 + 0 + 0) / 3 = 1/6.
    # Variance of the means: 1/4; of it within puts in (1/6) / 2 = 1/12; between = 1/4 - 1/12 = 1/6.
    units = pl.DataFrame({"n": [2, 2, 2], "people": [0.5, 1.0, 0.0], "within": [0.5, 0.0, 0.0]})
    assert variance_parts(units) == (pytest.approx(1 / 6), pytest.approx(1 / 6))
    table = pl.DataFrame({"y": [0.0, 1, 1, 1, 0, 0], "unit": ["a", "a", "b", "b", "c", "c"]}).to_pandas()
    assert ols("y ~ unit", table).fit().mse_resid == pytest.approx(1 / 6)


def test_units_with_one_answer_say_nothing_about_how_answers_vary() -> None:
    units = pl.DataFrame({"n": [1, 1], "people": [1.0, 0.0], "within": [math.nan, math.nan]})
    assert all(math.isnan(part) for part in variance_parts(units))


def test_what_the_plan_says_is_what_a_study_of_that_size_gets() -> None:
    release = judged()
    plan = planning(long_form(release), release).filter(pl.col("target") == 0.05, pl.col("per_unit") == 3)
    needed = plan["units_needed"].item()
    bigger = judged(people=round(needed / 5))
    got = planning(long_form(bigger), bigger)["half_width"][0]
    assert got == pytest.approx(0.05, rel=0.15)


def test_more_judgments_a_unit_need_fewer_units_and_never_fewer_judgments() -> None:
    release = judged(sure=0.7)
    plan = planning(long_form(release), release).filter(pl.col("target") == 0.02).sort("per_unit")
    assert plan["units_needed"].is_sorted(descending=True)
    assert plan["judgments_needed"].is_sorted()
    assert (plan["more_judgments"] == plan["judgments_needed"] - 900).all()


def test_an_interval_that_is_narrow_enough_needs_nothing_more() -> None:
    release = judged(people=400)
    plan = planning(long_form(release), release)
    wide = plan.filter(pl.col("target") == 0.05)
    assert (wide["half_width"] < 0.05).all()
    assert wide["more_judgments"].to_list() == [0, 0, 0, 0]
    assert (plan.filter(pl.col("target") == 0.01)["more_judgments"] > 0).all()


def test_one_answer_each_gives_no_plan_and_no_variation_no_row() -> None:
    single = judged(k=1)
    assert set(planning(long_form(single), single)["more_judgments"]) == {-1}
    agreed = judged(share=1.0, sure=1.0)
    assert planning(long_form(agreed), agreed).height == 0


def test_preference_is_planned_on_its_own_scale_and_by_generator() -> None:
    frames = synthetic_frames()
    pairs, attributes = frames["response_pairs"]["pair"].to_list(), frames["attributes"]["attribute"].to_list()
    moved = {f"p:attr-0:{pair}": attributes[n] for n, pair in enumerate(pairs)}  # each pair about another attribute
    about = pl.col("unit").replace(moved)
    judgments = frames["judgments"]
    frames["judgments"] = judgments.with_columns(
        attribute=pl.when(pl.col("instrument") == "preference").then(about).otherwise("attribute")
    )
    release = release_from_frames(frames)
    plan = planning(long_form(release), release).filter(pl.col("instrument") == "preference")
    assert set(plan["target"]) == {0.2, 0.1, 0.05}
    assert set(plan["subject"]) == {"", "claude-sonnet-4-6", "gpt-5.4"}
