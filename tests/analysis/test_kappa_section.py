from __future__ import annotations

import polars as pl
import pytest

from analysis.figures.parts import in_number
from analysis.longform import MODEL
from analysis.release import release_from_frames
from analysis.report.sections.kappa import kappa
from analysis.tables import Context, context_of
from tests.analysis.synthetic import synthetic_frames


@pytest.fixture(scope="module")
def context() -> Context:
    """Raters, models and a baseline, more than a matrix holds."""
    return context_of(release_from_frames(synthetic_frames(raters=14)))


def test_dots_of_a_group_are_the_pairs_of_its_mean(context: Context) -> None:
    section = kappa(context)
    part = next(part for part in section.parts if part.campaign.slug == "relevance")
    pairs = context["agreement_pairs"].filter(pl.col("campaign") == "relevance", pl.col("kappa").is_not_nan())
    models = pairs.filter((pl.col("kind_a") == MODEL) & (pl.col("kind_b") == MODEL))
    mean = context["agreement_groups"].filter(pl.col("campaign") == "relevance", pl.col("group") == "model_model")
    assert models["kappa"].mean() == pytest.approx(mean["mean_kappa"].item())
    assert f"{mean['mean_kappa'].item():.2f}  {models.height} pairs" in part.body
    assert "any with baselines" in part.body


def test_sentence_says_both_means_and_whose_the_interval_is(context: Context) -> None:
    section = kappa(context)
    part = next(part for part in section.parts if part.campaign.slug == "relevance")
    of = (pl.col("group") == "rater_rater") & (pl.col("campaign") == "relevance")
    row = context["agreement_groups"].row(by_predicate=of, named=True)
    plain, settled = (in_number(row[name]) for name in ("mean_kappa", "kappa_settled"))
    assert plain != settled
    ends = " to ".join(in_number(row[name]) for name in ("settled_low_raters", "settled_high_raters"))
    assert f"people among themselves {plain}, {settled} on many units (95 % interval {ends})" in part.says
