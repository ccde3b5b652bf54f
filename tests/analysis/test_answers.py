from __future__ import annotations

import math

from analysis.answers import comparisons, mentions, people_answers, with_person
from analysis.longform import long_form
from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE
from tests.analysis.frames import campaign, item, judgment, release_of, unit_of, vote


def test_comparisons_worked_example() -> None:
    # 8 characters against 2 are two doublings; left 2 is 4 towards personalized; the model's two orders are two rows
    unit = unit_of(PREFERENCE, "a", "x")
    release = release_of(
        campaigns=[campaign("p", PREFERENCE)],
        items=[item("p", [unit])],
        response_pairs=[
            {"pair": "x", "person": "ann", "prompt": "q", "generator": "g", "generic": "r1", "personalized": "r2"}
        ],
        responses=[{"response": "r1", "text": "äö"}, {"response": "r2", "text": "12345678"}],
        judgments=[judgment("p", unit, "r", "2", side="left")],
        model_votes=[vote(unit, "m", "3", side="right"), vote(unit, "m", "1", side="left")],
        findings=[{**unit, "run": "f", "rater": "f", "kind": "mention", "status": "answered", "value": "yes"}],
    )
    found = comparisons(long_form(release), release)
    columns = ["judge", "kind", "side", "score", "person", "prompt", "generator", "length", "mention"]
    assert found.select(columns).rows() == [
        ("m", "model", "left", 5.0, "ann", "q", "g", 2.0, 1.0),
        ("m", "model", "right", 3.0, "ann", "q", "g", 2.0, 1.0),
        ("all raters", "human", "left", 4.0, "ann", "q", "g", 2.0, 1.0),
    ]


def test_comparisons_without_a_text_have_no_length() -> None:
    unit = unit_of(PREFERENCE, "a", "x")
    release = release_of(
        campaigns=[campaign("p", PREFERENCE)],
        response_pairs=[{"pair": "x", "generic": "r1", "personalized": "lost"}],
        responses=[{"response": "r1", "text": "words"}],
        judgments=[judgment("p", unit, "r", "2")],
    )
    row = comparisons(long_form(release), release).row(0, named=True)
    assert (row["length"], row["mention"]) == (None, None)
    assert not math.isnan(row["score"])


def test_people_answers_take_the_judgment_that_counts() -> None:
    unit = unit_of(ATTRIBUTE_QUALITY, "a")
    surplus = {"counted": False, "not_counted_because": "surplus", "assignment": "early", "submitted_at": "1"}
    judged = [
        judgment("c", unit, "r", "rejected", reason="of the surplus", **surplus),
        judgment("c", unit, "r", "rejected", reason="of the one that counts", submitted_at="2"),
        judgment("c", unit, "r", "rejected", reason="of the second", submitted_at="3", assignment="again"),
    ]
    release = release_of(campaigns=[campaign("c", ATTRIBUTE_QUALITY)], items=[item("c", [unit])], judgments=judged)
    assert people_answers(long_form(release), release, "reason")["reason"].to_list() == ["of the one that counts"]


def test_answers_on_an_attribute_that_is_not_there_belong_to_nobody() -> None:
    unit = unit_of(ATTRIBUTE_QUALITY, "a")
    release = release_of(campaigns=[campaign("c", ATTRIBUTE_QUALITY)], judgments=[judgment("c", unit, "r", "rejected")])
    assert with_person(long_form(release), release)["person"].to_list() == [""]


def test_mentions_of_nothing_are_empty() -> None:
    assert mentions(release_of()).is_empty()
