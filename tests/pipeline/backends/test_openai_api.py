"""Against a real server process that speaks the protocol."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.backends.base import BackendUnusable, FinalError, ModelAnswer, RateLimited, RetryableError
from pipeline.backends.openai_api import OpenAIBackend, open_backend
from pipeline.enums import FailureKind
from pipeline.requests import Message, ModelRequest, Sampling
from tests.openai_server import ModelServer, model_server
from tests.processes import until

MESSAGES = [{"role": "user", "content": "Who keeps bees?"}]
WORDS = [{"role": "user", "content": "Does Ann?"}]
ROWS: list[dict[str, Any]] = [
    {"model": "model-a", "messages": MESSAGES, "text": "Ann does."},
    {
        "model": "model-a",
        "messages": WORDS,
        "text": "**Yes**, she keeps bees.",
        "odds": [[["**", 0.9], ["No", 0.1]], [["Yes", 0.5], ["YES", 0.1], [" no", 0.15], ["Maybe", 0.2], ["N", 0.05]]],
    },
]
REQUEST = ModelRequest(model="model-a", messages=(Message("user", "Who keeps bees?"),))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    with model_server(tmp_path_factory.mktemp("server"), ROWS) as server:
        yield server


@pytest.fixture
def server(running: ModelServer) -> ModelServer:
    running.faults({})
    return running


@pytest.fixture
def backend(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIBackend]:
    """With a book of its own, whatever the session's Redis has of others."""
    monkeypatch.setenv("OPENAI_API_KEY", f"key-{time.monotonic_ns()}")
    opened = open_backend({"base_url": server.base_url, "timeout": 1.0})
    yield opened
    opened.close()


def test_openai_api_brings_text_and_tokens(backend: OpenAIBackend) -> None:
    assert backend.answer([REQUEST]) == [ModelAnswer("Ann does.", "stop", 3, 2)]


def test_labels_have_the_probabilities_of_the_first_word(backend: OpenAIBackend, server: ModelServer) -> None:
    asked = ModelRequest(model="model-a", messages=(Message("user", "Does Ann?"),), labels=("YES", "NO"))
    (answer,) = backend.answer([asked])
    assert isinstance(answer, ModelAnswer)
    assert answer.label_probabilities == pytest.approx({"YES": 0.75, "NO": 0.25})
    assert server.status()["bodies"][-1]["top_logprobs"] == 20
    # A server that ignores the field, and an answer that begins with something else, have none.
    assert backend.answer([replace(REQUEST, labels=("YES", "NO"))]) == [ModelAnswer("Ann does.", "stop", 3, 2)]
    (other,) = backend.answer([replace(asked, labels=("1", "2"))])
    assert isinstance(other, ModelAnswer)
    assert other.label_probabilities is None


def test_server_that_refuses_logprobs_is_asked_without_them_from_there_on(
    backend: OpenAIBackend, server: ModelServer
) -> None:
    asked = replace(REQUEST, labels=("YES", "NO"))
    began = server.requests
    server.faults({began + 1: "no logprobs"})
    assert backend.answer([asked, asked]) == 2 * [ModelAnswer("Ann does.", "stop", 3, 2)]
    assert ["logprobs" in body for body in server.status()["bodies"][began:]] == [True, False, False]


def test_openai_api_sends_what_the_key_is_made_of_and_nothing_unset(
    backend: OpenAIBackend, server: ModelServer
) -> None:
    schema = {"type": "object"}
    sampling = Sampling(temperature=0.0, max_tokens=7, seed=3)
    backend.answer(
        [ModelRequest(model="model-a", messages=REQUEST.messages, sampling=sampling, response_schema=schema)]
    )
    assert server.status()["bodies"][-1] == {
        "model": "model-a",
        "messages": MESSAGES,
        "temperature": 0.0,
        "max_tokens": 7,
        "seed": 3,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        },
    }
    backend.answer([REQUEST])
    assert server.status()["bodies"][-1] == {"model": "model-a", "messages": MESSAGES}


@pytest.mark.parametrize("fault", ["429", "500", "half", "html", "empty", "no choices", "hang", "nothing"])
def test_openai_api_fault_that_may_pass_is_retryable_and_tried_once(
    backend: OpenAIBackend, server: ModelServer, fault: str
) -> None:
    before = server.requests
    server.faults({0: fault})
    began = time.monotonic()
    [error] = backend.answer([REQUEST])
    assert isinstance(error, RetryableError), error
    assert server.requests == before + 1  # the library's own retries are off
    assert time.monotonic() - began < 5


