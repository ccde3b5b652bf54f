"""Answers that come when their process was already given up, and two workers at one question."""

from __future__ import annotations

import pytest

from pipeline.backends.base import FinalError, ModelAnswer
from pipeline.domain.completions import Reservation, record_outcomes, reserve_completions
from pipeline.domain.sweeping import sweep_completions
from pipeline.models import Completion, Run
from pipeline.requests import Message, ModelRequest
from studies.clock import from_now
from studies.models import Study
from tests import factories

REQUEST = ModelRequest(model="model-a", messages=(Message("user", "Who keeps bees?"),))
OTHER = ModelRequest(model="model-a", messages=(Message("user", "Who sails?"),))


@pytest.fixture
def run(study: Study) -> Run:
    return factories.make_run(study, "select", state="running")


def reserve(run: Run, *requests: ModelRequest) -> list[Reservation]:
    asked = requests or (REQUEST,)
    found = reserve_completions(run=run, requests=asked, backend="test", version="1", seconds=60)
    return [reservation for reservation in found if reservation is not None]


def test_reserve_completions_gives_a_question_to_one_worker(run: Run, study: Study) -> None:
    [mine] = reserve(run)
    [theirs, new] = reserve(factories.make_run(study, "select"), REQUEST, OTHER)
    assert (mine.ours, theirs.ours, new.ours) == (True, False, True)
    assert not theirs.answered
    record_outcomes(outcomes=[(mine.completion, ModelAnswer("Ann.", "stop", 3, 1))])
    [later] = reserve(run)
    assert (later.ours, later.answered, later.completion.text) == (False, True, "Ann.")


def test_reserve_completions_asks_anew_after_a_failure(run: Run) -> None:
    [first] = reserve(run)
    record_outcomes(outcomes=[(first.completion, FinalError("400"))])
    [second] = reserve(run)
    assert (second.ours, second.completion.attempt) == (True, 2)


def test_reserve_completions_takes_over_from_the_dead_and_counts_it(run: Run) -> None:
    [dead] = reserve(run)
    Completion.objects.update(lease_until=from_now(-1))
    [mine] = reserve(run)
    assert (mine.ours, mine.completion.attempt) == (True, 2)
    dead.completion.refresh_from_db()
    assert dead.completion.state == "abandoned"
    assert "possibly paid" in dead.completion.reason


def test_record_outcomes_late_answer_counts_if_nobody_asked_again(run: Run) -> None:
    [late] = reserve(run)
    Completion.objects.update(lease_until=from_now(-1))
    assert sweep_completions() == 1
    record_outcomes(outcomes=[(late.completion, ModelAnswer("Ann."))])
    [found] = reserve(run)
    assert (found.answered, found.completion.text) == (True, "Ann.")


def test_record_outcomes_late_answer_is_kept_beside_the_one_asked_again(run: Run) -> None:
    [late] = reserve(run)
    Completion.objects.update(lease_until=from_now(-1))
    [again] = reserve(run)
    record_outcomes(outcomes=[(late.completion, ModelAnswer("Ann, late."))])
    assert late.completion.state == "abandoned"
    record_outcomes(outcomes=[(again.completion, ModelAnswer("Ann."))])
    assert sorted(Completion.objects.values_list("state", "text")) == [
        ("abandoned", "Ann, late."),
        ("answered", "Ann."),
    ]


def test_record_outcomes_takes_a_nul_that_postgresql_would_refuse(run: Run) -> None:
    [mine] = reserve(run)
    record_outcomes(outcomes=[(mine.completion, ModelAnswer("An\x00n."))])
    assert Completion.objects.get().text == "An\ufffdn."
