from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from analysis.longform import long_form
from analysis.release import Release
from analysis.schema import RELEVANCE
from analysis.selection import (
    BY_SCHEMA,
    SELECTION_SCHEMA,
    Scores,
    majority_labels,
    marked_relevant,
    published_labels,
    selection,
    selection_by,
)
from tests.analysis.answers import long_of
from tests.analysis.frames import campaign, item, judgment, release_of, unit_of, vote


def _release(people: dict[str, str], model: str, **more: Any) -> Release:
    """Units by position; ``people`` maps a rater to y, n or . (no answer) for each unit, ``model`` likewise."""
    units = [unit_of(RELEVANCE, f"a{i}", "p") for i in range(len(model))]
    word = {"y": "yes", "n": "no"}
    judged = [
        judgment("c", unit, rater, word[answer])
        for rater, answers in people.items()
        for unit, answer in zip(units, answers, strict=True)
        if answer != "."
    ]
    votes = [vote(unit, "m", word[answer]) for unit, answer in zip(units, model, strict=True) if answer != "."]
    return release_of(
        campaigns=[campaign("c", RELEVANCE)], items=[item("c", units)], judgments=judged, model_votes=votes, **more
    )


def test_selection_worked_example() -> None:
    # majority of three: y y n n y, model: y n y n . -> on the first 4: tp 1, fn 1, fp 1, tn 1: everything 1/2
    release = _release({"a": "yynny", "b": "yynyy", "c": "nynnn"}, "ynyn.")
    row = selection(long_form(release), release).row(0, named=True)
    counts = (row["true_positive"], row["false_positive"], row["false_negative"], row["true_negative"])
    assert (row["rater"], row["label"], row["n"], counts) == ("m", "majority of the judgments", 4, (1, 1, 1, 1))
    assert (row["precision"], row["recall"], row["f1"], row["accuracy"]) == (0.5, 0.5, 0.5, 0.5)
    assert (row["share_label"], row["share_marked"]) == (0.5, 0.5)


def test_selection_leaves_ties_out_and_counts_them() -> None:
    release = _release({"a": "yy", "b": "yn"}, "yy")
    row = selection(long_form(release), release).row(0, named=True)
    assert (row["n"], row["ties"], row["true_positive"]) == (1, 1, 1)


def test_selection_needs_min_judgments() -> None:
    release = _release({"a": "yy", "b": "y."}, "yy")
    assert selection(long_form(release), release, min_judgments=2)["n"].to_list() == [1]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_scores_equal_scikit_learn(answers: list[tuple[bool, bool]]) -> None:
    truth, found = np.array([t for t, _ in answers]), np.array([f for _, f in answers])
    cells = [(truth, found), (~truth, found), (truth, ~found), (~truth, ~found)]
    scores = Scores(*[int((wanted & given_).sum()) for wanted, given_ in cells])
    precision, recall, f1, _ = precision_recall_fscore_support(truth, found, average="binary", zero_division=np.nan)
    mine = (scores.precision, scores.recall, scores.f1, scores.accuracy)
    assert mine == pytest.approx((precision, recall, f1, accuracy_score(truth, found)), nan_ok=True)


def test_scores_without_a_denominator_are_nan() -> None:
    never, none = Scores(0, 0, 2, 1), Scores(0, 0, 0, 3)
    assert math.isnan(never.precision)
    assert (never.recall, never.f1) == (0.0, 0.0)
    assert all(math.isnan(score) for score in (none.precision, none.recall, none.f1))
    assert math.isnan(Scores(0, 0, 0, 0).accuracy)


def test_majority_labels_need_more_than_half() -> None:
    # first unit: 2, 2 and 1 of 5, so the largest share is no majority; second: 4 and 1 of 5
    answers = {"a": ["1", "1"], "b": ["1", "1"], "c": ["2", "1"], "d": ["2", "1"], "e": ["3", "2"]}
    labels = majority_labels(long_of(answers))
    assert labels.select("label", "share").rows() == [(None, 0.4), ("1", 0.8)]


def test_majority_labels_of_a_tie_are_null_with_the_largest_share() -> None:
    labels = majority_labels(long_of({"a": ["yes", "yes"], "b": ["yes", "no"], "c": ["no", None]}))
    assert labels.select("label", "n").rows() == [("yes", 3), (None, 2)]
    assert labels["share"].to_list() == pytest.approx([2 / 3, 1 / 2])


