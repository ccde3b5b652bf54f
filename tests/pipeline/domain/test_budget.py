"""No call is begun that could pass the budget, whoever works on the run."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from pipeline.backends.base import ModelAnswer
from pipeline.domain import budget
from pipeline.domain.completions import reserve_completions
from pipeline.domain.errors import RunError
from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.progress import run_progress
from pipeline.domain.runs import start_run
from pipeline.models import Run
from pipeline.requests import Message, ModelRequest, Sampling
from pipeline.stages import stage_for
from studies.clock import from_now
from studies.models import Study
from tests import factories
from tests.pipeline.backing import Scripted, SmallStudy, small_study
from tests.pipeline.test_prices import table


@pytest.fixture
def small(study: Study) -> SmallStudy:
    return small_study(study)


@pytest.fixture(autouse=True)
def _look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "LOOK", 0.0)
    monkeypatch.setattr(budget, "SHARE", 0)


def planned(small: SmallStudy, **more: Any) -> Run:
    return plan_run(
        study=small.study, stage="select", backend="openai_api", model="tiny-3", inputs=[small.merge], **more
    )


def answers(asked: int = 100, answered: int = 10, **more: Any) -> Scripted:
    return Scripted(lambda _: ModelAnswer("NO", "stop", asked, answered), **more)


def worst_of(run: Run) -> budget.Tokens:
    """What the run's dearest call may take, as the engine reckons."""
    stage = stage_for(run.stage, run.backend)
    materials = stage.load(run, list(run.work_units.all()))
    return max(budget.Purse(run).worst(next(stage.work(run, material))) for material in materials)


def worst_question(small: SmallStudy) -> int:
    """... with the run's first unit done, for 110 tokens."""
    run = planned(small)
    execute_run(run=start_run(run=run), backend=answers(), limit=1)
    Run.objects.filter(pk=run.pk).update(state="planned")
    return sum(worst_of(run))


def test_budget_in_tokens_pauses_before_the_call_that_could_pass_it(small: SmallStudy) -> None:
    worst = worst_question(small)  # one unit is done, for 110 tokens
    run = start_run(run=planned(small, budget_tokens=110 + worst + 5))
    assert not execute_run(run=run, backend=answers())
    assert run.state == "paused"
    assert run.problem.startswith(f"budget of {110 + worst + 5} tokens: 220 are spent, and the next call may take")
    assert "raise it (--budget-tokens) and start the run again" in run.problem
    assert (run_progress(run).done, run.completions.count()) == (2, 2)
    again = start_run(run=planned(small, budget_tokens=10_000))
    assert (again.pk, again.budget_tokens) == (run.pk, 10_000)
    assert execute_run(run=again, backend=answers())
    assert again.state == "complete"


