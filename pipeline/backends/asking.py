"""Calls on one event loop in one thread, each waiting in turn for its place: what an async backend stands on."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress

from pipeline.backends.base import FinalError, ModelAnswer, Outcome, RateLimited, RetryableError, timed
from pipeline.backends.limits import Grant, Limits, Verdict
from pipeline.requests import ModelRequest

Complete = Callable[[ModelRequest], Awaitable[ModelAnswer]]
ANSWER_TOKENS = 256  # of an answer that nothing bounds, until it is there
RENEWAL = 1.0  # seconds; a fifth of what a place is leased for


class Lane:
    """The queue before one model's places."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.turn, self.freed = asyncio.Lock(), asyncio.Event()

    async def place(self, tokens: int, future: Future[list[Outcome]]) -> Grant:
        """In the order of submission: the first waits for a place, the others for their turn. None if cancelled."""
        async with self.turn:
            while True:
                self.freed.clear()
                grant = await self.limits.take(tokens)
                if grant.place or future.cancelled():
                    break
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.freed.wait(), grant.wait)
        if grant.place and grant.wait > 0:
            await asyncio.sleep(grant.wait)
        return grant

    async def give_back(self, grant: Grant, tokens: int, verdict: Verdict, retry_after: float | None = None) -> None:
        if grant.place:
            await self.limits.give(grant, tokens, verdict, retry_after)
            self.freed.set()


class Asker:
    """Carries out requests with ``complete``, which raises RetryableError, FinalError or BackendUnusable.

    ``limits`` opens a model's book of places, ``release`` ends what ``complete`` stands on.
    """

    def __init__(
        self, complete: Complete, limits: Callable[[str], Limits], release: Callable[[], Awaitable[None]]
    ) -> None:
        self.complete, self.limits, self.release = complete, limits, release
        self.loop = asyncio.new_event_loop()
        self.lanes: dict[str, Lane] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.thread = threading.Thread(target=self.loop.run_forever, name="asking", daemon=True)
        self.thread.start()
        self.loop.call_soon_threadsafe(self._start, self._renew())

    def submit(self, requests: Sequence[ModelRequest]) -> Future[list[Outcome]]:
        future: Future[list[Outcome]] = Future()
        self.loop.call_soon_threadsafe(self._start, self._carry_out(requests, future))
        return future

    def places(self, model: str) -> int | None:
        return self.lanes[model].limits.places if model in self.lanes else None

    def close(self) -> None:
        if self.loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _carry_out(self, requests: Sequence[ModelRequest], future: Future[list[Outcome]]) -> None:
        """The future runs from the moment that its first call has a place; until then it can be cancelled."""
        outcomes: list[Outcome] = []
        try:
            for request in requests:
                lane = self._lane(request.model)
                grant = await lane.place(estimated_tokens(request), future)
                if not future.running() and not future.set_running_or_notify_cancel():
                    await lane.give_back(grant, 0, Verdict.OTHER)
                    return
                outcomes.append(await self._ask(request, lane, grant))
        except BaseException as error:  # handed to whoever waits, or it would wait for ever
            if not future.cancelled():
                future.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            future.set_result(outcomes)

    def _lane(self, model: str) -> Lane:
        if model not in self.lanes:
            self.lanes[model] = Lane(self.limits(model))
        return self.lanes[model]

    async def _ask(self, request: ModelRequest, lane: Lane, grant: Grant) -> Outcome:
        began = time.monotonic()
        verdict, over, retry_after = Verdict.OTHER, 0, None
        try:
            answer = await self.complete(request)
            verdict, over = Verdict.ANSWERED, tokens_over(answer, request)
            return timed(answer, time.monotonic() - began)
        except RetryableError as error:
            retry_after = error.retry_after
            verdict = Verdict.LIMITED if isinstance(error, RateLimited) else Verdict.OTHER
            return timed(error, time.monotonic() - began)
        except FinalError as error:
            return timed(error, time.monotonic() - began)
        finally:
            await lane.give_back(grant, over, verdict, retry_after)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEWAL)
            for lane in list(self.lanes.values()):
                await lane.limits.renew()

    async def _end(self) -> None:
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for lane in self.lanes.values():
            await lane.limits.close()
        await self.release()


def estimated_tokens(request: ModelRequest) -> int:
    """What a call may take, before it is made: four characters a token, and the whole answer that it may give."""
    asked = sum(len(message.content) for message in request.messages) // 4 + 4 * len(request.messages)
    return asked + (request.sampling.max_tokens or ANSWER_TOKENS)


def tokens_over(answer: ModelAnswer, request: ModelRequest) -> int:
    """What it took over the estimate; 0 where the server does not count."""
    if answer.prompt_tokens is None:
        return 0
    return answer.prompt_tokens + (answer.completion_tokens or 0) - estimated_tokens(request)
