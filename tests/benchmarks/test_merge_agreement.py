from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.merge_agreement import (
    ALL,
    THRESHOLDS,
    Pairs,
    Speaking,
    agreement,
    best_threshold,
    measure,
    pairs_of,
    person_of,
    read_corpora,
    speaking_as_ours,
    tables,
)
from benchmarks.merge_picture import merge_picture

MERGED = [
    {"attribute": "b", "original_attributes": ["a", "b"], "original_confidences": [0.5, 0.8], "confidence": 0.9},
    {"attribute": "c", "original_attributes": ["c"], "original_confidences": [0.7], "confidence": 0.7},
]
VECTORS = {"a": [1.0, 0.0], "b": [0.9, 0.3], "c": [0.0, 1.0]}


def test_pairs_of_counts_what_both_join() -> None:
    """Six pairs; the study joins 0-1 and 2-3, we join 0-1, 0-2 and 1-2: one in common, F1 = 2 x 1 / (3 + 2)."""
    pairs = pairs_of([0, 0, 1, 1], [5, 5, 5, 7])
    assert pairs == Pairs(both=1, ours=3, theirs=2)
    assert pairs.f1 == pytest.approx(0.4)
    assert pairs_of([0, 1], [0, 1]).f1 == 1.0


def test_agreement_is_whole_where_the_groups_are_the_same_and_nothing_where_all_is_one() -> None:
    """a and b are 0.051 apart, c is 0.84 from them on average."""
    person = person_of(MERGED)
    same, one = (agreement([person], VECTORS, threshold) for threshold in (0.3, 0.9))
    assert (same.rand, same.f1, same.groups) == (1.0, 1.0, 2)
    assert (one.rand, one.groups) == (0.0, 1)
    assert one.f1 == pytest.approx(2 * 1 / (3 + 1))


def test_speaking_as_ours_takes_groups_of_several() -> None:
    """1 - 0.5 x 0.2 = 0.9, and b is the more confident."""
    assert speaking_as_ours(MERGED) == Speaking(groups=1, most_confident=1, noisy_or=1)
    assert speaking_as_ours([MERGED[0] | {"attribute": "a", "confidence": 0.85}]) == Speaking(1, 0, 0)


def test_tables_and_picture_show_every_corpus_and_threshold(tmp_path: Path) -> None:
    (tmp_path / "personas").mkdir()
    (tmp_path / "study" / "extracted").mkdir(parents=True)
    for stem in ("cupid", "prefeval", "personalens"):
        row = {"user_id": "u", "merged_attributes": MERGED}
        (tmp_path / "personas" / f"{stem}_attrs_merged.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    items = [json.dumps({"user_id": user, "profile_attributes": MERGED}) for user in ("v", "v", "w")]
    (tmp_path / "study" / "extracted" / "task5_items.jsonl").write_text("\n".join(items), encoding="utf-8")
    corpora = read_corpora(tmp_path)
    assert {name: len(people) for name, people in corpora.items()} == {
        "CUPID": 1,
        "PrefEval": 1,
        "PersonaLens": 1,
        "WildChat": 2,
    }
    found = measure(corpora, VECTORS)
    text = tables(corpora, found)
    assert "| WildChat | 2 | 6 | 4 |" in text
    assert text.count("\n| 0.") == len(THRESHOLDS)
    assert "<title>Adjusted Rand index" in merge_picture(found, best_threshold(found[ALL]))


def test_read_corpora_names_the_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cupid_attrs_merged\.jsonl: there is no such file"):
        read_corpora(tmp_path)
