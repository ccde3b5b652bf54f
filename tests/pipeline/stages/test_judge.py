from __future__ import annotations

import pytest

from pipeline.models import Attribute, Prompt, Response, ResponsePair, Run
from pipeline.prompts import guideline_text
from pipeline.requests import ModelRequest
from pipeline.stages.judge import Comparison, question, shuffled_side
from studies.models import Study
from tests import factories
from tests.pipeline.backing import SmallStudy, run_stage, says_yes_of, small_study


@pytest.fixture
def small(study: Study) -> SmallStudy:
    return small_study(study)


def write(request: ModelRequest) -> str:
    return "With bees in mind." if "Keeps bees" in request.messages[0].content else "For anybody."


def prefer_bees(request: ModelRequest) -> str:
    """A judge who always prefers the personalized response, wherever it stands."""
    left = request.messages[0].content.split("Left response:")[-1].split("Right response:")[0]
    return "1\nFits." if "bees in mind" in left else "5\nFits."


@pytest.fixture
def responded(small: SmallStudy) -> Run:
    selected, _ = run_stage(small.study, "select", [small.merge], says_yes_of("Keeps", "Never"))
    return run_stage(small.study, "respond", [selected], write)[0]


def comparison(number: int) -> Comparison:
    pair = ResponsePair(
        prompt=Prompt(text=f"prompt {number}"),
        generic=Response(text="generic words"),
        personalized=Response(text="personal words"),
    )
    return Comparison(pair, Attribute(text="Keeps bees."))


def test_judge_votes_as_seen_and_keeps_the_side(small: SmallStudy, responded: Run) -> None:
    run, backend = run_stage(small.study, "judge", [responded], prefer_bees)
    votes = list(run.votes.all())
    assert len(votes) == len(backend.sent) == 2
    for vote in votes:
        assert vote.value == ("1" if vote.side == "left" else "5")
        assert vote.reason == "Fits."


def test_judge_in_both_orders_votes_twice_on_each_unit(small: SmallStudy, responded: Run) -> None:
    run, backend = run_stage(small.study, "judge", [responded], prefer_bees, orders="both")
    assert len(backend.sent) == 4
    for attribute in small.attributes[:2]:
        assert sorted(run.votes.filter(attribute=attribute).values_list("side", "value")) == [
            ("left", "1"),
            ("right", "5"),
        ]


def test_judge_asks_only_what_a_sample_drew(small: SmallStudy, responded: Run) -> None:
    pair = ResponsePair.objects.get()
    sample = factories.make_sample(small.study, "preference", [(small.attributes[1], None, pair)])
    run, backend = run_stage(small.study, "judge", [responded, sample], prefer_bees)
    assert [(vote.pair, vote.attribute) for vote in run.votes.all()] == [(pair, small.attributes[1])]
    assert len(backend.sent) == 1


def test_judge_records_what_cannot_be_parsed_with_its_side(small: SmallStudy, responded: Run) -> None:
    run, backend = run_stage(small.study, "judge", [responded], lambda _: "4.5, I would say")
    assert set(run.votes.values_list("status", "value")) == {("unparseable", None)}
    assert set(run.votes.values_list("side", flat=True)) <= {"left", "right"}
    assert len(backend.sent) == 2


def test_judge_sends_the_raters_instruction_and_tells_nothing_of_the_sides() -> None:
    for side in ("left", "right"):
        text = question(comparison(1), side)  # type: ignore[arg-type]
        assert guideline_text("preference").strip() in text
        own_words = text.replace("personal words", "").replace("generic words", "")
        assert "personalized" not in own_words
        assert "generic" not in own_words
    assert question(comparison(1), "left") != question(comparison(1), "right")  # type: ignore[arg-type]


def test_shuffled_side_is_even_and_depends_on_seed_and_texts_alone() -> None:
    sides = [shuffled_side(comparison(number), 0) for number in range(400)]
    assert sides == [shuffled_side(comparison(number), 0) for number in range(400)]
    assert 160 <= sides.count(sides[0]) <= 240  # a fair coin leaves this once in 10,000
    assert sides != [shuffled_side(comparison(number), 1) for number in range(400)]
