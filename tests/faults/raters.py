"""Raters over HTTP, as stubborn as people: log in, read the page, answer, send again until it is acknowledged.

What was acknowledged is on disk (fsync) before the rater goes on, so that it can be held against the database.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

PASSWORD = "a long enough passphrase"
HTMX = {"HX-Request": "true", "HX-Target": "item"}
PATIENCE = 60.0  # seconds until a rater whom nobody answers gives up
# annotation/views/endings.py: of the campaign, and of the rater whose part ended with it.
FINISHED = ("has the answers it needs", "Your part is complete")


class Broken(Exception):
    """Something that no rater may ever meet."""


@dataclass(frozen=True)
class Reply:
    status: int
    body: str
    headers: http.client.HTTPMessage

    @property
    def onward(self) -> str:
        return self.headers["Location"] or self.headers["HX-Push-Url"] or ""


class Browser:
    """One login's requests. ``stubborn``: what fails is sent again as it is, else it is an error at once."""

    def __init__(self, port: int, *, stubborn: bool) -> None:
        self.port, self.stubborn = port, stubborn
        self.cookies: dict[str, str] = {}
        self.again = 0

    def get(self, path: str) -> tuple[str, Reply]:
        """The page at the end of the redirects, and its address."""
        for _ in range(10):
            reply = self.send("GET", path)
            if reply.status not in (302, 303):
                return path, reply
            path = reply.onward
        raise Broken(f"{path} leads from one address to the next")

    def post(self, path: str, form: dict[str, str], *, htmx: bool = False) -> Reply:
        return self.send("POST", path, urlencode(form), HTMX if htmx else {})

    def send(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> Reply:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                reply = self._once(method, path, body, headers or {})
            except (OSError, http.client.HTTPException) as error:
                trouble = f"{type(error).__name__}: {error}"
            else:
                if reply.status < 500:
                    return reply
                trouble = f"status {reply.status}"
            if not self.stubborn or time.monotonic() > deadline:
                raise Broken(f"{method} {path}: {trouble}")
            self.again += 1
            time.sleep(0.1)

    def _once(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Reply:
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Connection": "close", **cookies, **kind, **headers})
            reply = connection.getresponse()
            text = reply.read().decode()
        finally:
            connection.close()
        for line in reply.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return Reply(reply.status, text, reply.headers)


class Form(HTMLParser):
    """The form of a page: where it goes, its hidden fields, and the values that each question offers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.hidden: dict[str, str] = {}
        self.choices: dict[str, list[str]] = {}
        self.chosen: dict[str, str] = {}
        self.draft = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form" and given.get("id") == "answers":
            self.action, self.draft = given["action"], given.get("data-draft", "")
        elif tag == "input" and given.get("type") == "hidden":
            self.hidden.setdefault(name, value)
        elif tag == "input" and name.startswith("answer-"):
            self.choices.setdefault(name, []).append(value)
            if "checked" in given:
                self.chosen[name] = value


@dataclass(frozen=True)
class Habits:
    """How a rater works: seconds of thought, and how often they do what else the page lets them do."""

    seed: str
    thought: float = 0.0
    draft: float = 0.1
    skip: float = 0.0
    revise: float = 0.15
    htmx: float = 0.5
    stubborn: bool = False


@dataclass
class Crowd:
    """What all raters of one campaign share: pages acknowledged, requests sent again, raters who have left.

    Nobody sends a page while ``limit`` are acknowledged, so that work is left when the next server dies. ``over`` ends
    their work.
    """

    port: int
    rate_url: str
    folder: Path
    habits: Habits
    acknowledged: int = 0
    again: int = 0
    left: int = 0
    limit: float = math.inf
    over: threading.Event = field(default_factory=threading.Event)
    problems: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *, acknowledged: int = 0, again: int = 0, left: int = 0) -> None:
        with self._lock:
            self.acknowledged += acknowledged
            self.again += again
            self.left += left

    def records(self) -> list[dict[str, Any]]:
        """All that the raters wrote down, each rater's in order."""
        files = sorted(self.folder.glob("*.jsonl"))
        return [json.loads(line) for path in files for line in path.read_text().splitlines()]


class Rater:
    def __init__(self, name: str, crowd: Crowd) -> None:
        self.name, self.crowd, self.habits = name, crowd, crowd.habits
        self.browser = Browser(crowd.port, stubborn=crowd.habits.stubborn)
        self.chance = random.Random(f"{crowd.habits.seed}:{name}")
        self.done: set[str] = set()

    def work(self) -> None:
        """Until the campaign is complete. What goes wrong is one line in the crowd's problems."""
        try:
            with (self.crowd.folder / f"{self.name}.jsonl").open("a") as self.log:
                self._log_in()
                path = self.crowd.rate_url
                while path and not self.crowd.over.is_set():
                    path = self._next(path)
        except Exception as error:
            self.crowd.problems.append(f"{self.name}: {type(error).__name__}: {error}")
        finally:
            self.crowd.add(again=self.browser.again, left=1)

    def _log_in(self) -> None:
        _, page = self.browser.get("/login/")
        form = {"username": self.name, "password": PASSWORD, **Form(page.body).hidden}
        if self.browser.post("/login/", form).status != 303:
            raise Broken("the login was refused")

    def _next(self, path: str) -> str:
        """One page; the address of the next, "" at the end."""
        path, page = self.browser.get(path)
        form = Form(page.body)
        if not form.action:
            if page.status != 200 or path.startswith("/login/"):
                raise Broken(f"no work and no word why: GET {path}, status {page.status}")
            time.sleep(0.2)
            return "" if any(words in page.body for words in FINISHED) else self.crowd.rate_url
        if not form.action.endswith("/submit/") or form.action in self.done:
            raise Broken(f"{path} was given out as work, and is done already")
        self._write("served", form.action)
        time.sleep(self.chance.uniform(0, self.habits.thought))
        while self.crowd.acknowledged >= self.crowd.limit and not self.crowd.over.is_set():
            time.sleep(0.02)
        return self._answer(form)

    def _answer(self, form: Form) -> str:
        if self.chance.random() < self.habits.skip:
            return self._must(form.action.replace("/submit/", "/return/"), form.hidden, "return", {}).onward
        answers = {name: self.chance.choice(values) for name, values in form.choices.items()}
        if self.chance.random() < self.habits.draft:
            self.browser.post(form.draft, {**form.hidden, **dict(list(answers.items())[:1])})
        reply = self._must(form.action, form.hidden, "submit", answers)
        self.done.add(form.action)
        self.crowd.add(acknowledged=1)
        if self.chance.random() < self.habits.revise:
            self._revise(form.action.replace("/submit/", "/edit/"))
        return reply.onward

    def _revise(self, path: str) -> None:
        _, page = self.browser.get(path)
        form = Form(page.body)
        changed = self.chance.choice(list(form.chosen))
        answers = form.chosen | {changed: self.chance.choice(form.choices[changed])}
        self._must(form.action, form.hidden, "revise", answers)

    def _must(self, path: str, hidden: dict[str, str], verb: str, answers: dict[str, str]) -> Reply:
        """Posts until it is acknowledged, and writes that down before anything else."""
        htmx = self.chance.random() < self.habits.htmx
        reply = self.browser.post(path, hidden | answers, htmx=htmx)
        if reply.status != (200 if htmx else 303):
            raise Broken(f"POST {path}: status {reply.status}, with {answers}")
        self._write(verb, path, answers)
        return reply

    def _write(self, verb: str, path: str, answers: dict[str, str] | None = None) -> None:
        row = {"rater": self.name, "verb": verb, "token": path.split("/")[2], "answers": answers or {}}
        self.log.write(json.dumps(row) + "\n")
        self.log.flush()
        os.fsync(self.log.fileno())


def start_raters(names: Sequence[str], crowd: Crowd) -> None:
    """A thread each, all at once; ``crowd.left`` counts those that have ended."""
    for name in names:
        threading.Thread(target=Rater(name, crowd).work, name=name, daemon=True).start()
