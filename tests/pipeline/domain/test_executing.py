"""Promise 5: no request is sent again after its answer was recorded; every attempt is on record."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from pipeline.backends.base import BackendUnusable, FinalError, Outcome, RetryableError
from pipeline.domain import desk
from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.progress import failures_of, run_progress
from pipeline.domain.runs import pause_run, start_run
from pipeline.models import Completion, Run, WorkUnit
from pipeline.requests import ModelRequest
from studies.clock import from_now
from studies.models import Study
from tests import factories
from tests.pipeline.backing import Scripted, SmallStudy, run_stage, says_yes_of, small_study


@pytest.fixture
def small(study: Study) -> SmallStudy:
    return small_study(study)


def started(small: SmallStudy, **changes: Any) -> Run:
    wanted: dict[str, Any] = {"stage": "select", "backend": "recorded", "model": "model-a", "inputs": [small.merge]}
    return start_run(run=plan_run(study=small.study, **wanted | changes))


def no_call(request: ModelRequest) -> str:
    raise AssertionError(f"sent although it is on record: {request}")


def test_execute_run_again_sends_nothing(small: SmallStudy) -> None:
    run_stage(small.study, "select", [small.merge], says_yes_of())
    run, backend = run_stage(small.study, "select", [small.merge], no_call)
    assert backend.sent == []
    assert run.votes.count() == 3


def test_execute_run_takes_answers_of_another_run_of_the_study(small: SmallStudy) -> None:
    first, _ = run_stage(small.study, "select", [small.merge], says_yes_of("Keeps"))
    factories.make_attribute(small.bea, small.merge, "Reads maps.")
    second, backend = run_stage(small.study, "select", [small.merge], says_yes_of("Keeps"))
    assert second.pk != first.pk
    assert [request.messages[0].content.count("Reads maps.") for request in backend.sent] == [1]
    progress = run_progress(second)
    assert (progress.done, progress.cached, progress.asked) == (4, 3, 1)


def test_execute_run_shares_nothing_with_another_study(small: SmallStudy, other_study: Study) -> None:
    run_stage(small.study, "select", [small.merge], says_yes_of())
    other = small_study(other_study)
    _, backend = run_stage(other_study, "select", [other.merge], says_yes_of())
    assert len(backend.sent) == 3


@pytest.mark.parametrize("batch", [1, 10])
def test_execute_run_asks_a_question_of_two_units_once(small: SmallStudy, batch: int) -> None:
    factories.make_attribute(small.bea, small.merge, "Keeps bees.")
    run = started(small)
    backend = Scripted(says_yes_of("Keeps"), batch=batch)
    execute_run(run=run, backend=backend)
    assert len(backend.sent) == 3
    assert run.votes.filter(value="yes").count() == 2


def test_execute_run_tries_again_what_may_pass_and_records_each_attempt(small: SmallStudy) -> None:
    outcomes: list[Outcome | str] = [RetryableError("429: slow down"), RetryableError("500: oh"), "YES", "NO", "NO"]
    run = started(small)
    backend = Scripted(lambda _: outcomes.pop(0))
    assert execute_run(run=run, backend=backend, first_wait=0.01)
    assert run.state == "complete"
    attempts = sorted(Completion.objects.values_list("attempt", "state", "reason"))
    assert sorted(state for _, state, _ in attempts) == ["answered"] * 3 + ["failed"] * 2
    assert {reason for _, _, reason in attempts} == {"", "429: slow down", "500: oh"}
    assert max(attempt for attempt, _, _ in attempts) > 1
    assert run_progress(run).failed_calls == 2


def test_execute_run_waits_as_long_as_the_server_asks(small: SmallStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    wait = desk.Desk._wait
    monkeypatch.setattr(desk.Desk, "_wait", lambda self, call, seconds: (waits.append(seconds), wait(self, call, 0))[1])
    outcomes: list[Outcome | str] = [RetryableError("429", retry_after=7.0), "NO", "NO", "NO"]
    execute_run(run=started(small), backend=Scripted(lambda _: outcomes.pop(0)), first_wait=0.01)
    assert waits == [7.0]


def test_execute_run_gives_up_on_one_unit_and_does_the_others(small: SmallStudy) -> None:
    def say(request: ModelRequest) -> Outcome | str:
        return FinalError("400: too long") if "Sails alone" in request.messages[0].content else "NO"

    run, _ = run_stage(small.study, "select", [small.merge], say)
    assert (run.state, run.n_done, run.n_failed) == ("incomplete", 2, 1)
    assert failures_of(run) == [("400: too long", 1)]


def test_execute_run_after_failures_asks_only_for_those(small: SmallStudy) -> None:
    run_stage(
        small.study, "select", [small.merge], lambda request: FinalError("no") if "Sails" in str(request) else "NO"
    )
    run, backend = run_stage(small.study, "select", [small.merge], says_yes_of())
    assert run.state == "complete"
    assert len(backend.sent) == 1


def test_execute_run_gives_up_after_some_tries(small: SmallStudy) -> None:
    run = started(small)
    backend = Scripted(lambda _: RetryableError("500: oh"))
    execute_run(run=run, backend=backend, first_wait=0.001)
    assert run.state == "incomplete"
    assert failures_of(run) == [("given up after 5 tries: 500: oh", 3)]
    assert len(backend.sent) == 15


def test_execute_run_stops_at_a_backend_that_cannot_be_used(small: SmallStudy) -> None:
    def refuse(_: ModelRequest) -> str:
        raise BackendUnusable("the server refuses the key")

    run, _ = run_stage(small.study, "select", [small.merge], refuse)
    assert (run.state, run.problem) == ("paused", "the server refuses the key")
    assert set(run.work_units.values_list("state", flat=True)) == {"pending"}
    assert set(Completion.objects.values_list("state", flat=True)) == {"failed"}  # not paid, so not abandoned
    again, _ = run_stage(small.study, "select", [small.merge], says_yes_of())
    assert (again.pk, again.state, again.problem) == (run.pk, "complete", "")


def test_execute_run_stopped_by_an_exception_keeps_what_was_answered(small: SmallStudy) -> None:
    answered: list[ModelRequest] = []

    def break_at_the_third(request: ModelRequest) -> str:
        if len(answered) == 2:
            raise KeyboardInterrupt
        answered.append(request)
        return "NO"

    run = started(small)
    with pytest.raises(KeyboardInterrupt):
        execute_run(run=run, backend=Scripted(break_at_the_third))
    assert run_progress(run).asked == 2
    assert run.work_units.exclude(state="done").count() == run.work_units.filter(state="pending").count() > 0
    assert run_progress(run).possibly_paid_twice == 1
    backend = Scripted(says_yes_of())
    assert execute_run(run=run, backend=backend)
    assert not {request.cache_key for request in backend.sent} & {request.cache_key for request in answered}
    assert run.votes.count() == 3


def test_execute_run_pauses_between_calls(small: SmallStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paused while calls are out: their answers are kept, and a call that would have been tried again is not."""
    run = started(small)
    keep = desk.Desk.keep

    def keep_then_pause(self: desk.Desk, replies: Any) -> None:
        keep(self, replies)
        pause_run(run=run)

    monkeypatch.setattr(desk.Desk, "keep", keep_then_pause)
    outcomes: list[Outcome | str] = ["NO", RetryableError("500"), "NO"]
    backend = Scripted(lambda _: outcomes.pop(0), batch=2)
    assert not execute_run(run=run, backend=backend, first_wait=0.01)
    assert run.state == "paused"
    assert set(Completion.objects.values_list("attempt", flat=True)) == {1}
    assert Completion.objects.exclude(state__in=["answered", "failed"]).count() == 0
    assert run.work_units.filter(state="pending").exists()


