"""What every backend keeps to, and its errors: of one request (passing or final), or of the backend itself."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from django.conf import settings

from pipeline.enums import FailureKind
from pipeline.requests import ModelRequest

# Where and how a backend is reached; never a secret, and never what shapes an answer.
BackendOptions = Mapping[str, str | int | float]


@dataclass(frozen=True)
class ModelAnswer:
    text: str
    finish_reason: str = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    label_probabilities: Mapping[str, float] | None = None  # of ModelRequest.labels, summing to 1
    seconds: float | None = field(default=None, compare=False)  # the call itself, without waiting for its place


class BackendError(Exception):
    """A request got no answer; the message says why."""

    seconds: float | None = None


class RetryableError(BackendError):
    """The same request may be answered later. ``retry_after`` is what the server asked to wait, in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(RetryableError):
    """The server says that too much was asked at once (429)."""


class FinalError(BackendError):
    """This request will never be answered here; others may be. ``kind`` is what the failed unit is counted by."""

    def __init__(self, message: str, kind: FailureKind = FailureKind.REFUSED) -> None:
        super().__init__(message)
        self.kind = kind


class BackendUnusable(Exception):
    """No request will be answered: wrong address, wrong key, no such model, no such file. The run stops and says so."""


Outcome = ModelAnswer | RetryableError | FinalError


class Backend(Protocol):
    """Answers requests. It never touches the database.

    The engine submits at most ``batch`` requests at once, from one thread, without waiting for earlier ones: up to
    twice ``concurrency`` calls may lie with the backend, which carries out ``concurrency`` of them at a time, in their
    order, so that the next is there when one ends. Both are read anew before each call: a backend may change them while
    it runs.
    """

    name: str
    version: str
    batch: int
    concurrency: int

    def submit(self, requests: Sequence[ModelRequest]) -> Future[list[Outcome]]:
        """Returns at once. The future brings one outcome per request, in their order, or raises BackendUnusable only.

        A call that has not begun can be cancelled by its future; one that has begun cannot.
        """
        ...

    def answer(self, requests: Sequence[ModelRequest]) -> list[Outcome]:
        """The same, waited for; from any thread. An error of one is an outcome. Raises BackendUnusable only."""
        ...

    def close(self) -> None:
        """Ends its threads and connections, once nothing is submitted any more. May be called twice.

        What is dear to open (a model's weights) belongs in a cache of the module: a worker opens and closes the backend
        once for every shard of a run.
        """
        ...


class Threaded(ABC):
    """``submit`` and ``close`` for a backend that answers synchronously: threads of its own, as many as it may call."""

    concurrency: int

    @abstractmethod
    def answer(self, requests: Sequence[ModelRequest]) -> list[Outcome]: ...

    def submit(self, requests: Sequence[ModelRequest]) -> Future[list[Outcome]]:
        return self._threads.submit(self._timed, requests)

    def close(self) -> None:
        if "_threads" in self.__dict__:
            self._threads.shutdown(cancel_futures=True)
            del self._threads

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=self.concurrency, thread_name_prefix="backend")

    def _timed(self, requests: Sequence[ModelRequest]) -> list[Outcome]:
        began = time.monotonic()
        outcomes = self.answer(requests)
        return [timed(outcome, (time.monotonic() - began) / len(requests)) for outcome in outcomes]


def timed(outcome: Outcome, seconds: float) -> Outcome:
    """The outcome with the seconds that it took, unless it has some."""
    if outcome.seconds is not None:
        return outcome
    if isinstance(outcome, ModelAnswer):
        return replace(outcome, seconds=seconds)
    outcome.seconds = seconds
    return outcome


def one_by_one(complete: Callable[[ModelRequest], ModelAnswer], requests: Sequence[ModelRequest]) -> list[Outcome]:
    """``answer`` for a backend that takes one request at a time and raises."""
    outcomes: list[Outcome] = []
    for request in requests:
        try:
            outcomes.append(complete(request))
        except (RetryableError, FinalError) as error:
            outcomes.append(error)
    return outcomes


def option_path(options: BackendOptions, name: str) -> Path:
    """The file that an option names, read from the project's folder where relative. Raises BackendUnusable."""
    value = str(options.get(name, ""))
    if not value:
        raise BackendUnusable(f"no file of recorded answers is named: give --{name} FILE")
    path = settings.BASE_DIR / value
    if not path.is_file():
        raise BackendUnusable(f"{value}: there is no such file (--{name})")
    return Path(path)
