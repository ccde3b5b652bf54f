from __future__ import annotations

import pytest

from analysis.attribute_quality import LABEL_SHARES_SCHEMA, extractors, label_shares
from analysis.longform import long_form
from analysis.release import Release, ReleaseError
from analysis.schema import ATTRIBUTE_QUALITY
from tests.analysis.frames import campaign, item, judgment, release_of, unit_of, vote

PEOPLE = [
    {"person": "real", "corpus": "wildchat", "corpus_kind": "human"},
    {"person": "made", "corpus": "cupid", "corpus_kind": "synthetic"},
]
RUNS = [
    {"run": "x1", "stage": "extract", "model": "llama"},
    {"run": "x2", "stage": "extract", "model": "gemma"},
    {"run": "merge", "stage": "merge", "model": "minilm"},
    {"run": "import", "stage": "import", "model": ""},
]


def _attribute(name: str, run: str, made_from: list[str] | None = None, person: str = "real") -> dict[str, object]:
    return {"attribute": name, "person": person, "run": run, "made_from": made_from or []}


def _release(answers: list[tuple[str, str, str]]) -> Release:
    """(attribute, rater, value) in one campaign; a1 and a2 of a real person by llama, a3 of a made one, imported."""
    attributes = [_attribute("a1", "x1"), _attribute("a2", "merge", ["a1"]), _attribute("a3", "import", person="made")]
    units = {name: unit_of(ATTRIBUTE_QUALITY, name) for name in ("a1", "a2", "a3")}
    return release_of(
        people=PEOPLE,
        runs=[*RUNS, {"run": "run-m", "model": "m"}],
        attributes=attributes,
        campaigns=[campaign("c", ATTRIBUTE_QUALITY)],
        items=[item("c", units.values())],
        judgments=[judgment("c", units[name], rater, value) for name, rater, value in answers],
        model_votes=[vote(units["a1"], "m", "rejected")],
    )


def test_extractors_follow_merged_attributes_to_the_models_that_made_them() -> None:
    release = release_of(
        people=PEOPLE,
        runs=RUNS,
        attributes=[
            _attribute("a1", "x1"),
            _attribute("a2", "x2"),
            _attribute("m1", "merge", ["a1"]),
            _attribute("m2", "merge", ["m1", "a2"]),
            _attribute("i1", "import"),
        ],
    )
    found = dict(extractors(release).sort("attribute").iter_rows())
    assert found == {"a1": "llama", "a2": "gemma", "m1": "llama", "m2": "gemma + llama", "i1": "not stated"}


def test_extractors_refuse_an_attribute_made_from_itself() -> None:
    loop = [_attribute("a1", "x1", ["a2"]), _attribute("a2", "x1", ["a1"])]
    with pytest.raises(ReleaseError, match="made from itself"):
        extractors(release_of(people=PEOPLE, runs=RUNS, attributes=loop))


def test_label_shares_worked_example() -> None:
    # wildchat by llama: accepted 2, uncertain 1, rejected 1 of 4; cupid not stated: rejected 1 of 1; the vote stays out
    answers = [("a1", "r1", "accepted"), ("a1", "r2", "uncertain"), ("a2", "r1", "accepted"), ("a2", "r2", "rejected")]
    release = _release([*answers, ("a3", "r1", "rejected")])
    shares = label_shares(long_form(release), release)
    assert shares.schema == LABEL_SHARES_SCHEMA
    found = shares.select("corpus", "extractor", "raters", "attributes", "n", "value", "count", "share").rows()
    assert found == [
        ("cupid", "not stated", 1, 1, 1, "accepted", 0, 0.0),
        ("cupid", "not stated", 1, 1, 1, "uncertain", 0, 0.0),
        ("cupid", "not stated", 1, 1, 1, "rejected", 1, 1.0),
        ("wildchat", "llama", 2, 2, 4, "accepted", 2, 0.5),
        ("wildchat", "llama", 2, 2, 4, "uncertain", 1, 0.25),
        ("wildchat", "llama", 2, 2, 4, "rejected", 1, 0.25),
    ]
    assert set(shares["reason"]) == {"only one person"}
    assert shares["low"].is_nan().all()


def test_label_shares_without_judgments_are_empty() -> None:
    release = _release([])
    assert label_shares(long_form(release), release).is_empty()
