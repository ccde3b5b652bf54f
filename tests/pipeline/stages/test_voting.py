"""Label probabilities: what select and judge make of them."""

from __future__ import annotations

import pytest

from pipeline.models import Attribute, Prompt, Response, ResponsePair, Run
from pipeline.stages.base import Answer
from pipeline.stages.judge import LABELS, Comparison, Judge
from pipeline.stages.select import Match, Select
from pipeline.stages.voting import Ballot, shares_of
from tests.pipeline.stages.driving import drive

ATTRIBUTE, PROMPT = Attribute(text="Keeps bees."), Prompt(text="Honey?")
MATCH = Match(ATTRIBUTE, PROMPT)
PAIR = ResponsePair(prompt=PROMPT, generic=Response(text="generic"), personalized=Response(text="personal"))
SELECT = Run(model_name="m", parameters={"labels": True})
JUDGE = Run(model_name="m", parameters={"labels": True, "orders": "shuffled", "order_seed": 0})


def ballot(text: str, probabilities: dict[str, float] | None) -> Ballot:
    (result, _) = drive(Select(), SELECT, MATCH, Answer(text, label_probabilities=probabilities))
    assert isinstance(result, Ballot)
    return result


def test_select_asks_for_labels_only_where_the_run_does() -> None:
    _, (asked,) = drive(Select(), SELECT, MATCH, "YES")
    assert asked.labels == ("YES", "NO")
    _, (plain,) = drive(Select(), Run(model_name="m", parameters={}), MATCH, "YES")
    assert plain.labels is None
    assert asked.cache_key != plain.cache_key


def test_select_takes_the_more_probable_with_the_probability_of_yes() -> None:
    assert ballot("NO", {"YES": 0.7, "NO": 0.3}) == Ballot("yes", raw_score=0.7)
    assert ballot("YES\nIt would.", {"YES": 0.2, "NO": 0.6}) == Ballot("no", reason="It would.", raw_score=0.25)
    assert ballot("", {"YES": 0.5, "NO": 0.5}).value == "yes"


@pytest.mark.parametrize(
    "unusable", [None, {}, {"YES": float("nan"), "NO": 1.0}, {"MAYBE": 1.0}, {"YES": -0.5, "NO": 1.5}]
)
def test_select_reads_the_words_where_there_are_no_probabilities(unusable: dict[str, float] | None) -> None:
    assert ballot("NO\nIt would not.", unusable) == Ballot("no", reason="It would not.")
    assert ballot("Well.", unusable).value is None


def test_judge_takes_the_most_probable_rating_and_the_one_to_be_expected() -> None:
    """0.1 x 1 + 0.2 x 2 + 0.4 x 4 + 0.3 x 5 = 3.6."""
    given = {"1": 0.1, "2": 0.2, "3": 0.0, "4": 0.4, "5": 0.3}
    result, (asked,) = drive(Judge(), JUDGE, Comparison(PAIR, ATTRIBUTE), Answer("4", label_probabilities=given))
    assert asked.labels == LABELS
    (found,) = result
    assert (found.value, found.raw_score) == ("4", pytest.approx(3.6))
    assert found.side in ("left", "right")


def test_shares_of_sum_to_one() -> None:
    shares = shares_of(Answer("", label_probabilities={"1": 0.2, "3": 0.2}), LABELS)
    assert shares == {"1": 0.5, "2": 0.0, "3": 0.5, "4": 0.0, "5": 0.0}
