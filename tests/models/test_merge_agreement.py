"""The merge stage groups attributes as the study did: docs/results.md says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.merge_agreement import agreement, embed_all, read_corpora
from pipeline.stages.merge import MergeParameters


def test_merge_by_default_makes_the_groups_of_the_study_and_no_other_distance_does(study_data: Path) -> None:
    corpora = read_corpora(study_data)
    vectors = embed_all(corpora, embedder="local", model="all-MiniLM-L6-v2", options={})
    people = [person for each in corpora.values() for person in each]
    usual = agreement(people, vectors, MergeParameters().distance)
    assert (len(people), usual.groups, set(usual.rands)) == (68, 1826, {1.0})
    assert (usual.information, usual.f1) == pytest.approx((1.0, 1.0), abs=1e-9)
    for other in (0.25, 0.35, 0.7):
        assert agreement(people, vectors, other).rand < 0.9, other
