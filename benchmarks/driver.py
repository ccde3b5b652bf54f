"""Raters without a moment's thought: each sends its answers, reads the next page, and sends again."""

from __future__ import annotations

import multiprocessing
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlencode

from benchmarks.floors import a_place
from benchmarks.material import CAMPAIGN, PASSWORD, QUESTIONS, rater_name

A_PROCESS = 8  # raters that share one driver process
WARM_UP = 1.0  # seconds before the first reply counts
ACTION = re.compile(rb'action="(/a/[a-z2-9]{26}/submit/)"')
KEY = re.compile(rb'name="key" value="([^"]+)"')
CSRF = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
TAKEN = re.compile(rb"held=(\d+)&amp;item=(\d+)")


@dataclass(frozen=True)
class Seat:
    """Where one rater sits: which server, and what it is known by there."""

    port: int
    rater: int  # a number from 0 (the product), a row's key (the bare handler)
    cookie: str = ""
    campaign: int = 0


class Refused(Exception):
    """The server did not take what a rater sent: no figure may come of it."""


def reply_to(http: HTTPConnection, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, bytes]:
    http.request(method, path, body, headers)
    reply = http.getresponse()
    return reply.status, reply.read()


def log_in(port: int, number: int) -> str:
    """The rater's cookies, from the login page that people use."""
    http = HTTPConnection("127.0.0.1", port, timeout=30)
    http.request("GET", "/login/")
    token = cookies_of(http.getresponse())
    form = {"username": rater_name(number), "password": PASSWORD, "csrfmiddlewaretoken": token["csrftoken"]}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={token['csrftoken']}"}
    http.request("POST", "/login/", urlencode(form), headers)
    given = cookies_of(http.getresponse())
    if "sessionid" not in given:
        raise Refused(f"{rater_name(number)} was not let in")
    return "; ".join(f"{name}={value}" for name, value in given.items())


def cookies_of(reply: HTTPResponse) -> dict[str, str]:
    reply.read()
    lines = reply.headers.get_all("Set-Cookie") or []
    return dict(line.split(";")[0].split("=", 1) for line in lines)


def rating(seat: Seat) -> Iterator[None]:
    """One submit at every step, by HTMX as in the browser: the reply is the next page."""
    http = HTTPConnection("127.0.0.1", seat.port, timeout=30)
    http.request("GET", f"/c/{CAMPAIGN}/rate/", headers={"Cookie": seat.cookie})
    where = http.getresponse()
    where.read()
    _, page = reply_to(http, "GET", where.headers["Location"], "", {"Cookie": seat.cookie})
    answers = {f"answer-{place}": "yes" for place in range(QUESTIONS)} | {
        "seconds": "30.5",
        "note": "",
        "flag_text": "",
    }
    headers = {"Cookie": seat.cookie, "HX-Request": "true", "Content-Type": "application/x-www-form-urlencoded"}
    while True:
        action, key, csrf = (pattern.search(page) for pattern in (ACTION, KEY, CSRF))
        if not (action and key and csrf):
            raise Refused(f"no form on the page: {page[:300]!r}")
        form = answers | {"key": key[1].decode(), "csrfmiddlewaretoken": csrf[1].decode()}
        headers["X-CSRFToken"] = form["csrfmiddlewaretoken"]
        status, page = reply_to(http, "POST", action[1].decode(), urlencode(form), headers)
        if status != 200:
            raise Refused(f"{status}: {page[:300]!r}")
        yield


def bare(seat: Seat) -> Iterator[None]:
    http = HTTPConnection("127.0.0.1", seat.port, timeout=30)
    held, item = b"0", b"0"
    while True:
        body = f"rater={seat.rater}&campaign={seat.campaign}&held={held.decode()}&item={item.decode()}&"
        status, page = reply_to(http, "POST", "/submit", body + f"place={a_place()}", {})
        taken = TAKEN.search(page)
        if status != 200 or not taken:
            raise Refused(f"{status}: {page[:300]!r}")
        held, item = taken[1], taken[2]
        yield


LOOPS: dict[str, Callable[[Seat], Iterator[None]]] = {"product": rating, "bare": bare}


def drive(kind: str, seats: Sequence[Seat], seconds: float) -> tuple[list[float], int]:
    """Latencies (s) of the submits within the measured seconds, and how many were acknowledged in all."""
    groups = [seats[start : start + A_PROCESS] for start in range(0, len(seats), A_PROCESS)]
    start = time.time() + 1.5 + WARM_UP
    with multiprocessing.get_context("spawn").Pool(len(groups)) as pool:
        parts = pool.starmap(_drive_group, [(kind, group, start, start + seconds) for group in groups])
    return [latency for latencies, _ in parts for latency in latencies], sum(n for _, n in parts)


def _drive_group(kind: str, seats: Sequence[Seat], start: float, end: float) -> tuple[list[float], int]:
    with ThreadPoolExecutor(len(seats)) as pool:
        parts = list(pool.map(lambda seat: _drive_one(LOOPS[kind](seat), start, end), seats))
    return [latency for latencies, _ in parts for latency in latencies], sum(n for _, n in parts)


def _drive_one(loop: Iterator[None], start: float, end: float) -> tuple[list[float], int]:
    latencies, sent = [], 0
    while (began := time.time()) < end:
        next(loop)
        sent += 1
        ended = time.time()
        if began >= start and ended <= end:
            latencies.append(ended - began)
    return latencies, sent
