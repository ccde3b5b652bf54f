"""One worker's desk: the units it has claimed, what it waits to ask, and what came of it. No thread but one uses it."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Sequence

from django.db import transaction

from pipeline.backends.base import BackendUnusable, FinalError, ModelAnswer, Outcome, RateLimited, RetryableError
from pipeline.domain.budget import Purse
from pipeline.domain.calls import Call, Job, Reply, Settled
from pipeline.domain.claiming import claim_units, is_suspect, release_claims, renew_claims
from pipeline.domain.completions import (
    Reservation,
    abandon_completions,
    answered_among,
    record_outcomes,
    renew_completions,
    reserve_completions,
    withdraw_completions,
)
from pipeline.domain.settling import settle_units
from pipeline.domain.structured import Form, FormUnknown
from pipeline.enums import CompletionState, FailureKind, RunState
from pipeline.models import Run
from pipeline.requests import ModelRequest
from pipeline.stages.base import Answer, AnyStage, UnitFailed
from studies.tokens import new_token

TRIES = 5  # of one question in one go, where each failure may pass
TRIES_IN_TURN = 20  # where the server says that it is asked too much: that does pass
LONGEST_WAIT = 60.0  # seconds between two tries, unless the server asks for more
ANOTHERS_CALL = 0.5  # seconds until we look again at a call in flight with another worker
IN_A_ROW = 10  # questions given up one after the other until we hold the backend for dead


class Desk:
    def __init__(
        self,
        run: Run,
        stage: AnyStage,
        *,
        backend: tuple[str, str],
        lease: float,
        limit: int | None,
        first_wait: float,
        on_settled: Callable[[int], None],
        form: Form,
    ) -> None:
        self.run, self.stage, self.lease = run, stage, lease
        self.backend, self.version = backend
        self.left = limit
        self.first_wait = first_wait
        self.on_settled, self.form = on_settled, form
        self.purse = Purse(run)
        self.alone = False  # a suspect is at work
        self.token = new_token()
        self.waiting: deque[Call] = deque()
        self.calls: dict[str, Call] = {}  # waiting or in flight
        self.flying: dict[int, Call] = {}  # by completion
        self.settled = Settled()
        self.given_up_in_a_row = 0
        self.renewed = time.monotonic()

    # What to do next

    def next_batch(self, size: int, ahead: int) -> list[Call]:
        """Up to ``size`` calls that are now in flight in our name; [] when there is nothing to send at this moment.

        Raises Stopped, BudgetSpent, and FormUnknown where a schema is to be sent and nobody knows how.
        """
        while True:
            ready = self._ready(size)
            if len(ready) < size and len(self.calls) < 3 * ahead and self._claim(ahead):
                self._put_back(ready)
                continue
            if not ready:
                return []
            self._check_form(ready)
            ours = self._reserve(ready)
            self.settle()
            self.purse.check()
            if ours:
                return ours

    def idle(self) -> bool:
        return not self.calls

    def seconds_to_next(self) -> float | None:
        """Until the next waiting call is due; None where none waits."""
        due = min((call.not_before for call in self.waiting), default=None)
        return None if due is None else max(0.0, due - time.monotonic())

    def _ready(self, size: int) -> list[Call]:
        now = time.monotonic()
        ready = [call for call in self.waiting if call.not_before <= now][:size]
        for call in ready:
            self.waiting.remove(call)
        return ready

    def _check_form(self, calls: Sequence[Call]) -> None:
        request = self.form.needed_by(calls)
        if request is not None:
            keys = [call.key for call in calls if call.request.response_schema is not None]
            if answered_among(run=self.run, keys=keys) < len(keys):
                self._put_back(calls)
                raise FormUnknown(request)

    def _put_back(self, calls: Sequence[Call]) -> None:
        self.waiting.extendleft(reversed(calls))

    def _claim(self, ahead: int) -> int:
        """Claims units and starts their work; how many. Those that ask nothing are settled at once."""
        if self.alone and self.calls:
            return 0
        limit = ahead if self.left is None else min(ahead, self.left)
        units = claim_units(run=self.run, token=self.token, limit=limit, seconds=self.lease) if limit > 0 else []
        if self.left is not None:
            self.left -= len(units)
        self.alone = any(map(is_suspect, units))
        for unit, material in zip(units, self.stage.load(self.run, units), strict=True) if units else ():
            self._advance(Job(unit, material, self.stage.work(self.run, material)), None)
        self.settle()
        return len(units)

    def _reserve(self, calls: Sequence[Call]) -> list[Call]:
        if not Run.objects.filter(pk=self.run.pk, state=RunState.RUNNING).exists():
            raise Stopped
        ours = []
        for call, reservation in zip(calls, self.reserve([call.request for call in calls]), strict=True):
            call.completion = reservation.completion if reservation else None
            if reservation is None:
                self._wait(call, ANOTHERS_CALL)  # until a call in flight turns out cheaper than it might have been
            elif reservation.ours:
                self.fly(call)
                ours.append(call)
            elif reservation.answered:
                self._answered(call)
            else:
                self._wait(call, ANOTHERS_CALL)
        return ours

    def reserve(self, requests: Sequence[ModelRequest]) -> list[Reservation | None]:
        return reserve_completions(
            run=self.run,
            requests=requests,
            backend=self.backend,
            version=self.version,
            seconds=self.lease,
            affordable=self.purse.affordable,
        )

    def fly(self, call: Call) -> None:
        assert call.completion is not None
        self.flying[call.completion.pk] = call
        self.purse.begin(call.completion.pk, call.request)

    # What came back

    def keep(self, replies: Sequence[Reply]) -> None:
        """Records them in one transaction; nothing that was answered is asked again from here on."""
        rows = [
            (call.completion, outcome)
            for calls, outcomes in replies
            for call, outcome in zip(calls, outcomes, strict=True)
            if call.completion is not None
        ]
        record_outcomes(outcomes=rows)
        for row, outcome in rows:
            self._land(row.pk, outcome)

    def withdraw(self, calls: Sequence[Call]) -> None:
        """These were reserved and never sent: no attempt was made, so none is on record."""
        pks = [call.completion.pk for call in calls if call.completion is not None]
        withdraw_completions(pks=pks)
        for pk in pks:
            self._land(pk, None)

    def _land(self, completion: int, outcome: Outcome | None) -> None:
        self.flying.pop(completion, None)
        self.purse.end(completion, outcome)

    def take(self, replies: Sequence[Reply]) -> None:
        """Keeps what came back and goes on with the units that waited for it; kept it is, whatever becomes of them."""
        problem: Exception | None = None
        written = 0
        with transaction.atomic():
            self.keep(replies)
            try:
                for calls, outcomes in replies:
                    for call, outcome in zip(calls, outcomes, strict=True):
                        self._take(call, outcome)
                written = self._write()
            except Exception as error:  # the answers are committed before it goes on
                problem = error
        self.on_settled(written)
        if problem is not None:
            raise problem

    def _take(self, call: Call, outcome: Outcome) -> None:
        if call.completion is not None and call.completion.state == CompletionState.ABANDONED:
            self._wait(call, 0.0)  # our lease had ended, and another worker asks: take its answer
        elif isinstance(outcome, ModelAnswer):
            self.given_up_in_a_row = 0
            self._answered(call)
        elif isinstance(outcome, RetryableError) and call.tries + 1 < tries_after(outcome):
            self._retry(call, outcome)
        else:
            self._give_up(call, outcome)

    def _answered(self, call: Call) -> None:
        row = call.completion
        assert row is not None
        del self.calls[call.key]
        for job in call.jobs:
            job.completion_id = row.pk
            self._advance(job, Answer(row.text, row.finish_reason, row.pk, row.label_probabilities))

    def _retry(self, call: Call, error: RetryableError) -> None:
        call.tries += 1
        self._wait(call, self.seconds_after(error, call.tries))

    def seconds_after(self, error: RetryableError, tries: int) -> float:
        """Until the next try; at least what the server asks for."""
        wait = min(LONGEST_WAIT, self.first_wait * 2.0 ** (tries - 1))
        spread = random.uniform(0.75, 1.25)  # noqa: S311 - spreads tries, guards nothing
        return max(wait * spread, error.retry_after or 0.0)

    def _give_up(self, call: Call, error: Outcome) -> None:
        del self.calls[call.key]
        reason = str(error) if call.tries == 0 else f"given up after {call.tries + 1} tries: {error}"
        kind = error.kind if isinstance(error, FinalError) else FailureKind.NO_ANSWER
        self.settled.failed += [(job, kind, reason) for job in call.jobs]
        if isinstance(error, RetryableError):
            self.given_up_in_a_row += 1
            if self.given_up_in_a_row >= IN_A_ROW:
                raise BackendUnusable(f"{IN_A_ROW} questions in a row got no answer, the last: {error}")

    def _wait(self, call: Call, seconds: float) -> None:
        call.not_before = time.monotonic() + seconds
        self.waiting.append(call)

    def _advance(self, job: Job, answer: Answer | None) -> None:
        try:
            request = next(job.work) if answer is None else job.work.send(answer)
        except StopIteration as stop:
            self.settled.done.append((job, stop.value))
        except UnitFailed as error:
            self.settled.failed.append((job, error.kind, str(error)))
        else:
            self._ask(job, request)

    def _ask(self, job: Job, request: ModelRequest) -> None:
        key = request.cache_key
        if key in self.calls:
            self.calls[key].jobs.append(job)
        else:
            self.calls[key] = Call(request, [job], key)
            self.waiting.append(self.calls[key])

    # What is written down

    def settle(self) -> None:
        """Writes what became of units that are still ours."""
        self.on_settled(self._write())

    def _write(self) -> int:
        settled, self.settled = self.settled, Settled()
        return settle_units(run=self.run, stage=self.stage, token=self.token, settled=settled)

    def keep_leases(self) -> None:
        """Renews what we hold, once a third of the lease has gone by."""
        if time.monotonic() - self.renewed > self.lease / 3:
            renew_claims(run=self.run, token=self.token, seconds=self.lease)
            renew_completions(pks=list(self.flying), seconds=self.lease)
            self.renewed = time.monotonic()

    def clear(self) -> None:
        """Gives back every unit; calls whose answer we shall not see are abandoned."""
        abandon_completions(pks=list(self.flying))
        release_claims(run=self.run, token=self.token)


class Stopped(Exception):
    """The run was paused or cancelled."""


def tries_after(error: RetryableError) -> int:
    return TRIES_IN_TURN if isinstance(error, RateLimited) else TRIES
