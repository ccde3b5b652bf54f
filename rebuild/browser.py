"""A browser without eyes: one connection, cookies, forms. What gets no reply is sent again, word for word.

Standard library only, and no Django: a driver of raters is a stranger to the server, as a person's browser is.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

TIMEOUT = 30.0  # seconds until a reply is given up
PATIENCE = 120.0  # seconds of trying until the server is given up
LONGEST_PAUSE = 2.0
REDIRECTS = (301, 302, 303, 307, 308)
SERVERS_FAULT = (500, 502, 503, 504)


class Unreachable(Exception):
    """The server gave no usable reply for as long as our patience lasted; the message says what the last one was."""


@dataclass(frozen=True)
class Reply:
    status: int
    path: str  # what was asked for in the end
    headers: Mapping[str, str]  # names in small letters
    text: str

    @property
    def location(self) -> str:
        """The path that a redirect leads to, "" where it is none."""
        parts = urlsplit(self.headers.get("location", ""))
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


class Browser:
    """``retries`` counts what had to be sent again; ``requests`` what got a reply."""

    def __init__(self, origin: str, *, timeout: float = TIMEOUT, patience: float = PATIENCE) -> None:
        parts = urlsplit(origin)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.patience = patience
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
        self.cookies: dict[str, str] = {}
        self.requests = self.retries = 0

    def get(self, path: str) -> Reply:
        """The page, redirects followed."""
        for _ in range(10):
            reply = self._send("GET", path, b"", {})
            if reply.status not in REDIRECTS:
                return reply
            path = reply.location
        raise Unreachable(f"{path}: redirected ten times")

    def post(self, path: str, fields: Mapping[str, str], *, htmx: bool = False) -> Reply:
        """The reply as it is, a redirect included."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": self.origin + path}
        if htmx:
            headers |= {"HX-Request": "true", "HX-Target": "item", "HX-Current-URL": self.origin + path}
        return self._send("POST", path, urlencode(fields).encode(), headers)

    def close(self) -> None:
        self.connection.close()

    def _send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        deadline = time.monotonic() + self.patience
        pause = 0.0
        while True:
            try:
                reply = self._try(method, path, body, headers)
                trouble = f"{method} {path}: {reply.status}"
            except (OSError, http.client.HTTPException) as error:
                self.connection.close()
                reply, trouble = None, f"{method} {path}: {type(error).__name__} {error}".strip()
            if reply is not None and reply.status not in SERVERS_FAULT:
                self.requests += 1
                return reply
            if time.monotonic() > deadline:
                raise Unreachable(f"{trouble}; tried for {self.patience:.0f} s")
            self.retries += 1
            time.sleep(pause)
            pause = min(LONGEST_PAUSE, 2 * pause + 0.05)

    def _try(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Accept": "text/html", **({"Cookie": cookies} if cookies else {}), **headers}
        self.connection.request(method, path, body or None, sent)
        response = self.connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        for header in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return Reply(response.status, path, {name.lower(): value for name, value in response.getheaders()}, text)
