"""A server process that speaks OpenAI's chat completions with a real, tiny model behind it, for tests.

    python -m tests.models.model_server FOLDER [FOLDER ...] [--schema]     prints its port

Each folder is served under its own name. max_tokens, temperature, top_p and seed count; json_schema counts only with
--schema, and is else ignored in silence, as many servers do. Questions that come together are answered in one batch.
``GET /counts`` tells how often each question was answered.
"""

from __future__ import annotations

import argparse
import json
import queue
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.openai_server import ModelServer, question_of

MOST_AT_ONCE = 64


def request_of(body: dict[str, Any], folder: Path, guided: bool) -> Any:
    from pipeline.requests import Message, ModelRequest, Sampling

    asked = body.get("response_format") or {}
    schema = asked.get("json_schema", {}).get("schema") if asked.get("type") == "json_schema" else None
    return ModelRequest(
        model=str(folder),
        messages=tuple(Message(message["role"], message["content"]) for message in body["messages"]),
        sampling=Sampling(
            temperature=body.get("temperature"),
            top_p=body.get("top_p"),
            max_tokens=body.get("max_tokens"),
            seed=body.get("seed"),
        ),
        response_schema=schema if guided else None,
    )


@dataclass
class Waiting:
    request: Any
    outcome: Any = None


class Answering(threading.Thread):
    """Takes what has come together and asks the model for all of it at once."""

    def __init__(self, backend: Any) -> None:
        super().__init__(daemon=True)
        self.backend = backend
        self.line: queue.Queue[tuple[Waiting, threading.Event]] = queue.Queue()

    def ask(self, request: Any) -> Any:
        waiting, done = Waiting(request), threading.Event()
        self.line.put((waiting, done))
        done.wait()
        return waiting.outcome

    def run(self) -> None:
        while True:
            batch = [self.line.get()]
            while len(batch) < MOST_AT_ONCE and not self.line.empty():
                batch.append(self.line.get())
            outcomes = self.backend.answer([waiting.request for waiting, _ in batch])
            for (waiting, done), outcome in zip(batch, outcomes, strict=True):
                waiting.outcome = outcome
                done.set()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    folders: dict[str, Path]
    answering: Answering
    guided = False
    counts: Counter[str] = Counter()
    counting = threading.Lock()

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self.reply({"object": "list", "data": [{"id": name, "object": "model"} for name in sorted(self.folders)]})
        elif self.path == "/counts":
            with self.counting:
                self.reply({"counts": self.counts, "requests": sum(self.counts.values())})
        else:
            self.reply({"error": {"message": "no such page"}}, 404)

    def do_POST(self) -> None:
        from pipeline.backends.base import ModelAnswer

        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = body.get("model")
        if self.path != "/v1/chat/completions" or name not in self.folders:
            self.reply({"error": {"message": f"The model {name} does not exist"}}, 404)
            return
        outcome = self.answering.ask(request_of(body, self.folders[name], self.guided))
        if isinstance(outcome, ModelAnswer):
            with self.counting:
                self.counts[question_of(body)] += 1
            self.reply(completion(name, outcome))
        else:
            self.reply({"error": {"message": str(outcome), "code": "context_length_exceeded"}}, 400)

    def reply(self, content: Any, status: int = 200) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed in mid-call is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def completion(model: str, answer: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": answer.prompt_tokens, "completion_tokens": answer.completion_tokens}
    message = {"role": "assistant", "content": answer.text}
    return {
        "id": "chatcmpl-tiny",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": answer.finish_reason}],
        "usage": usage | {"total_tokens": sum(usage.values())},
    }


@contextmanager
def tiny_server(folders: Sequence[Path], *, guided: bool = False) -> Iterator[ModelServer]:
    """A server process over these models, ready to answer; it has ended when the block has."""
    command = [sys.executable, "-m", "tests.models.model_server", *map(str, folders), *(["--schema"] if guided else [])]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[2])
    try:
        assert server.stdout is not None
        yield ModelServer(int(server.stdout.readline()))
    finally:
        server.kill()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--schema", action="store_true")
    words = parser.parse_args()
    import django
    from django.conf import settings

    # What the backend reads of Django is where the project lies: no database, no settings of a site.
    settings.configure(BASE_DIR=Path.cwd())
    django.setup()
    from pipeline.backends import open_backend
    from pipeline.requests import Message, ModelRequest, Sampling

    Handler.folders = {folder.name: folder.resolve() for folder in words.folders}
    Handler.guided = words.schema
    backend = open_backend("local", {})
    first = (Message("user", "?"),)
    backend.answer(
        [ModelRequest(str(folder), first, sampling=Sampling(max_tokens=1)) for folder in Handler.folders.values()]
    )
    Handler.answering = Answering(backend)
    Handler.answering.start()
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
