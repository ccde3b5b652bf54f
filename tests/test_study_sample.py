"""The loop on the published study's own files: import, campaigns, release, figures; equal to expected.json to 1e-9.

tests/analysis/test_study_figures.py proves the statistics on frames made straight from the files; this proves that
nothing is lost or bent on the way through the database and the release.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analysis.release import load_release
from analysis.tables import Tables, build_tables
from annotation.domain.building import build_campaign
from annotation.domain.importing import import_corpus
from annotation.instruments import Material
from annotation.models import Campaign, Participant
from annotation.releases.write import make_release
from pipeline.enums import InstrumentName, Stage
from pipeline.models import Run
from studies.models import Study

EXACT = 1e-9


@pytest.fixture
def sample(db: None, study_data: Path) -> Study:
    """The study's files and the personas, with the three campaigns that people can be put to."""
    for folder in ("study", "personas"):
        import_corpus(source="study", path=study_data / folder, slug="sample")
    study = Study.objects.get(slug="sample")
    merged = study.runs.filter(stage=Stage.MERGE).distinct()
    synthetic = merged.filter(attributes__person__corpus__kind="synthetic")
    profiles = merged.filter(attributes__person__pairs__isnull=False)
    responds = study.runs.filter(stage=Stage.RESPOND, responses__given_rows__isnull=False).distinct()
    labels = study.runs.filter(stage=Stage.LABEL, labels__prompt__isnull=False).distinct()
    for slug, instrument, material in (
        ("quality", InstrumentName.ATTRIBUTE_QUALITY, Material(tuple(synthetic))),
        ("relevance", InstrumentName.RELEVANCE, Material(tuple(profiles))),
        ("preference", InstrumentName.PREFERENCE, Material((), tuple(responds), tuple(labels))),
    ):
        build_campaign(study=study, slug=slug, title=slug, instrument=instrument, k=3, material=material, seed="1")
    return study


@pytest.fixture
def tables(sample: Study, tmp_path: Path) -> Tables:
    make_release(study=sample, out=tmp_path / "release")
    return build_tables(load_release(tmp_path / "release"))


def test_study_sample_has_the_published_counts_and_nothing_comes_twice(sample: Study, study_data: Path) -> None:
    campaigns = {campaign.slug: campaign for campaign in Campaign.objects.filter(study=sample)}
    relevance = campaigns["relevance"].questions
    assert relevance.count() == 1855
    assert relevance.values("prompt", "text").distinct().count() == 1854
    assert relevance.values("attribute__person").distinct().count() == 38
    assert relevance.values("prompt").distinct().count() == 22
    assert relevance.values("prompt", "attribute__person").distinct().count() == 79
    assert campaigns["preference"].items.count() == 148
    assert campaigns["preference"].questions.count() == 680
    assert campaigns["quality"].questions.values("attribute__person").distinct().count() == 30
    assert max(item.questions.count() for item in campaigns["relevance"].items.all()) <= 24

    before = Run.objects.count()
    for folder in ("study", "personas"):
        report = import_corpus(source="study", path=study_data / folder, slug="sample")
        assert not any(report.new.values()), report.new
    assert Run.objects.count() == before


def _names(study: Study) -> dict[str, str]:
    """Pseudonyms back to the names in the files, which only the database knows."""
    return dict(Participant.objects.filter(study=study).values_list("pseudonym", "source_id"))


def test_study_sample_figures_equal_expected(sample: Study, tables: Tables, study_data: Path) -> None:
    expected = json.loads((study_data / "study" / "expected.json").read_text())
    names = _names(sample)
    for campaign, section in (("pilot-relevance", "pilot_relevance"), ("relevance", "main_relevance_models")):
        check_agreement(tables, names, campaign, expected[section])
    check_alphas(tables, expected)


def check_agreement(tables: Tables, names: dict[str, str], campaign: str, expected: dict[str, Any]) -> None:
    found: dict[frozenset[str], dict[str, Any]] = {}
    for row in tables["agreement_pairs"].filter(pl.col("campaign") == campaign).iter_rows(named=True):
        found[frozenset(names.get(rater, rater) for rater in (row["rater_a"], row["rater_b"]))] = row
    wanted = [row for group in ("rater_rater", "model_model", "rater_model") for row in expected.get(group, [])]
    assert len(found) == len(wanted)
    for row in wanted:
        pair = found[frozenset((row["a"], row["b"]))]
        assert pair["n"] == row["n"]
        assert pair["agreement"] == pytest.approx(row["agree"], abs=EXACT)
        assert pair["kappa"] == pytest.approx(row["kappa"], abs=EXACT)
    groups = tables["agreement_groups"].filter(pl.col("campaign") == campaign).iter_rows(named=True)
    means = {row["group"]: row for row in groups}
    for name, mean in expected.get("groups", {}).items():
        assert means[name]["pairs"] == mean["pairs"]
        assert means[name]["mean_agreement"] == pytest.approx(mean["mean_agree"], abs=EXACT)
        assert means[name]["mean_kappa"] == pytest.approx(mean["mean_kappa"], abs=EXACT)


def check_alphas(tables: Tables, expected: dict[str, Any]) -> None:
    pilot, quality = expected["pilot_relevance"]["krippendorff_nominal"], expected["pilot_attribute_quality"]
    wanted = {
        ("pilot-relevance", "raters", "nominal"): pilot["humans"],
        ("pilot-relevance", "models", "nominal"): pilot["models"],
        ("pilot-relevance", "all", "nominal"): pilot["all"],
        ("relevance", "models", "nominal"): expected["main_relevance_models"]["krippendorff_nominal"],
        ("pilot-attribute-quality", "raters", "nominal"): quality["krippendorff_nominal"],
        ("pilot-attribute-quality", "raters", "ordinal"): quality["krippendorff_ordinal"],
    }
    rows = tables["krippendorff"].iter_rows(named=True)
    alphas = {(row["campaign"], row["group"], row["level"]): row["alpha"] for row in rows}
    for key, alpha in wanted.items():
        assert alphas[key] == pytest.approx(alpha, abs=EXACT), key
