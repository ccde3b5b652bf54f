"""A server process that speaks OpenAI's chat completions, for tests: answers from a file, counts, and faults on order.

    python -m tests.openai_server ANSWERS.jsonl     prints its port, serves /v1/models and /v1/chat/completions

Answers are found by model and messages; ANSWERS holds {"model", "messages", "text"} per line, or {"model", "key",
"text"} with the key of pipeline.requests; "odds" ([token, probability] pairs for each of the first tokens) are what a
question with logprobs gets. ``GET /counts`` tells how often each question came. ``POST /faults`` takes {"3": "429"}:
what befalls the third request from the start, once.
``POST /honours`` takes {"is": "schema"}: what of response_format it keeps to when it is probed.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import log
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as a script it finds the project's rooms, too

from pipeline.requests import Message, ModelRequest, Sampling

PROBE = "Name one season of the year"  # how pipeline.backends.probing begins
PROBED = {"json_schema": '{"season_probed": "summer", "warmth_probed": true}', "json_object": '{"season": "summer"}'}
KEPT_TO = {"schema": ("json_schema", "json_object"), "json_object": ("json_object",), "prompt": ()}
VLLM = "This model's maximum context length is 6048 tokens. However, you requested 6616 tokens (568 in the messages)."
ERRORS: dict[str, tuple[int, dict[str, str]]] = {
    "429": (429, {"message": "slow down"}),
    "used up": (429, {"message": "check your plan", "code": "insufficient_quota"}),
    "too long": (400, {"message": "too many tokens", "code": "context_length_exceeded"}),
    "too long, vllm": (400, {"message": VLLM}),
    "no logprobs": (400, {"message": "logprobs are not supported with reasoning models"}),
}
FAULTS = (*ERRORS, *("500", "401", "404", "400", "half", "html", "empty", "hang", "no choices"))
FAULTS += ("nothing", "drip", "refusal", "another form")


def question_of(body: dict[str, Any]) -> str:
    """What a question is known by: model and messages."""
    asked = {"model": body["model"], "messages": body["messages"]}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def key_of(body: dict[str, Any]) -> str:
    """The key under which a request that was sent so is on record, where it had no revision and no label."""
    form = body.get("response_format", {}).get("json_schema")
    return ModelRequest(
        model=body["model"],
        messages=tuple(Message(message["role"], message["content"]) for message in body["messages"]),
        sampling=Sampling(**{name: body.get(name) for name in ("temperature", "top_p", "max_tokens", "seed")}),
        response_schema=form and form["schema"],
    ).cache_key


class State:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.answers: dict[str, str] = {}
        self.odds: dict[str, list[list[tuple[str, float]]]] = {}
        self.models: set[str] = set()
        self.faults: dict[int, str] = {}
        self.counts: Counter[str] = Counter()  # answered in full, by question
        self.requests = 0
        self.at_once = 0
        self.most_at_once = 0
        self.delay = 0.0
        self.honours = "schema"
        self.bodies: list[dict[str, Any]] = []
        self.times: list[float] = []

    def add(self, row: dict[str, Any]) -> None:
        self.answers[row["key"] if "key" in row else question_of(row)] = row["text"]
        self.models.add(row["model"])
        if "odds" in row:
            self.odds[question_of(row)] = row["odds"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: State
    at_work = False

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        state = self.state
        if self.path == "/v1/models":
            self.reply({"object": "list", "data": [{"id": name, "object": "model"} for name in sorted(state.models)]})
        elif self.path == "/counts":
            with state.lock:
                counts = {"counts": state.counts, "requests": state.requests, "most_at_once": state.most_at_once}
                self.reply(counts | {"bodies": state.bodies, "times": state.times})
        else:
            self.reply({"error": {"message": "no such page"}}, 404)

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        text = self.rfile.read(length)
        if len(text) < length:  # its client was killed before all was sent
            self.close_connection = True
            return
        body = json.loads(text)
        if self.path == "/v1/chat/completions":
            with self.state.lock:
                self.state.at_once += 1
                self.state.most_at_once = max(self.state.most_at_once, self.state.at_once)
            self.at_work = True
            try:
                self.complete(body)
            finally:
                self.over()
        elif self.path == "/faults":
            self.state.faults = {int(number): fault for number, fault in body.items()}
            self.reply({})
        elif self.path in ("/delay", "/honours"):
            setattr(self.state, self.path[1:], body["is"])
            self.reply({})

    def over(self) -> None:
        """Before the first byte of a reply: its reader may come back with the next request at once."""
        if self.at_work:
            self.at_work = False
            with self.state.lock:
                self.state.at_once -= 1

    def complete(self, body: dict[str, Any]) -> None:
        state = self.state
        with state.lock:
            state.requests += 1
            state.bodies.append(body)
            state.times.append(time.time())
            fault = state.faults.pop(state.requests, state.faults.get(0, ""))
        time.sleep(state.delay)
        question = question_of(body)
        if fault:
            self.fail(fault)
        elif body["model"] not in state.models:
            self.reply({"error": {"message": f"The model {body['model']} does not exist", "code": 404}}, 404)
        elif body["messages"][0]["content"].startswith(PROBE):
            with state.lock:
                state.counts[question] += 1
            kind = body.get("response_format", {}).get("type")
            kept_to = kind in KEPT_TO[state.honours]
            self.reply(completion(body, PROBED[kind] if kept_to else "Summer. It is warm then."))
        elif (answer := state.answers.get(question) or state.answers.get(key_of(body))) is None:
            self.reply({"error": {"message": "no answer is recorded to this question"}}, 400)
        else:
            with state.lock:
                state.counts[question] += 1
            self.reply(completion(body, answer, state.odds.get(question, []) if body.get("logprobs") else []))

    def fail(self, fault: str) -> None:
        if fault in ERRORS:
            status, error = ERRORS[fault]
            self.reply({"error": error}, status, {"Retry-After": "1"} if fault == "429" else None)
        elif fault in ("400", "401", "404", "500"):
            self.reply({"error": {"message": f"fault {fault}"}}, int(fault))
        elif fault == "half":
            self.reply(completion({"model": "m", "messages": []}, "cut off"), cut=True)
        elif fault == "html":
            self.send(b"<html>502 from a proxy</html>", 200, "text/html")
        elif fault == "empty":
            self.send(b"", 200, "application/json")
        elif fault == "no choices":
            self.reply({"id": "x", "object": "chat.completion", "choices": []})
        elif fault == "refusal":
            refused = completion({"model": "m", "messages": []}, "")
            refused["choices"][0]["message"] |= {"content": None, "refusal": "I cannot help with that."}
            self.reply(refused)
        elif fault == "another form":
            self.reply(completion({"model": "m", "messages": []}, '{"verdict": ["another", "form"]}'))
        elif fault == "drip":
            self.drip()
        elif fault in ("hang", "nothing"):
            time.sleep(30 if fault == "hang" else 0)
            self.close_connection = True

    def drip(self) -> None:
        """A byte now and then, so that no pause between two is long."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(100):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.1)
        self.close_connection = True

    def reply(self, content: Any, status: int = 200, headers: dict[str, str] | None = None, cut: bool = False) -> None:
        text = json.dumps(content).encode()
        self.send(text, status, "application/json", headers, cut)

    def send(
        self, text: bytes, status: int, kind: str, headers: dict[str, str] | None = None, cut: bool = False
    ) -> None:
        self.over()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(text[: len(text) // 2] if cut else text)
        if cut:
            self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed in mid-call is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def completion(body: dict[str, Any], text: str, odds: list[list[tuple[str, float]]] | None = None) -> dict[str, Any]:
    asked = sum(len(message["content"].split()) for message in body["messages"])
    answered = len(text.split())
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
                "logprobs": {"content": [logprobs_of(place) for place in odds]} if odds else None,
            }
        ],
        "usage": {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered},
    }


