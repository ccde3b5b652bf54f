"""The driver's browser against a server that misbehaves on order."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from rebuild.browser import Browser, Unreachable
from tests.services import free_port


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str, str, str]]
    faults: list[str]

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._answer("")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, body: str) -> None:
        self.seen.append((self.command, self.path, body, self.headers.get("Cookie", "")))
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "drop":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        status = int(fault or (303 if self.path == "/old/" else 200))
        self.send_response(status)
        if self.path == "/old/":
            self.send_header("Location", "/new/?page=2")
        self.send_header("Set-Cookie", f"seen={len(self.seen)}; Path=/; HttpOnly")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Handler.seen, Handler.faults = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser(server: ThreadingHTTPServer) -> Browser:
    return Browser(f"http://127.0.0.1:{server.server_address[1]}", patience=5)


def test_get_follows_redirects_with_their_query_and_keeps_cookies(browser: Browser) -> None:
    reply = browser.get("/old/")
    assert (reply.status, reply.path, reply.text) == (200, "/new/?page=2", "ok")
    assert [(path, cookie) for _, path, _, cookie in Handler.seen] == [("/old/", ""), ("/new/?page=2", "seen=1")]
    assert browser.cookies == {"seen": "2"}


@pytest.mark.parametrize("fault", ["drop", "500", "503"])
def test_post_without_a_reply_is_sent_again_word_for_word(browser: Browser, fault: str) -> None:
    Handler.faults = [fault, fault]
    reply = browser.post("/a/x/submit/", {"key": "k & 1", "answer-0": "yes"})
    assert reply.status == 200
    assert [body for _, _, body, _ in Handler.seen] == ["key=k+%26+1&answer-0=yes"] * 3
    assert (browser.retries, browser.requests) == (2, 1)


def test_post_does_not_follow_a_redirect(browser: Browser) -> None:
    reply = browser.post("/old/", {})
    assert (reply.status, reply.location) == (303, "/new/?page=2")
    assert len(Handler.seen) == 1


@pytest.mark.parametrize("status", ["400", "409", "404"])
def test_what_the_server_means_is_not_sent_again(browser: Browser, status: str) -> None:
    Handler.faults = [status]
    assert browser.post("/x/", {}).status == int(status)
    assert len(Handler.seen) == 1


def test_patience_ends_with_the_last_trouble() -> None:
    nobody = Browser(f"http://127.0.0.1:{free_port()}", patience=0.2)
    with pytest.raises(Unreachable, match=r"GET /x/: ConnectionRefusedError .*; tried for 0 s"):
        nobody.get("/x/")