def _label(unit: dict[str, Any], run: str, value: str | None, **more: Any) -> dict[str, Any]:
    return {**unit, "run": run, "campaign": "c", "method": "majority", "value": value, "n": 3, "share": 1.0} | more


def test_selection_against_published_labels_takes_the_newest_run_of_the_method() -> None:
    units = [unit_of(RELEVANCE, f"a{i}", "p") for i in range(2)]
    runs = [{"run": "old", "created_at": "1"}, {"run": "new", "created_at": "2"}, {"run": "run-m", "model": "m"}]
    labels = [_label(units[0], "old", "no"), *[_label(unit, "new", "yes") for unit in units]]
    labels += [_label(units[1], "newest", "no", method="adjudicated")]
    release = _release({}, "yn", runs=runs, labels=labels)
    assert published_labels(release)["label"].to_list() == ["yes", "yes"]
    row = selection(long_form(release), release, source="majority").row(0, named=True)
    assert (row["label"], row["precision"], row["recall"]) == ("release's label by method majority", 1.0, 0.5)
    assert selection(long_form(release), release, source="majority", min_judgments=4).is_empty()


def test_labels_of_simulated_raters_are_never_held_against_models_in_a_human_campaign() -> None:
    unit = unit_of(RELEVANCE, "a", "p")
    runs = [{"run": "human", "created_at": "1"}, {"run": "simulated", "created_at": "2"}]
    release = release_of(
        campaigns=[campaign("c", RELEVANCE), campaign("s", RELEVANCE, "simulated")],
        items=[item("c", [unit]), item("s", [unit])],
        runs=runs,
        labels=[_label(unit, "human", "yes"), _label(unit, "simulated", "no", campaign="s")],
    )
    assert published_labels(release).select("campaign", "label").rows() == [("c", "yes"), ("s", "no")]


def test_imported_labels_belong_to_every_campaign_that_asks_their_unit() -> None:
    unit = unit_of(RELEVANCE, "a", "p")
    release = release_of(
        campaigns=[campaign("c", RELEVANCE), campaign("d", RELEVANCE), campaign("e", RELEVANCE)],
        items=[item("c", [unit]), item("d", [unit])],
        labels=[_label(unit, "import", "yes", campaign="", method="imported")],
    )
    assert published_labels(release, "imported")["campaign"].to_list() == ["c", "d"]


def test_marked_relevant_counts_each_rater_and_all_people_together() -> None:
    long = long_of({"a": ["yes", "no"], "b": ["yes", None], "m": ["yes", "yes"]}, {"m": "model"})
    found = marked_relevant(long, release_of()).select("rater", "kind", "raters", "n", "marked").rows()
    assert found == [
        ("a", "human", 1, 2, 1),
        ("all raters", "human", 2, 3, 2),
        ("b", "human", 1, 1, 1),
        ("m", "model", 1, 2, 2),
    ]


def test_selection_of_nothing_is_empty() -> None:
    release = _release({}, "y")
    assert selection(long_form(release), release).is_empty()
    assert marked_relevant(pl.DataFrame(schema=long_of({}).schema), release).is_empty()


def _crossed(seed: int = 1, people: int = 8, prompts: int = 6) -> Release:
    """Three attributes of every person to every prompt; three people and a model that says yes too often."""
    rng = np.random.default_rng(seed)
    attributes = [
        {"attribute": f"a{p}-{n}", "person": f"person-{p}", "run": "x"} for p in range(people) for n in range(3)
    ]
    units = [unit_of(RELEVANCE, str(a["attribute"]), f"q{q}") for a in attributes for q in range(prompts)]
    wanted = rng.random(len(units)) < 0.3
    marked = rng.random(len(units)) < np.where(wanted, 0.8, 0.4)
    word = {True: "yes", False: "no"}
    return release_of(
        attributes=attributes,
        campaigns=[campaign("c", RELEVANCE)],
        items=[item("c", units)],
        judgments=[
            judgment("c", unit, rater, word[bool(yes)])
            for unit, yes in zip(units, wanted, strict=True)
            for rater in ("a", "b", "d")
        ],
        model_votes=[vote(unit, "m", word[bool(yes)]) for unit, yes in zip(units, marked, strict=True)],
    )


