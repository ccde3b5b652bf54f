"""The book of places: in one process with a clock in the test's hand, and between processes through a real Redis."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pipeline.backends.limits import POLL, Bounds, Grant, LocalLimits, Verdict
from pipeline.backends.shared_limits import SharedLimits
from tests.openai_server import model_server
from tests.processes import ROOT
from tests.services import private_redis

T = TypeVar("T")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def run(work: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: Playwright leaves a loop running in ours once a test has had a browser."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


def take(limits: LocalLimits, number: int = 1, tokens: int = 0) -> list[Grant]:
    return [run(limits.take(tokens)) for _ in range(number)]


def give(limits: LocalLimits, grants: list[Grant], verdict: Verdict, retry_after: float | None = None) -> None:
    for grant in grants:
        run(limits.give(grant, 0, verdict, retry_after))


def test_local_limits_start_at_twenty_and_refuse_without_a_place(clock: Clock) -> None:
    limits = LocalLimits(Bounds(), clock)
    granted = take(limits, 21)
    assert [bool(grant.place) for grant in granted] == [True] * 20 + [False]
    assert granted[-1].wait == POLL


def test_local_limits_shrink_once_for_all_calls_that_were_out(clock: Clock) -> None:
    limits = LocalLimits(Bounds(), clock)
    out = take(limits, 20)
    clock.now += 1
    give(limits, out, Verdict.LIMITED)
    assert limits.places == 16
    give(limits, take(limits), Verdict.OTHER)  # a 5xx
    assert limits.places == 16
    clock.now += 1
    give(limits, take(limits), Verdict.LIMITED)
    assert limits.places == 12


def test_local_limits_never_shrink_to_nothing(clock: Clock) -> None:
    limits = LocalLimits(Bounds(), clock)
    for _ in range(50):
        clock.now += 1
        give(limits, take(limits), Verdict.LIMITED)
    assert limits.places == 1


def test_local_limits_grow_by_a_twentieth_per_clean_round_in_use(clock: Clock) -> None:
    limits = LocalLimits(Bounds(), clock)
    give(limits, take(limits, 20), Verdict.ANSWERED)
    assert limits.places == 21
    for _ in range(100):
        give(limits, take(limits, 1), Verdict.ANSWERED)
    assert limits.places == 21  # one at a time says nothing about more
    bounded = LocalLimits(Bounds(most=20), clock)
    give(bounded, take(bounded, 20), Verdict.ANSWERED)
    assert bounded.places == 20


def test_local_limits_stop_everybody_until_retry_after(clock: Clock) -> None:
    limits = LocalLimits(Bounds(), clock)
    give(limits, take(limits), Verdict.LIMITED, retry_after=7.0)
    [refused] = take(limits)
    assert (refused.place, refused.wait) == ("", 7.0)
    clock.now += 7
    assert take(limits)[0].place


def test_local_limits_space_requests_so_that_no_minute_has_more(clock: Clock) -> None:
    limits = LocalLimits(Bounds(requests_per_minute=30), clock)
    began, times = clock.now, []
    while clock.now < began + 120:
        [grant] = take(limits)
        if grant.place:
            times.append(clock.now + grant.wait)
            give(limits, [grant], Verdict.ANSWERED)
        clock.now += grant.wait
    assert len(times) == 60
    assert max(sum(1 for other in times if time <= other < time + 60) for time in times) == 30


def test_local_limits_count_tokens_by_estimate_and_then_as_they_were(clock: Clock) -> None:
    limits = LocalLimits(Bounds(tokens_per_minute=600), clock)
    [first] = take(limits, tokens=100)
    assert take(limits, tokens=100)[0].wait == pytest.approx(10)
    run(limits.give(first, -90, Verdict.ANSWERED))  # it took 10
    assert take(limits, tokens=100)[0].wait == pytest.approx(1)


# Through Redis


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with private_redis() as url:
        yield url


def shared(url: str, bounds: Bounds = Bounds(), name: str = "") -> SharedLimits:  # noqa: B008 - frozen
    return SharedLimits(url, name or f"book-{time.monotonic_ns()}", bounds, LocalLimits(bounds))


def test_shared_limits_keep_the_rules_of_the_local_ones(redis_url: str) -> None:
    async def work() -> None:
        limits = shared(redis_url)
        out = [await limits.take(0) for _ in range(21)]
        assert [bool(grant.place) for grant in out] == [True] * 20 + [False]
        for grant in out[:20]:
            await limits.give(grant, 0, Verdict.ANSWERED)
        assert (await limits.take(0)).place
        assert limits.limit == 21
        again = [await limits.take(0) for _ in range(20)]
        for grant in again:
            await limits.give(grant, 0, Verdict.LIMITED, retry_after=0.2)
        refused = await limits.take(0)
        assert (refused.place, limits.limit) == ("", 16)
        assert 0.1 < refused.wait <= 0.2
        await limits.close()

    run(work())


def test_shared_limits_hold_rates_for_all_workers(redis_url: str) -> None:
    async def work() -> None:
        bounds = Bounds(requests_per_minute=60, tokens_per_minute=6000)
        one = shared(redis_url, bounds, "rates")
        other = shared(redis_url, bounds, "rates")
        first = await one.take(500)
        assert first.place
        assert (await other.take(500)).wait == pytest.approx(5, abs=0.1)
        await one.give(first, -490, Verdict.ANSWERED)
        assert (await other.take(500)).wait == pytest.approx(1, abs=0.1)  # by requests now
        await one.close()
        await other.close()

    run(work())


def test_shared_limits_give_each_worker_its_share_and_those_of_the_dead_to_the_living(redis_url: str) -> None:
    async def work() -> None:
        bounds = Bounds(most=4)
        greedy, late = shared(redis_url, bounds, "share"), shared(redis_url, bounds, "share")
        held = [await greedy.take(0) for _ in range(4)]
        assert not (await late.take(0)).place
        await greedy.give(held[0], 0, Verdict.ANSWERED)
        assert not (await greedy.take(0)).place  # the late one waits, and has less than its half
        assert (await late.take(0)).place
        await greedy.redis.zadd(greedy.keys[1], dict.fromkeys(greedy.held, 1.0))  # their leases have ended
        assert [bool((await late.take(0)).place) for _ in range(4)] == [True] * 3 + [False]
        await late.close()

    run(work())


def test_shared_limits_renewed_places_stay_taken(redis_url: str) -> None:
    async def work() -> None:
        bounds = Bounds(most=1)
        long_call, other = shared(redis_url, bounds, "renew"), shared(redis_url, bounds, "renew")
        grant = await long_call.take(0)
        await long_call.redis.zadd(long_call.keys[1], {grant.place: 1.0})  # its lease has ended
        await long_call.renew()
        assert not (await other.take(0)).place
        await long_call.give(grant, 0, Verdict.ANSWERED)
        assert (await other.take(0)).place
        await long_call.close()
        await other.close()

    run(work())


def test_shared_limits_without_redis_go_on_alone_and_say_so_once(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> list[Grant]:
        with private_redis() as url:
            limits = shared(url)
            out = [await limits.take(0)]
        with caplog.at_level(logging.WARNING):
            for grant in out:
                await limits.give(grant, 0, Verdict.ANSWERED)
            out = [await limits.take(0) for _ in range(25)]
            for grant in out:
                if grant.place:
                    await limits.give(grant, 0, Verdict.ANSWERED)
            await limits.renew()
            await limits.close()
        return out

    out = run(work())
    assert [bool(grant.place) for grant in out] == [True] * 20 + [False] * 5
    assert [record.getMessage().split(" (")[0] for record in caplog.records] == ["Redis is gone"]


ASK = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from pipeline.backends.openai_api import open_backend
from pipeline.requests import Message, ModelRequest
backend = open_backend({"base_url": sys.argv[1], "concurrency": 6})
request = ModelRequest(model="model-a", messages=(Message("user", "Who keeps bees?"),))
futures = [backend.submit([request]) for _ in range(40)]
outcomes = [outcome for future in futures for outcome in future.result()]
backend.close()
print(sum(getattr(outcome, "text", "") == "Ann does." for outcome in outcomes))
"""


def test_two_processes_share_the_places_of_one_account(redis_url: str, tmp_path: Path) -> None:
    rows = [{"model": "model-a", "messages": [{"role": "user", "content": "Who keeps bees?"}], "text": "Ann does."}]
    environment = os.environ | {"REDIS_URL": redis_url, "DATA_DIR": str(tmp_path), "OPENAI_API_KEY": "one"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    with model_server(tmp_path, rows) as server:
        server.delay(0.05)
        command = [sys.executable, "-c", ASK, server.base_url]
        both = [subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
        assert [int(process.communicate(timeout=60)[0]) for process in both] == [40, 40]
        status = server.status()
    assert status["requests"] == 80
    assert 4 <= status["most_at_once"] <= 6
