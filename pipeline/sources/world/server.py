"""A model server that answers from a simulated world: OpenAI's protocol, one process, no framework.

    python -m pipeline.sources.world.server FOLDER [--port P]     prints its address, then serves until it is ended

    GET  /v1/models, POST /v1/chat/completions, POST /v1/embeddings
    GET  /counts                how often which body came: {"requests", "distinct", "most", "counts": {sha256: n}}

It keeps no request; /counts stops learning new bodies at ``MOST_BODIES`` and then says "full": true.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import signal
from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from pipeline.sources.world.answers import embedding, model_answer
from pipeline.sources.world.characters import CHARACTERS, EMBEDDINGS
from pipeline.sources.world.files import read_world
from pipeline.sources.world.world import World

MOST_BODIES = 500_000
MOST_BYTES = 32 * 1024 * 1024  # of one request
PHRASES = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large"}


class Refused(Exception):
    """A request that gets an error in OpenAI's form."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Desk:
    """Answers bodies by path."""

    world: World
    requests: int = 0
    counts: Counter[bytes] = field(default_factory=Counter)

    def answer(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        """Raises Refused."""
        path = path.partition("?")[0].rstrip("/")
        reads: dict[str, Callable[[], dict[str, Any]]] = {"/v1/models": self.models, "/counts": self.counted}
        writes = {"/v1/chat/completions": self.complete, "/v1/embeddings": self.embed}
        if path in reads and method == "GET":
            return reads[path]()
        if path in writes and method == "POST":
            self._count(body)
            return writes[path](_json(body))
        known = path in reads or path in writes
        raise Refused(405 if known else 404, f"{method} {path} is not served here")

    def models(self) -> dict[str, Any]:
        names = (*CHARACTERS, EMBEDDINGS)
        rows = [{"id": name, "object": "model", "created": 0, "owned_by": "simulated-world"} for name in names]
        return {"object": "list", "data": rows}

    def counted(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "distinct": len(self.counts),
            "most": max(self.counts.values(), default=0),
            "full": len(self.counts) >= MOST_BODIES,
            "counts": {digest.hex(): count for digest, count in self.counts.items()},
        }

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        model, messages = body.get("model"), body.get("messages")
        if model not in CHARACTERS:
            raise Refused(404, f"The model {model!r} does not exist: there are {', '.join(CHARACTERS)}")
        if not isinstance(messages, list) or not all(map(_is_message, messages)):
            raise Refused(400, "messages: expected a list of objects with role and content, both text")
        try:
            text = model_answer(self.world, model, messages)
        except ValueError as error:
            raise Refused(400, str(error)) from error
        asked = sum(_tokens(message["content"]) for message in messages)
        return _completion(model, text, asked, body.get("max_completion_tokens") or body.get("max_tokens"))

    def embed(self, body: dict[str, Any]) -> dict[str, Any]:
        texts = body.get("input")
        texts = [texts] if isinstance(texts, str) else texts
        if body.get("model") != EMBEDDINGS:
            raise Refused(404, f"The model {body.get('model')!r} does not exist: there is {EMBEDDINGS}")
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
            raise Refused(400, "input: expected a text or a list of texts, none of them empty")
        packed = body.get("encoding_format") == "base64"
        vectors = [embedding(self.world, text) for text in texts]
        rows = [
            {"object": "embedding", "index": place, "embedding": _packed(vector) if packed else vector}
            for place, vector in enumerate(vectors)
        ]
        tokens = sum(map(_tokens, texts))
        return {
            "object": "list",
            "data": rows,
            "model": EMBEDDINGS,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }

    def _count(self, body: bytes) -> None:
        self.requests += 1
        digest = sha256(body).digest()
        if digest in self.counts or len(self.counts) < MOST_BODIES:
            self.counts[digest] += 1


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive and content-length, which is what clients of the protocol send."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.waiting = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.waiting = self.waiting + data if self.waiting else data
        while self.waiting and self._one():
            pass

    def _one(self) -> bool:
        """Answers the first request that waits; False where it is not all there yet."""
        head, found, rest = self.waiting.partition(b"\r\n\r\n")
        if not found:
            if len(head) > 65_536:
                self._send(413, {"error": {"message": "headers too long"}}, close=True)
            return False
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES or "transfer-encoding" in headers:
            self._send(413, {"error": {"message": f"give a content-length of at most {MOST_BYTES}"}}, close=True)
            return False
        if len(rest) < int(length):
            return False
        self.waiting = rest[int(length) :]
        self._answer(first, rest[: int(length)], headers.get("connection", "").lower() == "close")
        return True

    def _answer(self, first: str, body: bytes, close: bool) -> None:
        method, _, target = first.partition(" ")
        try:
            self._send(200, self.desk.answer(method, target.partition(" ")[0], body), close)
        except Refused as error:
            kind = "invalid_request_error"
            self._send(error.status, {"error": {"message": str(error), "type": kind, "code": error.status}}, close)

    def _send(self, status: int, content: dict[str, Any], close: bool) -> None:
        assert self.transport is not None
        body = orjson.dumps(content)
        end = "close" if close else "keep-alive"
        head = (
            f"HTTP/1.1 {status} {PHRASES[status]}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: {end}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        if close:
            self.waiting = b""
            self.transport.close()


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = orjson.loads(body)
    except ValueError as error:
        raise Refused(400, f"the body is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise Refused(400, "the body is no JSON object")
    return content


def _is_message(message: Any) -> bool:
    return isinstance(message, dict) and all(isinstance(message.get(name), str) for name in ("role", "content"))


def _completion(model: str, text: str, asked: int, limit: Any) -> dict[str, Any]:
    """An answer over the limit is cut, as it would be elsewhere."""
    words, reason = _tokens(text), "stop"
    if isinstance(limit, int) and words > limit:
        text, words, reason = text[: 4 * limit], limit, "length"
    return {
        "id": f"chatcmpl-{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}],
        "usage": {"prompt_tokens": asked, "completion_tokens": words, "total_tokens": asked + words},
    }


def _tokens(text: str) -> int:
    """As tokenizers go: four characters each."""
    return -(-len(text) // 4)


def _packed(vector: list[float]) -> str:
    return base64.b64encode(array("f", vector).tobytes()).decode()


async def serve(world: World, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Until cancelled, SIGINT or SIGTERM. ``ready`` hears the address when requests are taken."""
    loop, desk = asyncio.get_running_loop(), Desk(world)
    server = await loop.create_server(lambda: Connection(desk), host, port, backlog=512)
    over = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(name, over.set)
    ready(f"http://{host}:{server.sockets[0].getsockname()[1]}/v1")
    async with server:
        await over.wait()


def main(folder: str, port: int = 0, host: str = "127.0.0.1") -> None:
    """Serves the world of a folder. Raises ValueError where there is none."""
    world = read_world(Path(folder))
    asyncio.run(serve(world, host, port, lambda address: print(address, flush=True)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A model server that answers from a simulated world.")
    parser.add_argument("folder", help="where write_world wrote it")
    parser.add_argument("--port", type=int, default=0, help="0 = any free one")
    parser.add_argument("--host", default="127.0.0.1")
    try:
        main(**vars(parser.parse_args()))
    except (ValueError, OSError) as error:
        parser.exit(1, f"{error}\n")
