from __future__ import annotations

import pytest

from pipeline.backends.baselines import bm25_scores
from pipeline.domain.errors import RunError
from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.models import Run
from pipeline.prompts import guideline_text
from pipeline.stages.pools import best_of_each_person
from pipeline.units import unit_key
from studies.models import Study
from tests import factories
from tests.pipeline.backing import SmallStudy, run_stage, says_yes_of, small_study


@pytest.fixture
def small(study: Study) -> SmallStudy:
    return small_study(study)


def baseline(small: SmallStudy, **parameters: object) -> Run:
    run = plan_run(study=small.study, stage="select", backend="bm25", inputs=[small.merge], parameters=parameters)
    execute_run(run=start_run(run=run))
    return run


def test_select_asks_each_attribute_with_each_prompt_of_its_person(small: SmallStudy) -> None:
    run, backend = run_stage(small.study, "select", [small.merge], says_yes_of("Keeps", "Never"))
    votes = {vote.attribute.text: vote for vote in run.votes.select_related("attribute")}
    assert {text: vote.value for text, vote in votes.items()} == {
        "Keeps bees.": "yes",
        "Never eats honey.": "yes",
        "Sails alone.": "no",
    }
    vote = votes["Keeps bees."]
    assert vote.unit_key == unit_key("relevance", small.attributes[0], prompt=small.prompt)
    assert (vote.reason, vote.side) == ("It does.", "")
    assert vote.completion.text == "YES\nIt does."
    assert len(backend.sent) == 3


def test_select_sends_the_raters_own_instruction(small: SmallStudy) -> None:
    run, backend = run_stage(small.study, "select", [small.merge], says_yes_of())
    assert all(guideline_text("relevance").strip() in request.messages[0].content for request in backend.sent)
    assert run.parameters["guideline_sha256"]


def test_select_asks_only_what_a_sample_drew(small: SmallStudy) -> None:
    drawn = [(small.attributes[0], small.prompt, None), (small.attributes[2], small.prompt, None)]
    sample = factories.make_sample(small.study, "relevance", drawn)
    run, backend = run_stage(small.study, "select", [small.merge, sample], says_yes_of())
    assert {vote.attribute for vote in run.votes.all()} == {small.attributes[0], small.attributes[2]}
    assert len(backend.sent) == 2


def test_select_of_an_empty_sample_is_not_everything(small: SmallStudy) -> None:
    sample = factories.make_sample(small.study, "relevance", [])
    with pytest.raises(RunError, match="nothing to do"):
        run_stage(small.study, "select", [small.merge, sample], says_yes_of())


def test_bm25_weighs_and_votes_on_what_a_sample_drew(small: SmallStudy) -> None:
    sample = factories.make_sample(small.study, "relevance", [(small.attributes[1], small.prompt, None)])
    run = plan_run(study=small.study, stage="select", backend="bm25", inputs=[small.merge, sample])
    execute_run(run=start_run(run=run))
    assert [vote.attribute for vote in run.votes.all()] == [small.attributes[1]]


def test_select_records_what_cannot_be_parsed_and_does_not_ask_again(small: SmallStudy) -> None:
    run, backend = run_stage(small.study, "select", [small.merge], lambda _: "That depends.")
    vote = run.votes.first()
    assert (vote.status, vote.value) == ("unparseable", None)
    assert vote.reason == "expected YES or NO first, got 'That depends.'"
    assert vote.completion.text == "That depends."
    assert run.state == "complete"
    assert len(backend.sent) == 3


def test_bm25_says_yes_where_words_are_shared(small: SmallStudy) -> None:
    run = baseline(small)
    votes = {vote.attribute.text: vote for vote in run.votes.select_related("attribute")}
    assert votes["Never eats honey."].value == "yes"
    assert votes["Never eats honey."].raw_score > 0
    assert votes["Sails alone."].value == "no"
    assert votes["Sails alone."].raw_score == 0
    assert run.model_name == "bm25"
    assert not run.completions.exists()


def test_bm25_threshold_is_a_parameter_and_another_run(small: SmallStudy) -> None:
    strict = baseline(small, threshold=1000)
    assert set(strict.votes.values_list("value", flat=True)) == {"no"}
    assert baseline(small).pk != strict.pk


def test_bm25_scores_weigh_a_word_by_its_rareness() -> None:
    """Lucene's BM25, k1 1.5, b 0.75, three documents of two words: "fig" is in one, "tree" in two.

    idf = ln(1 + (N - n + 0.5) / (n + 0.5)): ln(1 + 2.5 / 1.5) = 0.9808, ln(1 + 1.5 / 2.5) = 0.4700; all lengths are the
    average, so tf = 1 / (1 + 1.5) = 0.4.
    """
    scores = bm25_scores("fig tree", ["fig tree", "apple tree", "apple pie"])
    assert scores == pytest.approx([0.4 * (0.9808 + 0.4700), 0.4 * 0.4700, 0.0], abs=1e-4)


@pytest.mark.parametrize(
    ("query", "documents"), [("", ["a fig"]), ("the", ["a fig"]), ("fig", ["the", "of"]), ("fig", [""])]
)
def test_bm25_scores_nothing_where_no_words_are_left(query: str, documents: list[str]) -> None:
    assert bm25_scores(query, documents) == [0.0] * len(documents)


def test_best_of_each_person_keeps_the_earlier_of_a_tie(small: SmallStudy) -> None:
    assert best_of_each_person(small.attributes, [0.5, 0.5, 0.1], 1) == {0, 2}
    assert best_of_each_person(small.attributes, [0.1, 0.5, 0.1], None) == {0, 1, 2}