def test_selection_intervals_hold_each_figure_and_over_selection_is_the_ratio_of_shares() -> None:
    release = _crossed()
    table = selection(long_form(release), release)
    assert table.schema == SELECTION_SCHEMA
    row = table.row(0, named=True)
    assert row["over_selection"] == pytest.approx(row["share_marked"] / row["share_label"])
    figures = ("precision", "recall", "f1", "accuracy", "share_label", "share_marked", "over_selection")
    for figure in figures:
        assert row[f"{figure}_low"] < row[figure] < row[f"{figure}_high"], figure
    assert row["over_selection_low"] > 1
    assert row["reason"] == ""


def test_selection_intervals_are_near_a_bootstrap_of_persons_where_prompts_do_not_matter() -> None:
    release = _crossed(3, people=40, prompts=4)
    long = long_form(release)
    row = selection(long, release).row(0, named=True)
    persons = selection_by(long, release, "person")
    tp, wrong = persons["true_positive"].to_numpy(), (persons["false_positive"] + persons["false_negative"]).to_numpy()
    drawn = np.random.default_rng(0).multinomial(40, np.full(40, 1 / 40), 4000)
    low, high = np.quantile(2 * (drawn @ tp) / (2 * (drawn @ tp) + drawn @ wrong), [0.025, 0.975])
    assert row["f1_high"] - row["f1_low"] == pytest.approx(high - low, rel=0.35)
    assert row["f1_low"] == pytest.approx(low, abs=0.03)


def test_selection_of_one_prompt_has_no_interval_and_says_why() -> None:
    release = _crossed(prompts=1)
    row = selection(long_form(release), release).row(0, named=True)
    assert row["reason"] == "only one prompt"
    assert math.isnan(row["f1_low"])
    assert not math.isnan(row["f1"])


def test_selection_by_person_and_prompt_adds_up_to_the_whole() -> None:
    release = _crossed()
    long = long_form(release)
    whole = selection(long, release)
    for by, levels in (("person", 8), ("prompt", 6)):
        table = selection_by(long, release, by)  # type: ignore[arg-type]
        assert table.schema == BY_SCHEMA
        assert (table.height, set(table["by"])) == (levels, {by})
        for cell in ("n", "true_positive", "false_positive", "false_negative", "true_negative"):
            assert table[cell].sum() == whole[cell].sum()
        first = table.row(0, named=True)
        counts = [first[name] for name in table.columns[6:10]]
        assert [first["precision"], first["recall"], first["f1"], first["accuracy"]] == pytest.approx(
            list(Scores(*counts).row[5:9]), nan_ok=True
        )


def test_selection_by_level_without_denominators_is_nan() -> None:
    release = _release({"a": "nn"}, "nn")
    row = selection_by(long_form(release), release, "prompt").row(0, named=True)
    assert [math.isnan(row[name]) for name in ("precision", "recall", "f1", "over_selection")] == [True] * 4
    assert row["accuracy"] == 1.0


def test_marked_relevant_of_all_raters_is_clustered_by_rater_too() -> None:
    # three raters say yes to everything, three no: answers to an attribute or a prompt are half and half throughout
    answers = {f"r{n}": ["yes" if n < 3 else "no"] * 60 for n in range(6)}
    long = long_of(answers).with_columns(
        pl.col("unit").rank("dense").mod(12).cast(pl.String).alias("attribute"),
        pl.col("unit").rank("dense").mod(5).cast(pl.String).alias("prompt"),
    )
    release = release_of(attributes=[{"attribute": str(n), "person": f"p{n}", "run": "x"} for n in range(12)])
    row = marked_relevant(long, release).filter(rater="all raters").row(0, named=True)
    assert (row["reason"], row["share"]) == ("", 0.5)
    # variance of 6 raters' shares: 6 (1/12)^2 6/5 = 1/20, so 5 answers count; t of 5 degrees of freedom
    t2 = 2.5706**2
    half = math.sqrt(t2 * (0.25 / 5 + t2 / 100)) / (1 + t2 / 5)
    assert (row["low"], row["high"]) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-3)
