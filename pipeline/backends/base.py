"""What every backend keeps to, and its errors: of one request (passing or final), or of the backend itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings

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


class BackendError(Exception):
    """A request got no answer; the message says why."""


class RetryableError(BackendError):
    """The same request may be answered later. ``retry_after`` is what the server asked to wait, in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class FinalError(BackendError):
    """This request will never be answered here; others may be."""


class BackendUnusable(Exception):
    """No request will be answered: wrong address, wrong key, no such model, no such file. The run stops and says so."""


Outcome = ModelAnswer | RetryableError | FinalError


class Backend(Protocol):
    """Answers requests. It never touches the database and is called from several threads.

    The engine calls ``answer`` with at most ``batch`` requests, and at most ``concurrency`` times at once. Both are
    read anew before each call: a backend may lower them while it runs, and raise them to what they were at first.
    """

    name: str
    version: str
    batch: int
    concurrency: int

    def answer(self, requests: Sequence[ModelRequest]) -> list[Outcome]:
        """One outcome per request, in their order; an error of one is an outcome. Raises BackendUnusable only."""
        ...


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
