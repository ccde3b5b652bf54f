"""What a page of work shows: texts and places, and nothing that names a row, a model, a condition or a run.

An instrument fills a PageMaterial from an assignment; templates see nothing else of the item. That is what makes the
blinding structural: there is no field here through which a page could tell the sides apart but the texts themselves.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OwnTexts:
    """The texts that an item brings itself, as they are stored: its questions in the order of the page, its prompt, its
    pair. What is not part of the item is None. ``side`` is where the personalized one goes, and goes no further.
    """

    questions: tuple[str, ...]
    prompt: str | None = None
    generic: str | None = None
    personalized: str | None = None
    side: str = ""


@dataclass(frozen=True)
class Part:
    """A piece of a text, and the questions (by their places on the page) that it is evidence for."""

    text: str
    places: tuple[int, ...] = ()


@dataclass(frozen=True)
class Passage:
    """A text as it was written, and its sanitised HTML where it is Markdown ("" where it is shown as typed).

    ``parts`` are the text in pieces where some of it is evidence. What is ``long`` is folded until somebody opens it.
    """

    text: str
    html: str = ""
    long: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class TurnView:
    place: int  # in its conversation, from 0
    role: str  # "user", "assistant", ...
    passage: Passage


@dataclass(frozen=True)
class ConversationView:
    place: int  # on the page, from 0
    turns: tuple[TurnView, ...]
    long: bool = False


@dataclass(frozen=True)
class EvidenceView:
    """A turn that supports an attribute, by places; ``quote`` is the part of it, "" for all of it."""

    conversation: int
    turn: int
    quote: str = ""


@dataclass(frozen=True)
class QuestionView:
    place: int  # on the page, from 0
    text: str
    evidence: tuple[EvidenceView, ...] = ()


@dataclass(frozen=True)
class PageMaterial:
    questions: tuple[QuestionView, ...]
    conversations: tuple[ConversationView, ...] | None = None  # attribute quality
    prompt: Passage | None = None  # relevance and preference
    left: Passage | None = None  # preference
    right: Passage | None = None