def test_budget_counts_what_is_in_flight_and_waits_for_it(small: SmallStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    worst = worst_question(small)
    run = start_run(run=planned(small, budget_tokens=110 + 2 * worst - 5))  # two at their worst would not fit
    looked = threading.Event()

    def when_looked_again(_: ModelRequest) -> ModelAnswer:
        looked.wait(0.6)
        looked.clear()
        return ModelAnswer("NO", "stop", 100, 10)

    affordable = budget.Purse.affordable

    def look(self: budget.Purse, requests: Sequence[ModelRequest]) -> int:
        if self.flying:
            looked.set()
        return affordable(self, requests)

    monkeypatch.setattr(budget.Purse, "affordable", look)
    backend, out = Scripted(when_looked_again, concurrency=5), list[int]()
    submit = backend.submit

    def watched(requests: Sequence[ModelRequest]) -> Any:
        out.append(run.completions.filter(state="in_flight").count())
        return submit(requests)

    backend.submit = watched  # type: ignore[method-assign]
    assert execute_run(run=run, backend=backend)
    assert run.completions.filter(state="answered").count() == 3
    assert out == [1, 1]


def test_budget_is_shared_with_other_workers_by_the_rows(small: SmallStudy) -> None:
    other = ModelRequest(model="tiny-3", messages=(Message("user", "?"),), sampling=Sampling(max_tokens=200))
    run = start_run(run=planned(small))
    worst = sum(budget.Purse(run).worst(other))
    Run.objects.filter(pk=run.pk).update(budget_tokens=2 * worst)
    purse = budget.Purse(run)
    reserve_completions(run=run, requests=[other], backend="x", version="1", seconds=60)
    assert purse.affordable([other, other]) == 1
    run.completions.update(lease_until=from_now(60), state="answered", prompt_tokens=2 * worst - 10)
    assert purse.affordable([other, other]) == 0
    with pytest.raises(budget.BudgetSpent, match=f"budget of {2 * worst} tokens: {2 * worst - 10} are spent"):
        purse.check()


def test_budget_takes_an_answer_that_nobody_counted_at_its_worst(small: SmallStudy) -> None:
    worst = worst_question(small)
    run = start_run(run=planned(small, budget_tokens=110 + worst + 5))
    execute_run(run=run, backend=Scripted(lambda _: "NO"))
    assert (run.state, run_progress(run).done) == ("paused", 2)


def test_answers_on_record_cost_nothing(small: SmallStudy) -> None:
    execute_run(run=start_run(run=planned(small)), backend=answers())
    factories.make_attribute(small.bea, small.merge, "Reads maps.")
    run = start_run(run=planned(small, budget_tokens=1))
    execute_run(run=run, backend=answers())
    assert (run.state, run_progress(run).done, run_progress(run).cached) == ("paused", 3, 3)


def test_budget_in_money_needs_a_price(small: SmallStudy) -> None:
    with pytest.raises(RunError, match=r"no price of tiny-3 by openai_api is known.*PRICES"):
        start_run(run=planned(small, budget_money=Decimal("1.00")))
    with pytest.raises(RunError, match="more than nothing"):
        planned(small, budget_tokens=0)


def test_budget_in_money_pauses_and_progress_says_what_was_spent(
    small: SmallStudy, settings: Settings, tmp_path: Any
) -> None:
    settings.PRICES = table(tmp_path, input='"1000"', output='"2000"')  # a token in, a thousandth; out, two
    to = {"backend_options": {"base_url": "https://models.example/v1"}}
    worst = worst_of(planned(small))
    limit = Decimal("0.3") + Decimal(worst.asked + 2 * worst.answered) / 1000
    run = start_run(run=planned(small, budget_money=limit, **to))
    assert (run.prices["version"], run.prices["currency"]) == ("own-1", "EUR")
    execute_run(run=run, backend=answers(asked=300, answered=50))
    assert (run.state, run.n_done) == ("paused", 1)
    assert f"budget of {limit} EUR: 0.4000 are spent" in run.problem
    progress = run_progress(run)
    # 300 x 0.001 + 50 x 0.002 = 0.4 for one unit of three.
    assert (progress.cost, progress.projected, progress.currency) == (Decimal("0.4"), Decimal("1.2"), "EUR")
    settings.PRICES = None  # the run keeps the prices that it began with
    start_run(run=planned(small, budget_money=Decimal("9"), **to))
    assert execute_run(run=run, backend=answers(asked=300, answered=50))
    assert run_progress(run).cost == Decimal("1.2")


def test_progress_knows_no_cost_where_an_answer_was_not_counted(
    small: SmallStudy, settings: Settings, tmp_path: Any
) -> None:
    settings.PRICES = table(tmp_path)
    run = start_run(run=planned(small, backend_options={"base_url": "https://models.example/v1"}))
    execute_run(run=run, backend=Scripted(lambda _: "NO"))
    progress = run_progress(run)
    assert (progress.cost, progress.projected) == (None, None)
    assert "EUR" not in str(progress)


def test_progress_has_a_pace_while_the_run_moves(small: SmallStudy) -> None:
    run = start_run(run=planned(small))
    assert run_progress(run).per_minute is None
    execute_run(run=run, backend=answers(), limit=2)
    progress = run_progress(run)
    assert progress.per_minute == pytest.approx(120, rel=0.9)  # two, in a second or so
    assert progress.seconds_left == pytest.approx(60 / progress.per_minute)
    execute_run(run=run, backend=answers())
    assert run_progress(run).per_minute is None  # over
