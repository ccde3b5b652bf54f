"""A run carried out: claim, ask, record, until nothing is left. The network is never inside a transaction."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial

from pipeline.backends import open_backend
from pipeline.backends.base import Backend, BackendUnusable, FinalError, ModelAnswer, Outcome, RetryableError
from pipeline.domain.budget import BudgetSpent
from pipeline.domain.calls import Call
from pipeline.domain.desk import ANOTHERS_CALL, TRIES, Desk, Stopped
from pipeline.domain.runs import finish_run, pause_run
from pipeline.domain.structured import Form, FormUnknown
from pipeline.domain.uninterrupted import uninterrupted
from pipeline.models import Run
from pipeline.requests import ModelRequest
from pipeline.stages import stage_for

LEASE_SECONDS = 60.0  # how long a killed worker's units stay locked; a living one renews
HEARTBEAT = 1.0
WITHOUT_MODEL = 32  # units claimed at once by a stage that asks nothing

# Calls that lie with the backend for each of its places: one carried out, the next ready, so that no place stands empty
# while answers are written down. It is also what a kill may repeat, for each place, at most.
AHEAD = 2

Flight = Future[list[Outcome]]


def execute_run(
    *,
    run: Run,
    backend: Backend | None = None,
    limit: int | None = None,
    lease_seconds: float = LEASE_SECONDS,
    first_wait: float = 1.0,
    on_settled: Callable[[int], None] | None = None,
) -> bool:
    """Works on a started run until no unit is left, or ``limit`` units; True if the run is over.

    Several workers may do so at once. ``backend`` stands in for the run's own. Failures of single units are recorded; a
    backend that cannot be used pauses the run with the reason. ``on_settled`` hears how many units were just written.
    On any other exception, Ctrl-C included, answers in flight are waited for and kept, units given back, and the
    exception goes on.
    """
    stage = stage_for(run.stage, run.backend)
    opened: Backend | None = None
    try:
        if backend is None and stage.template:
            backend = opened = open_backend(run.backend, run.backend_options)
        name = (backend.name, backend.version[:64]) if backend else ("", "")
        desk = Desk(
            run,
            stage,
            backend=name,
            lease=lease_seconds,
            limit=limit,
            first_wait=first_wait,
            on_settled=on_settled or (lambda _: None),
            form=Form(run, backend, name[1]),
        )
        _work_off(desk, backend)
    except (BackendUnusable, BudgetSpent) as error:
        pause_run(run=run, problem=str(error))
    finally:
        if opened is not None:
            opened.close()
    return finish_run(run=run)


def _work_off(desk: Desk, backend: Backend | None) -> None:
    flying: dict[Flight, list[Call]] = {}
    try:
        if backend is None:
            desk.next_batch(1, WITHOUT_MODEL)
        else:
            _ask_all(desk, backend, flying)
    except Stopped:
        pass
    finally:
        _land(desk, flying)
        desk.clear()


def _ask_all(desk: Desk, backend: Backend, flying: dict[Flight, list[Call]]) -> None:
    """Keeps the backend's places taken and the next call ready for each; a call that has to wait is not among them."""
    while True:
        try:
            with uninterrupted():
                sent = _send(desk, backend, flying)
        except FormUnknown as unknown:
            desk.form.find_out(unknown.request, partial(_ask_aside, desk, backend))
            continue
        if not flying and desk.idle():
            return
        _next_done(desk, flying, 0.0 if sent else HEARTBEAT)
        with uninterrupted():
            done = [(future, future.result()) for future in flying if future.done()]
            if done:
                desk.take([(flying.pop(future), outcomes) for future, outcomes in done])
            desk.keep_leases()


def _send(desk: Desk, backend: Backend, flying: dict[Flight, list[Call]]) -> bool:
    """At most a round of calls in one go: the first leave before the second round is made ready. Whether any left."""
    free = min(backend.concurrency, AHEAD * backend.concurrency - len(flying))
    ready = desk.next_batch(backend.batch * free, backend.batch * backend.concurrency) if free > 0 else []
    for start in range(0, len(ready), backend.batch):
        calls = ready[start : start + backend.batch]
        flying[backend.submit([call.request for call in calls])] = calls
    return bool(ready)


def _next_done(desk: Desk, flying: dict[Flight, list[Call]], patience: float) -> None:
    """Waits until a call is over, another is due, or patience is."""
    due = desk.seconds_to_next()
    patience = patience if due is None else min(patience, max(due, 0.01))
    if flying:
        wait(flying, timeout=patience, return_when=FIRST_COMPLETED)
    else:
        time.sleep(patience)


def _ask_aside(desk: Desk, backend: Backend, request: ModelRequest) -> Outcome:
    """One question that no unit waits for, on record like any other. A RetryableError is the last of several."""
    call = Call(request, [], request.cache_key)
    while True:
        future = None
        with uninterrupted():
            [reservation] = desk.reserve([request])
            if reservation is not None and reservation.ours:
                call.completion = reservation.completion
                desk.fly(call)
                future = backend.submit([request])
        if reservation is not None and reservation.answered:
            return ModelAnswer(reservation.completion.text, reservation.completion.finish_reason)
        desk.purse.check()
        if future is None:
            _wait_for(desk, ANOTHERS_CALL)
            continue
        outcome = _answer_to(desk, call, future)
        call.tries += 1
        if not isinstance(outcome, RetryableError) or call.tries >= TRIES:
            return outcome
        _wait_for(desk, desk.seconds_after(outcome, call.tries))


def _answer_to(desk: Desk, call: Call, future: Flight) -> Outcome:
    """What came back, kept. Raises BackendUnusable."""
    while not wait([future], timeout=HEARTBEAT).done:
        desk.keep_leases()
    try:
        [outcome] = future.result()
    except BackendUnusable as error:
        desk.keep([([call], [FinalError(str(error))])])
        raise
    desk.keep([([call], [outcome])])
    return outcome


def _wait_for(desk: Desk, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(HEARTBEAT, left))
        desk.keep_leases()


def _land(desk: Desk, flying: dict[Flight, list[Call]]) -> None:
    """On the way out: what was not begun is not sent; an answer that came is kept; a call that the backend refused is a
    failure, not a payment."""
    desk.withdraw([call for future, calls in flying.items() if future.cancel() for call in calls])
    for future, calls in flying.items():
        if future.cancelled():
            continue
        error = future.exception()
        if error is None:
            desk.keep([(calls, future.result())])
        elif isinstance(error, BackendUnusable):
            desk.keep([(calls, [FinalError(str(error)) for _ in calls])])