def logprobs_of(place: list[tuple[str, float]]) -> dict[str, Any]:
    """Of one token of the answer: the first of the pairs is the one that was said."""
    known = [{"token": token, "logprob": log(share), "bytes": None} for token, share in place]
    return known[0] | {"top_logprobs": known}


class ModelServer:
    """The tests' side of a running server."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.base_url = f"{self.origin}/v1"

    def faults(self, faults: dict[int, str]) -> None:
        """Fault of the n-th request from the start; under 0, of every request that has none of its own."""
        self._post("/faults", {str(number): fault for number, fault in faults.items()})

    def delay(self, seconds: float) -> None:
        self._post("/delay", {"is": seconds})

    def honours(self, form: str) -> None:
        """schema, json_object or prompt (nothing)."""
        self._post("/honours", {"is": form})

    def status(self) -> dict[str, Any]:
        with urlopen(f"{self.origin}/counts", timeout=10) as reply:
            return dict(json.load(reply))

    @property
    def requests(self) -> int:
        return int(self.status()["requests"])

    def _post(self, path: str, content: Any) -> None:
        data = json.dumps(content).encode()
        request = Request(f"{self.origin}{path}", data=data, headers={"Content-Type": "application/json"})
        urlopen(request, timeout=10).close()


@contextmanager
def model_server(folder: Path, rows: list[dict[str, Any]]) -> Iterator[ModelServer]:
    """A server process with these answers; it has ended when the block has."""
    path = folder / f"answers-{time.monotonic_ns()}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [sys.executable, str(Path(__file__).resolve()), str(path)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield ModelServer(int(server.stdout.readline()))
    finally:
        server.kill()
        server.wait()


def main(path: str) -> None:
    Handler.state = State()
    with Path(path).open(encoding="utf-8") as lines:
        for line in lines:
            Handler.state.add(json.loads(line))
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
