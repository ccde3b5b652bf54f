from __future__ import annotations

import polars as pl
import pytest

from analysis.longform import (
    LONG_SCHEMA,
    campaign_votes,
    judgment_long,
    judgment_outcomes,
    long_form,
    vote_long,
    vote_outcomes,
)
from analysis.release import ReleaseError
from analysis.schema import PREFERENCE, RELEVANCE
from tests.analysis.frames import EPOCH, campaign, item, judgment, release_of, unit_of, vote

UNIT = unit_of(RELEVANCE, "a1", "p1")
OTHER = unit_of(RELEVANCE, "a2", "p1")
PAIR = unit_of(PREFERENCE, "a1", "pair1")


def _answers(frame: pl.DataFrame) -> list[tuple[str, str, str]]:
    return frame.select("rater", "unit", "value").rows()


def test_long_form_holds_people_and_models_with_the_slug_and_the_schema() -> None:
    named = campaign("c", RELEVANCE) | {"slug": "relevance-1"}
    release = release_of(
        campaigns=[named],
        items=[item("c", [UNIT])],
        judgments=[judgment("c", UNIT, "r1", "yes")],
        model_votes=[vote(UNIT, "m", "no")],
    )
    long = long_form(release)
    assert long.schema == LONG_SCHEMA
    assert long.select("campaign", "rater", "kind", "value", "score").rows() == [
        ("relevance-1", "m", "model", "no", 0.0),
        ("relevance-1", "r1", "human", "yes", 1.0),
    ]


def test_judgments_of_human_campaigns_enter_only_when_counted() -> None:
    rows = [
        judgment("c", UNIT, "r1", "yes"),
        judgment("c", UNIT, "r2", "yes", counted=False, not_counted_because="surplus"),
        judgment("c", UNIT, "r3", "yes", counted=False, not_counted_because="imported"),
        judgment("c", UNIT, "r4", None),
    ]
    release = release_of(campaigns=[campaign("c", RELEVANCE)], judgments=rows)
    assert _answers(judgment_long(release)) == [("r1", UNIT["unit"], "yes")]


def test_judgments_of_imported_campaigns_enter_by_their_reason() -> None:
    imported = {"rater_kind": "imported", "counted": False}
    rows = [
        judgment("c", UNIT, "r1", "yes", not_counted_because="imported", **imported),
        judgment("c", UNIT, "r2", "yes", not_counted_because="gold", **imported),
        judgment("c", OTHER, "r1", None, not_counted_because="imported", **imported),
    ]
    release = release_of(campaigns=[campaign("c", RELEVANCE, "imported")], judgments=rows)
    assert _answers(judgment_long(release)) == [("r1", UNIT["unit"], "yes")]
    assert len(judgment_long(release, imported_because=("imported", "gold"))) == 2
    assert judgment_long(release, imported_because=()).is_empty()


def test_a_second_answer_of_a_rater_to_a_unit_stays_out() -> None:
    later = EPOCH.replace("2026", "2027")
    rows = [
        judgment("c", UNIT, "r1", "no", assignment="x", submitted_at=later),
        judgment("c", UNIT, "r1", "yes", assignment="y"),
    ]
    release = release_of(campaigns=[campaign("c", RELEVANCE)], judgments=rows)
    assert _answers(judgment_long(release)) == [("r1", UNIT["unit"], "yes")]
    assert judgment_outcomes(release).select("outcome", "n").rows() == [("in the numbers", 1), ("repeated", 1)]


def test_judgment_outcomes_add_up_to_every_judgment() -> None:
    rows = [
        judgment("c", UNIT, "r1", "yes"),
        judgment("c", UNIT, "r2", None),
        judgment("c", UNIT, "r3", "yes", counted=False, not_counted_because="gold"),
    ]
    release = release_of(campaigns=[campaign("c", RELEVANCE)], judgments=rows)
    found = judgment_outcomes(release).select("outcome", "n").rows()
    assert found == [("erased", 1), ("gold", 1), ("in the numbers", 1)]


