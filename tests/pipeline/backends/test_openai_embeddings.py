"""The embedder against the world's own server, and against one that misbehaves on order."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import openai
import pytest

from pipeline.backends.base import BackendUnusable, FinalError
from pipeline.backends.embedders import open_embedder
from pipeline.backends.openai_embeddings import AT_ONCE, ATTEMPTS, OpenAIEmbedder


class Handler(BaseHTTPRequestHandler):
    """Answers with what ``replies`` has left, then as it should; a vector is [length of the text, 1]."""

    replies: list[tuple[int, Any]]
    asked: list[dict[str, Any]]

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body | {"path": self.path})
        rows = [{"index": place, "embedding": [len(text), 1.0]} for place, text in enumerate(body["input"])]
        status, content = self.replies.pop(0) if self.replies else (200, {"data": rows[::-1], "model": body["model"]})
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if status == 429:
            self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def server(*replies: tuple[int, Any]) -> Iterator[tuple[str, type[Handler]]]:
    handler = type("Handler", (Handler,), {"replies": list(replies), "asked": []})
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}/v1", handler
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def embedder(url: str, waits: list[float]) -> OpenAIEmbedder:
    return OpenAIEmbedder(openai.OpenAI(base_url=url, api_key="none", max_retries=0, timeout=5), "mini", waits.append)


def test_openai_embeddings_come_in_the_order_of_the_texts() -> None:
    with server() as (url, handler):
        assert open_embedder("openai_api", "mini", {"base_url": url}).embed(["four", "a"]) == [[4, 1], [1, 1]]
    assert handler.asked[0]["path"] == "/v1/embeddings"
    assert (handler.asked[0]["model"], handler.asked[0]["input"]) == ("mini", ["four", "a"])


def test_openai_embeddings_of_many_texts_are_asked_for_in_parts() -> None:
    texts = ["x" * (1 + number % 9) for number in range(AT_ONCE + 3)]
    with server() as (url, handler):
        vectors = embedder(url, []).embed(texts)
    assert [vector[0] for vector in vectors] == [len(text) for text in texts]
    assert [len(body["input"]) for body in handler.asked] == [AT_ONCE, 3]


def test_openai_embeddings_wait_as_long_as_the_server_asks() -> None:
    waits: list[float] = []
    busy = (429, {"error": {"message": "slow down"}})
    with server(busy, (500, {"error": {"message": "oops"}}), (200, b"<html>")) as (url, _):
        assert embedder(url, waits).embed(["four"]) == [[4, 1]]
    assert waits == [7.0, 2.0, 4.0]


def test_openai_embeddings_that_never_come_stop_the_run() -> None:
    waits: list[float] = []
    with (
        server(*[(503, {"error": {"message": "down"}})] * ATTEMPTS) as (url, _),
        pytest.raises(BackendUnusable, match="4 requests for embeddings failed, the last: 503"),
    ):
        embedder(url, waits).embed(["four"])
    assert len(waits) == ATTEMPTS - 1


@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        (401, BackendUnusable, "OPENAI_API_KEY"),
        (404, BackendUnusable, "no model 'mini'"),
        (400, FinalError, "too long"),
    ],
)
def test_openai_embeddings_tell_what_is_final_from_what_stops_the_run(
    status: int, error: type[Exception], message: str
) -> None:
    with (
        server((status, {"error": {"message": "too long"}})) as (url, _),
        pytest.raises(error, match=message),
    ):
        embedder(url, []).embed(["four"])


@pytest.mark.parametrize(
    "rows",
    [
        [{"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}],
    ],
)
def test_openai_embeddings_refuse_a_reply_that_does_not_fit_the_texts(rows: list[dict[str, Any]]) -> None:
    with server((200, {"data": rows, "model": "mini"})) as (url, _), pytest.raises(FinalError, match="for 2 texts"):
        embedder(url, []).embed(["one", "two"])


def test_open_embedder_without_a_server_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(BackendUnusable, match="--base-url"):
        open_embedder("openai_api", "mini", {})
