from __future__ import annotations

import polars as pl

from analysis.agreement import agreement_pairs
from analysis.longform import long_form
from benchmarks.analysis_bare import agreement_by_libraries, matrices
from benchmarks.analysis_material import BASELINES, MODELS, RATERS, STUDY, UNITS, K, invented


def test_invented_release_has_the_studys_proportions_and_k_raters_a_unit() -> None:
    long = long_form(invented(STUDY // 10))
    people = long.filter(pl.col("kind") == "human")
    units = people.group_by("instrument", "unit").agg(pl.col("rater").n_unique())
    assert dict(units.group_by("instrument").len().iter_rows()) == {
        name: round(n * (STUDY // 10) / STUDY) for name, n in UNITS.items()
    }
    assert units["rater"].unique().to_list() == [K]
    assert people["rater"].n_unique() == RATERS
    assert set(long.filter(pl.col("kind") != "human")["rater"]) == {*MODELS, *BASELINES}


def test_bare_calls_are_made_for_every_pair() -> None:
    long = long_form(invented(600)).filter(pl.col("instrument") == "relevance")
    pairs = agreement_pairs(long, replicates=0)
    groups = 3 * 2  # alpha and Fleiss of people, models and both
    assert agreement_by_libraries(matrices(long)) == pairs.height + groups
