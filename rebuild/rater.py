"""One simulated person at work: logs in by the form, takes what is offered, answers what the page shows, goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE
from rebuild.access_log import AccessLog
from rebuild.browser import Browser, Reply
from rebuild.page import PROMPT, Page, read_page

SEE_OTHER, OK, UNAUTHORIZED, GONE = 303, 200, 401, 410


class Judge(Protocol):
    """Answers from texts alone, the same for the same texts: what the world's SimulatedRater does."""

    def quality(self, attribute_text: str, user_turns: Iterable[str]) -> str: ...

    def quality_reason(self, attribute_text: str, value: str, user_turns: Iterable[str]) -> str: ...

    def relevance(self, prompt_text: str, attribute_text: str) -> str: ...

    def preference(self, prompt_text: str, attribute_text: str, left_text: str, right_text: str) -> str: ...

    def seconds(self, n_questions: int) -> float: ...


class RaterStuck(Exception):
    """The pages did what they should not; the message says which, and what came."""


class SimulatedPerson:
    """``htmx`` chooses which of the pages' two ways is taken: partials as a browser with script gets, or 303s."""

    def __init__(
        self,
        *,
        browser: Browser,
        judge: Judge,
        log: AccessLog,
        number: int,
        username: str,
        password: str,
        htmx: bool,
        on_saved: Callable[[int], None],
    ) -> None:
        self.browser, self.judge, self.log = browser, judge, log
        self.number, self.htmx = number, htmx
        self.username, self.password = username, password
        self.on_saved = on_saved

    def log_in(self) -> None:
        form = self.browser.get("/login/")
        fields = {"username": self.username, "password": self.password, "next": "/"}
        fields["csrfmiddlewaretoken"] = self.browser.cookies.get("csrftoken", "")
        reply = self.browser.post("/login/", fields)
        if reply.status != SEE_OTHER:
            raise RaterStuck(f"{self.username} cannot log in ({form.status}, {reply.status}): was SECRET_KEY changed?")

    def work_on(self, campaign: str) -> None:
        """Judges item after item until nothing is offered; ``campaign`` is the public id in the page's address."""
        rate_url = f"/c/{campaign}/rate/"
        page = self._open(rate_url)
        while page.submit_url:
            page = self._judge(page) or self._open(rate_url)

    def _open(self, path: str) -> Page:
        reply = self.browser.get(path)
        if reply.path.startswith("/login/"):  # the session ended
            self.log_in()
            reply = self.browser.get(path)
        page = read_page(_expected(reply, OK))
        if page.submit_url and not page.marked:
            raise RaterStuck(f"{reply.path} does not say that its answers are simulated: nothing is sent there")
        return page

    def _judge(self, page: Page) -> Page | None:
        """Sends the page's answers; the next page where it came with the reply. None: ask for it."""
        values = self.answers_to(page)
        fields = page.hidden | {f"answer-{place}": value for place, value in enumerate(values)}
        fields |= {f"reason-{place}": reason for place, reason in enumerate(self.reasons_for(page, values))}
        fields["seconds"] = f"{self.judge.seconds(len(values)):.1f}"
        reply = self.browser.post(page.submit_url, fields, htmx=self.htmx)
        if reply.status == UNAUTHORIZED:
            self.log_in()
            return None
        if reply.status == GONE:
            return None
        text = _expected(reply, OK if self.htmx else SEE_OTHER)
        self.log.append(rater=self.number, token=page.token, values=values)
        self.on_saved(len(values))
        return read_page(text) if self.htmx else self._open(reply.location)

    def answers_to(self, page: Page) -> list[str]:
        """A value for each question, in the page's order, from nothing but its texts."""
        prompt = page.passages.get(PROMPT, "")
        if page.instrument == ATTRIBUTE_QUALITY:
            return [self.judge.quality(text, said_on(page)) for text in page.statements]
        if page.instrument == PREFERENCE:
            left, right = page.passages["left"], page.passages["right"]
            return [self.judge.preference(prompt, text, left, right) for text in page.statements]
        return [self.judge.relevance(prompt, text) for text in page.statements]

    def reasons_for(self, page: Page, values: list[str]) -> list[str]:
        """Why not, where the page asks it."""
        if page.instrument != ATTRIBUTE_QUALITY:
            return []
        said = said_on(page)
        return [self.judge.quality_reason(*answer, said) for answer in zip(page.statements, values, strict=True)]


def said_on(page: Page) -> list[str]:
    """What the person wrote, in the page's conversations."""
    return [turn.text for conversation in page.conversations for turn in conversation if turn.speaker == "person"]


def _expected(reply: Reply, status: int) -> str:
    if reply.status != status:
        heading = read_page(reply.text).heading
        raise RaterStuck(f"{reply.path} was answered with {reply.status} {heading!r} where {status} was expected")
    return reply.text
