"""Every figure of the published pilot that was computed independently (study/expected.json), to 1e-9."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from analysis.tables import Tables, build_tables
from tests.analysis.pilot import STUDY, need_study, pilot_release

EXACT = 1e-9


@pytest.fixture(scope="module")
def tables() -> Tables:
    need_study()
    return build_tables(pilot_release())


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    need_study()
    found: dict[str, Any] = json.loads((STUDY / "expected.json").read_text(encoding="utf-8"))
    return found


def _pairs(tables: Tables, campaign: str) -> dict[tuple[str, str], tuple[int, float, float]]:
    rows = tables["agreement_pairs"].filter(pl.col("campaign") == campaign)
    return {(r["rater_a"], r["rater_b"]): (r["n"], r["agreement"], r["kappa"]) for r in rows.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("campaign", "section", "groups"),
    [
        ("pilot-relevance", "pilot_relevance", ["model_model", "rater_rater", "rater_model"]),
        ("main-relevance", "main_relevance_models", ["model_model"]),
    ],
)
def test_agreement_pairs_equal_the_study(
    tables: Tables, expected: dict[str, Any], campaign: str, section: str, groups: list[str]
) -> None:
    wanted = {(row["a"], row["b"]): row for group in groups for row in expected[section][group]}
    found = _pairs(tables, campaign)
    assert found.keys() == wanted.keys()
    for pair, (n, agreement, kappa) in found.items():
        assert n == wanted[pair]["n"]
        assert agreement == pytest.approx(wanted[pair]["agree"], abs=EXACT)
        assert kappa == pytest.approx(wanted[pair]["kappa"], abs=EXACT)


def test_agreement_groups_equal_the_study(tables: Tables, expected: dict[str, Any]) -> None:
    groups = tables["agreement_groups"].filter(pl.col("campaign") == "pilot-relevance").iter_rows(named=True)
    found = {row["group"]: row for row in groups}
    assert found.keys() == expected["pilot_relevance"]["groups"].keys()
    for name, wanted in expected["pilot_relevance"]["groups"].items():
        assert found[name]["pairs"] == wanted["pairs"]
        assert found[name]["mean_agreement"] == pytest.approx(wanted["mean_agree"], abs=EXACT)
        assert found[name]["mean_kappa"] == pytest.approx(wanted["mean_kappa"], abs=EXACT)


def test_krippendorff_equals_the_study(tables: Tables, expected: dict[str, Any]) -> None:
    rows = tables["krippendorff"].iter_rows(named=True)
    alpha = {(row["campaign"], row["group"], row["level"]): row["alpha"] for row in rows}
    pilot = expected["pilot_relevance"]["krippendorff_nominal"]
    quality = expected["pilot_attribute_quality"]
    wanted = {
        ("pilot-relevance", "raters", "nominal"): pilot["humans"],
        ("pilot-relevance", "models", "nominal"): pilot["models"],
        ("pilot-relevance", "all", "nominal"): pilot["all"],
        ("main-relevance", "models", "nominal"): expected["main_relevance_models"]["krippendorff_nominal"],
        ("pilot-quality", "raters", "nominal"): quality["krippendorff_nominal"],
        ("pilot-quality", "raters", "ordinal"): quality["krippendorff_ordinal"],
    }
    for key, value in wanted.items():
        assert alpha[key] == pytest.approx(value, abs=EXACT), key


@pytest.mark.parametrize(
    ("campaign", "section"), [("pilot-relevance", "pilot_relevance"), ("main-relevance", "main_relevance_models")]
)
def test_marked_relevant_equals_the_study(
    tables: Tables, expected: dict[str, Any], campaign: str, section: str
) -> None:
    rows = tables["marked_relevant"].filter((pl.col("campaign") == campaign) & (pl.col("rater") != "all raters"))
    found = {row["rater"]: (row["n"], row["share"]) for row in rows.iter_rows(named=True)}
    wanted = expected[section]["raters"]
    assert found.keys() == wanted.keys()
    for rater, (n, share) in found.items():
        assert n == wanted[rater]["n"]
        assert share == pytest.approx(wanted[rater]["share_yes"], abs=EXACT)