def test_openai_api_hears_retry_after_and_slows_down(backend: OpenAIBackend, server: ModelServer) -> None:
    server.faults({0: "429"})
    most = backend.concurrency
    began = time.monotonic()
    [error] = backend.answer([REQUEST])
    assert isinstance(error, RateLimited)
    assert error.retry_after == 1.0
    assert backend.concurrency == most * 4 // 5
    server.faults({})
    assert backend.answer([REQUEST]) == [ModelAnswer("Ann does.", "stop", 3, 2)]
    assert time.monotonic() - began >= 1.0  # no call leaves before then, whoever makes it


def test_openai_api_keeps_many_calls_out_and_no_more_than_it_may(tmp_path: Path) -> None:
    with model_server(tmp_path, ROWS) as server:
        server.delay(0.1)
        backend = open_backend({"base_url": server.base_url, "concurrency": 5})
        before = set(threading.enumerate())
        futures = [backend.submit([REQUEST]) for _ in range(20)]
        own = [thread.name for thread in set(threading.enumerate()) - before if not thread.name.startswith("asyncio_")]
        assert own == ["asking"]  # asyncio's own look up addresses
        assert [future.result() for future in futures] == [[ModelAnswer("Ann does.", "stop", 3, 2)]] * 20
        backend.close()
        assert server.status()["most_at_once"] == 5


def test_openai_api_call_that_has_no_place_yet_can_be_cancelled(server: ModelServer) -> None:
    backend = open_backend({"base_url": server.base_url, "concurrency": 1})
    before = server.requests
    server.delay(0.2)
    first, second = backend.submit([REQUEST]), backend.submit([REQUEST])
    until(first.running)
    assert (first.cancel(), second.cancel()) == (False, True)
    first.result()
    server.delay(0)
    assert backend.answer([REQUEST])
    backend.close()
    assert server.requests == before + 2


@pytest.mark.parametrize("fault", ["too long", "too long, vllm"])
def test_openai_api_full_context_is_final_and_says_so(backend: OpenAIBackend, server: ModelServer, fault: str) -> None:
    server.faults({0: fault})
    [error] = backend.answer([REQUEST])
    assert isinstance(error, FinalError)
    assert error.kind == FailureKind.TOO_LONG


def test_openai_api_refusal_is_an_answer(backend: OpenAIBackend, server: ModelServer) -> None:
    server.faults({0: "refusal"})
    [answer] = backend.answer([REQUEST])
    assert isinstance(answer, ModelAnswer)
    assert (answer.text, answer.finish_reason) == ("I cannot help with that.", "refusal")


def test_openai_api_drips_are_no_way_to_hold_a_place_for_ever(backend: OpenAIBackend, server: ModelServer) -> None:
    server.faults({0: "drip"})
    began = time.monotonic()
    [error] = backend.answer([REQUEST])
    assert isinstance(error, RetryableError)
    assert "no answer within 1 s" in str(error)
    assert time.monotonic() - began < 3


def test_openai_api_account_that_is_used_up_stops(backend: OpenAIBackend, server: ModelServer) -> None:
    server.faults({0: "used up"})
    with pytest.raises(BackendUnusable, match="top it up"):
        backend.answer([REQUEST])


def test_openai_api_bad_request_is_final(backend: OpenAIBackend, server: ModelServer) -> None:
    server.faults({0: "400"})
    [error] = backend.answer([REQUEST])
    assert isinstance(error, FinalError)
    assert "fault 400" in str(error)


@pytest.mark.parametrize(("fault", "remedy"), [("401", "set OPENAI_API_KEY"), ("404", "/v1/models")])
def test_openai_api_refused_by_the_server_stops(
    backend: OpenAIBackend, server: ModelServer, fault: str, remedy: str
) -> None:
    server.faults({0: fault})
    with pytest.raises(BackendUnusable, match=remedy):
        backend.answer([REQUEST])


def test_openai_api_nobody_there_is_retryable() -> None:
    [error] = open_backend({"base_url": "http://127.0.0.1:9/v1"}).answer([REQUEST])
    assert isinstance(error, RetryableError)


def test_openai_api_without_address_and_key_says_what_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(BackendUnusable, match="--base-url URL, or set OPENAI_BASE_URL"):
        open_backend({})