def test_execute_run_with_a_limit_leaves_the_rest(small: SmallStudy) -> None:
    run = started(small)
    assert not execute_run(run=run, backend=Scripted(says_yes_of()), limit=2)
    assert (run.state, run.n_done) == ("running", 2)
    assert execute_run(run=run, backend=Scripted(says_yes_of()), limit=2)


def test_execute_run_takes_over_what_a_dead_worker_held(small: SmallStudy) -> None:
    run = started(small)
    run.work_units.update(state="claimed", lease_token="dead", lease_until=from_now(-1))
    assert execute_run(run=run, backend=Scripted(says_yes_of()))
    assert run.votes.count() == 3


def test_execute_run_leaves_what_a_living_worker_holds(small: SmallStudy) -> None:
    run = started(small)
    run.work_units.update(state="claimed", lease_token="alive", lease_until=from_now(60))
    backend = Scripted(says_yes_of())
    assert not execute_run(run=run, backend=backend)
    assert backend.sent == []


def test_execute_run_writes_no_result_of_a_unit_it_lost(small: SmallStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    run = started(small)
    keep = desk.Desk.keep

    def keep_and_lose(self: desk.Desk, *args: Any) -> None:
        keep(self, *args)
        WorkUnit.objects.filter(run=run).update(lease_token="another")

    monkeypatch.setattr(desk.Desk, "keep", keep_and_lose)
    execute_run(run=run, backend=Scripted(says_yes_of()))
    assert not run.votes.exists()
    assert Completion.objects.filter(state="answered").count() == 3  # what was paid is kept


@pytest.mark.django_db(transaction=True)
def test_execute_run_sends_with_a_committed_row_and_no_open_transaction(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_call: list[tuple[bool, int]] = []
    submit = ThreadPoolExecutor.submit

    def watched(self: ThreadPoolExecutor, *args: Any) -> Any:
        at_call.append((connection.in_atomic_block, Completion.objects.filter(state="in_flight").count()))
        return submit(self, *args)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", watched)
    execute_run(run=started(small_study(study)), backend=Scripted(says_yes_of()))
    assert [atomic for atomic, _ in at_call] == [False] * 3
    assert all(in_flight >= 1 for _, in_flight in at_call)


class Queueing(Scripted):
    """Refuses the first call, and never begins any other."""

    def submit(self, requests: Sequence[ModelRequest]) -> Future[list[Outcome]]:
        future: Future[list[Outcome]] = Future()
        if not self.sent:
            future.set_running_or_notify_cancel()
            future.set_exception(BackendUnusable("the server refuses the key"))
        self.sent += requests
        return future


def test_execute_run_leaves_no_trace_of_a_call_that_never_began(small: SmallStudy) -> None:
    backend = Queueing(says_yes_of(), concurrency=2)
    execute_run(run=started(small), backend=backend)
    assert len(backend.sent) == 2
    assert list(Completion.objects.values_list("state", flat=True)) == ["failed"]


def test_execute_run_interrupted_while_it_reserves_sends_and_keeps_what_it_reserved(
    small: SmallStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = desk.Desk.reserve

    def reserve_then_ctrl_c(self: desk.Desk, requests: Sequence[ModelRequest]) -> Any:
        reserved = reserve(self, requests)
        signal.raise_signal(signal.SIGINT)
        return reserved

    monkeypatch.setattr(desk.Desk, "reserve", reserve_then_ctrl_c)
    run = started(small)
    with pytest.raises(KeyboardInterrupt):
        execute_run(run=run, backend=Scripted(says_yes_of()))
    assert run_progress(run).possibly_paid_twice == 0
    assert set(Completion.objects.values_list("state", flat=True)) <= {"answered"}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
