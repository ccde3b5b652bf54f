"""What a rater sees on a page of work, read from its HTML: texts, questions in order, and the form's own fields."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

TURN = re.compile(r"c(\d+)t(\d+)")
QUESTION = re.compile(r"q(\d+)")
PROMPT = "prompt"


@dataclass(frozen=True)
class Turn:
    speaker: str  # "person", "assistant", ...
    text: str


@dataclass
class Page:
    """``submit_url`` is "" where there is no work; ``marked``: the page says that its answers are simulated."""

    submit_url: str = ""
    instrument: str = ""
    heading: str = ""
    marked: bool = False
    hidden: dict[str, str] = field(default_factory=dict)  # of the form: CSRF token, submission key ...
    statements: list[str] = field(default_factory=list)
    passages: dict[str, str] = field(default_factory=dict)  # by "prompt", "left", "right"
    conversations: list[list[Turn]] = field(default_factory=list)

    @property
    def token(self) -> str:
        """The assignment's, as the form's address has it: /a/TOKEN/submit/."""
        return self.submit_url.split("/")[2] if self.submit_url else ""


def read_page(html: str) -> Page:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    """Knows the landmark it is in (a turn, a side, the request) and keeps the text of the few elements that matter."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.landmark: tuple[str, ...] = (PROMPT,)
        self.in_form = False
        self.kept: list[str] | None = None
        self.kept_as = ""
        self.until = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        classes = values.get("class", "").split()
        if tag == "form":
            self._form(values)
        elif tag == "input" and self.in_form and values.get("type") == "hidden":
            self.page.hidden[values.get("name", "")] = values.get("value", "")
        elif tag == "main" and "sheet" in classes:
            self.page.instrument = classes[-1]
        elif tag == "article":
            self._article(values, classes)
        elif tag == "h1" or "statement" in classes or "as-written" in classes or "tag" in classes:
            self.kept, self.until = [], tag
            self.kept_as = (
                tag if tag == "h1" else next(each for each in ("statement", "as-written", "tag") if each in classes)
            )

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.in_form = False
        elif tag == "article":
            self.landmark = (PROMPT,)
        elif self.kept is not None and tag == self.until:
            self._keep("".join(self.kept))
            self.kept = None

    def handle_data(self, data: str) -> None:
        if self.kept is not None:
            self.kept.append(data)

    def _form(self, values: dict[str, str]) -> None:
        if values.get("id") == "answers":
            self.in_form = True
            self.page.submit_url = values.get("action", "")

    def _article(self, values: dict[str, str], classes: list[str]) -> None:
        match = TURN.fullmatch(values.get("id", ""))
        if match:
            self.landmark = ("turn", match[1], classes[-1])
        else:
            self.landmark = (values.get("aria-labelledby", ""),)

    def _keep(self, text: str) -> None:
        page = self.page
        if self.kept_as == "statement":
            page.statements.append(text)
        elif self.kept_as == "tag":
            page.marked = page.marked or text.strip().lower() == "simulated"
        elif self.kept_as == "h1":
            page.heading = text.strip()
        elif self.landmark[0] == "turn":
            place = int(self.landmark[1])
            page.conversations += [[] for _ in range(place + 1 - len(page.conversations))]
            page.conversations[place].append(Turn(self.landmark[2], text))
        else:
            page.passages.setdefault(self.landmark[0], text)
