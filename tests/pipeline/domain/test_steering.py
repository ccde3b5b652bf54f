from __future__ import annotations

from decimal import Decimal

import pytest

from pipeline.domain.errors import RunError
from pipeline.domain.steering import order_cancel, order_pause, order_resume, set_budget
from pipeline.enums import FailureKind, WorkState
from pipeline.enums import RunState as S
from pipeline.models import Run
from studies.clock import from_now
from studies.models import AuditEvent
from tests.pipeline.domain.failing import PRICES, make_failed_run

STEPS = {"resume": order_resume, "pause": order_pause, "cancel": order_cancel}
# By state: what resume, pause and cancel make of it; "" where they are refused.
LEADS_TO = {
    S.PLANNED: (S.RUNNING, "", S.CANCELLED),
    S.RUNNING: (S.RUNNING, S.PAUSED, S.CANCELLED),
    S.PAUSED: (S.RUNNING, S.PAUSED, S.CANCELLED),
    S.COMPLETE: ("", "", ""),
    S.INCOMPLETE: ("", "", ""),
    S.CANCELLED: ("", "", S.CANCELLED),
}


def half_done(study, state: str) -> Run:
    """One unit done, one failed, one pending."""
    run = make_failed_run(study, {FailureKind.NO_ANSWER: 2}, state=state)
    run.work_units.filter(position=2).update(state=WorkState.PENDING, failure="", reason="")
    return run


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("step", STEPS)
def test_step_is_held_to_the_state_and_stands_on_the_audit_trail(study, lead, state, step):
    run = half_done(study, state)
    target = LEADS_TO[state][list(STEPS).index(step)]
    if not target:
        with pytest.raises(RunError, match="cannot be"):
            STEPS[step](run=run, actor=lead)
    else:
        assert STEPS[step](run=run, actor=lead).state == target
    run.refresh_from_db()
    assert run.state == (target or state)
    trail = [(event.verb, event.actor, event.detail) for event in AuditEvent.objects.all()]
    changed = [(f"order_{step}", lead, {"before": state, "after": target})]
    assert trail == (changed if target and target != state else [])


def test_order_resume_leaves_what_failed_and_forgets_the_problem(study):
    run = half_done(study, S.PAUSED)
    Run.objects.update(problem="the server is away")
    order_resume(run=run, actor=None)
    run.refresh_from_db()
    assert run.problem == ""
    assert run.work_units.filter(state=WorkState.FAILED).count() == 1


def test_order_resume_ends_a_run_that_has_nothing_left(study):
    run = make_failed_run(study, {FailureKind.NO_ANSWER: 1}, state=S.PAUSED)
    assert order_resume(run=run, actor=None).state == S.INCOMPLETE


def test_set_budget_stores_limits_and_their_absence(study, lead):
    run = half_done(study, S.PAUSED)
    set_budget(run=run, tokens=5000, money=Decimal("1.50"), actor=lead)
    run.refresh_from_db()
    assert (run.budget_tokens, run.budget_money) == (5000, Decimal("1.50"))
    assert AuditEvent.objects.get().detail == {"tokens": 5000, "money": "1.50"}
    set_budget(run=run, tokens=None, money=None, actor=lead)
    run.refresh_from_db()
    assert (run.budget_tokens, run.budget_money) == (None, None)


def test_set_budget_in_money_needs_a_price(study):
    run = half_done(study, S.PAUSED)
    Run.objects.update(started_at=from_now(-60))
    with pytest.raises(RunError, match="No price of model-a is known: set a budget in tokens"):
        set_budget(run=run, tokens=None, money=Decimal(1), actor=None)
    Run.objects.update(prices=PRICES)
    assert set_budget(run=run, tokens=None, money=Decimal(1), actor=None).budget_money == 1


@pytest.mark.parametrize(("tokens", "money"), [(0, None), (None, Decimal(0)), (-5, None)])
def test_set_budget_refuses_a_limit_of_nothing(study, tokens, money):
    run = half_done(study, S.PAUSED)
    with pytest.raises(RunError, match="more than nothing"):
        set_budget(run=run, tokens=tokens, money=money, actor=None)


def test_set_budget_refuses_a_run_that_asks_nothing_any_more(study):
    run = half_done(study, S.CANCELLED)
    with pytest.raises(RunError, match="cancelled"):
        set_budget(run=run, tokens=5000, money=None, actor=None)
