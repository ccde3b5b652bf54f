from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.faults.proxy import Fate, Plan, proxy
from tests.processes import until


class Server(ThreadingHTTPServer):
    daemon_threads = True
    bodies: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(204 if self.path == "/quiet" else 200)
        if self.path != "/quiet":
            self.send_header("Content-Length", "100")
        self.end_headers()
        if self.path != "/quiet":
            self.wfile.write(b"x" * 100)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.bodies = []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


class Always(Plan):
    """One fate for everybody."""

    def fate(self, number: int) -> Fate:
        return FATES[self.seed]


FATES = {
    "none": Fate(),
    "twice": Fate(copies=2),
    "late": Fate(straggler=0.1),
    "slow": Fate(before=0.2, after=0.2),
    "whole": Fate(loss="whole"),
    "half": Fate(loss="half"),
}


def post(port: int, path: str = "/") -> tuple[int, int]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", path, "hello")
    reply = connection.getresponse()
    return reply.status, len(reply.read())


def test_proxy_passes_on_what_it_does_not_break(server: Server) -> None:
    with proxy(server.server_port, Always("none")) as line:
        assert post(line.port) == (200, 100)
        assert post(line.port, "/quiet") == (204, 0)
    assert server.bodies == ["hello", "hello"]


@pytest.mark.parametrize("loss", ["whole", "half"])
def test_proxy_loses_the_reply_after_the_server_gave_it(server: Server, loss: str) -> None:
    with proxy(server.server_port, Always(loss)) as line:
        with pytest.raises((OSError, http.client.HTTPException)):
            post(line.port)
        until(lambda: line.counts["lost"] == 1)
    assert server.bodies == ["hello"]


@pytest.mark.parametrize("doubled", ["twice", "late"])
def test_proxy_sends_a_request_twice(server: Server, doubled: str) -> None:
    with proxy(server.server_port, Always(doubled)) as line:
        assert post(line.port) == (200, 100)
        until(lambda: server.bodies == ["hello", "hello"])
        assert line.counts["doubled"] == 1


def test_proxy_delays(server: Server) -> None:
    with proxy(server.server_port, Always("slow")) as line:
        began = time.monotonic()
        post(line.port)
        assert time.monotonic() - began >= 0.4


def test_proxy_closes_where_nobody_answers(server: Server) -> None:
    server.server_close()
    with proxy(server.server_port, Always("none")) as line, pytest.raises((OSError, http.client.HTTPException)):
        post(line.port)


def test_plan_repeats_itself_by_its_seed() -> None:
    fates = [Plan("a").fate(number) for number in range(300)]
    assert fates == [Plan("a").fate(number) for number in range(300)]
    assert fates != [Plan("b").fate(number) for number in range(300)]
    assert {fate.loss for fate in fates} == {"", "whole", "half"}
    assert {fate.copies for fate in fates} == {1, 2}
