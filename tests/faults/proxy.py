"""A proxy that loses replies after the server gave them, delays, and sends requests twice, by a seeded plan.

It stands between raters and the web server, one request per connection, in a thread of its own.
"""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

CONNECTION = re.compile(rb"\r\n(?:connection|keep-alive):[^\r]*", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
NO_BODY = re.compile(rb"HTTP/1.. (?:204|304)")
BROKEN = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


@dataclass(frozen=True)
class Fate:
    """What befalls one request. ``copies`` go side by side, a ``straggler`` goes that many seconds after the reply;
    ``loss`` is that of the reply, once the server has given it in full.
    """

    before: float = 0.0
    after: float = 0.0
    copies: int = 1
    straggler: float | None = None
    loss: str = ""  # "", "whole" or "half"


@dataclass(frozen=True)
class Plan:
    """Chances of each fault; the n-th request has the same fate whenever the seed is the same."""

    seed: str
    loss: float = 0.12
    double: float = 0.1
    straggle: float = 0.06
    delay: float = 0.25
    longest: float = 0.2  # seconds

    def fate(self, number: int) -> Fate:
        chance = random.Random(f"{self.seed}:{number}")
        before, after = (chance.uniform(0, self.longest) if chance.random() < self.delay else 0.0 for _ in range(2))
        copies = 2 if chance.random() < self.double else 1
        straggler = chance.uniform(0, 5 * self.longest) if chance.random() < self.straggle else None
        loss = chance.choice(("whole", "half")) if chance.random() < self.loss else ""
        return Fate(before, after, copies, straggler, loss)


class Proxy:
    """``counts``: requests, doubled, delayed, lost (replies that the server gave and nobody got), refused."""

    def __init__(self, upstream: int, plan: Plan) -> None:
        self.upstream, self.plan = upstream, plan
        self.port = 0
        self.counts: Counter[str] = Counter()
        self.stragglers: set[asyncio.Task[None]] = set()

    async def serve(self, listening: threading.Event, over: asyncio.Event) -> None:
        server = await asyncio.start_server(self._handle, "127.0.0.1", 0, limit=1 << 22)
        self.port = server.sockets[0].getsockname()[1]
        listening.set()
        await over.wait()
        server.close()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts["requests"] += 1
        fate = self.plan.fate(self.counts["requests"])
        try:
            request = await read_request(reader)
            await asyncio.sleep(fate.before)
            replies = await asyncio.gather(*(self._ask(request) for _ in range(fate.copies)))
            await asyncio.sleep(fate.after)
            self._note(fate, replies)
            if fate.straggler is not None:
                self.stragglers.add(asyncio.create_task(self._ask_later(request, fate.straggler)))
            writer.write(cut(replies[-1], fate.loss))
            await writer.drain()
        except BROKEN:
            pass  # the rater has gone
        finally:
            with suppress(OSError):
                writer.close()
                await writer.wait_closed()

    def _note(self, fate: Fate, replies: list[bytes]) -> None:
        self.counts["doubled"] += fate.copies > 1 or fate.straggler is not None
        self.counts["delayed"] += fate.before + fate.after > 0
        self.counts["lost" if replies[-1] else "refused"] += bool(fate.loss) or not replies[-1]

    async def _ask_later(self, request: bytes, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._ask(request)

    async def _ask(self, request: bytes) -> bytes:
        """The server's whole reply; nothing where it gave none, or died in the middle of one."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
            writer.write(request)
            await writer.drain()
            reply = await asyncio.wait_for(reader.read(-1), 30)
            writer.close()
        except (*BROKEN, TimeoutError):
            return b""
        head, _, body = reply.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        whole = len(body) == int(length[1]) if length else NO_BODY.match(head)
        return reply if whole else b""


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Head and body, rewritten so that the server closes the connection after its reply."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    body = await reader.readexactly(int(length[1])) if length else b""
    return CONNECTION.sub(b"", head[:-4]) + b"\r\nConnection: close\r\n\r\n" + body


def cut(reply: bytes, loss: str) -> bytes:
    """Half a reply has a whole head: of one that ends in its head http.client makes a whole reply."""
    head, line, body = reply.partition(b"\r\n\r\n")
    half = head + line + body[: len(body) // 2] if body else b""
    return {"": reply, "half": half, "whole": b""}[loss]


@contextmanager
def proxy(upstream: int, plan: Plan) -> Iterator[Proxy]:
    made = Proxy(upstream, plan)
    loop, listening = asyncio.new_event_loop(), threading.Event()
    over = asyncio.Event()

    def run() -> None:
        loop.run_until_complete(made.serve(listening, over))
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run, name="proxy", daemon=True)
    thread.start()
    assert listening.wait(10)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