def test_votes_belong_to_the_campaigns_whose_work_items_ask_their_unit() -> None:
    release = release_of(
        campaigns=[campaign("c", RELEVANCE), campaign("d", RELEVANCE), campaign("p", PREFERENCE)],
        items=[
            item("c", [UNIT]),
            item("d", [UNIT, OTHER]),
            item("c", [OTHER], item="gold", role="gold"),
            item("p", [UNIT]),
        ],
        model_votes=[vote(UNIT, "m", "yes"), vote(OTHER, "m", "no")],
    )
    found = vote_long(release).select("campaign", "unit").rows()
    assert found == [("c", UNIT["unit"]), ("d", UNIT["unit"]), ("d", OTHER["unit"])]


def test_two_runs_of_a_model_on_one_unit_are_two_raters_and_shards_are_one() -> None:
    twice = [vote(UNIT, "m", "yes", run="one"), vote(UNIT, "m", "no", run="two")]
    shards = [vote(UNIT, "n", "yes", run="three"), vote(OTHER, "n", "no", run="four")]
    release = release_of(
        campaigns=[campaign("c", RELEVANCE), campaign("d", RELEVANCE)],
        items=[item("c", [UNIT, OTHER]), item("d", [OTHER])],
        model_votes=[*twice, *shards, vote(OTHER, "m", "yes", run="one")],
    )
    found = vote_long(release)
    assert sorted(found.filter(pl.col("campaign") == "c")["rater"]) == ["m@one", "m@one", "m@two", "n", "n"]
    assert sorted(found.filter(pl.col("campaign") == "d")["rater"]) == ["m", "n"]


def test_a_preference_in_both_orders_is_one_answer_by_its_mean_score() -> None:
    # left: "2" with the personalized response on the left is score 4; right: "3" is score 3; mean 3.5
    votes = [vote(PAIR, "m", "2", side="left"), vote(PAIR, "m", "3", side="right")]
    release = release_of(campaigns=[campaign("p", PREFERENCE)], items=[item("p", [PAIR])], model_votes=votes)
    assert vote_long(release).select("value", "score").rows() == [("3.5", 3.5)]


def test_a_preference_is_compared_by_score_and_not_by_side() -> None:
    rows = [judgment("p", PAIR, "r1", "2", side="left"), judgment("p", PAIR, "r2", "4", side="right")]
    release = release_of(campaigns=[campaign("p", PREFERENCE)], judgments=rows)
    assert judgment_long(release).select("value", "score").rows() == [("4", 4.0), ("4", 4.0)]


def test_unparseable_votes_are_counted_and_never_answers() -> None:
    lost = unit_of(RELEVANCE, "a9", "p1")
    release = release_of(
        campaigns=[campaign("c", RELEVANCE)],
        items=[item("c", [UNIT, OTHER])],
        model_votes=[vote(UNIT, "m", "yes"), vote(OTHER, "m", None), vote(lost, "m", "yes")],
    )
    assert _answers(vote_long(release)) == [("m", UNIT["unit"], "yes")]
    assert vote_outcomes(release).rows() == [
        ("", "m", "model", "answered", 1, 1.0),
        ("c", "m", "model", "answered", 1, 0.5),
        ("c", "m", "model", "unparseable", 1, 0.5),
    ]


def test_a_run_of_a_baseline_is_marked_as_one() -> None:
    release = release_of(
        campaigns=[campaign("c", RELEVANCE)],
        items=[item("c", [UNIT])],
        runs=[{"run": "run-BM25", "backend": "baselines"}],
        model_votes=[vote(UNIT, "BM25", "yes")],
    )
    assert campaign_votes(release).collect()["kind"].to_list() == ["baseline"]


def test_one_name_for_a_person_and_a_model_is_refused() -> None:
    release = release_of(
        campaigns=[campaign("c", RELEVANCE)],
        items=[item("c", [UNIT])],
        judgments=[judgment("c", UNIT, "m", "yes")],
        model_votes=[vote(UNIT, "m", "yes")],
    )
    with pytest.raises(ReleaseError, match="'m' is both a person and a model"):
        long_form(release)
