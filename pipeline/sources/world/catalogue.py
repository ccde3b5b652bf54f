"""What the world is made of, read from texts/*.toml: kinds of traits, tasks, prompts, and the words around them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

TEXTS = Path(__file__).resolve().parent / "texts"

# What a statement is worth as one about its person. TRUE where the person has the trait, else it is UNSUPPORTED.
TRUE = "true"
OVERGENERALIZED = "overgeneralized"
TASK_CONTEXT = "task_context"
UNSUPPORTED = "unsupported"
NOT_STANDALONE = "not_standalone"
PROBLEMS = (OVERGENERALIZED, TASK_CONTEXT, UNSUPPORTED, NOT_STANDALONE)


@dataclass(frozen=True)
class Family:
    """A kind of trait; a person has one of its values or none."""

    name: str
    topics: tuple[str, ...]
    values: tuple[str, ...]
    says: tuple[str, ...]
    cues: tuple[str, ...]
    over: tuple[str, ...]
    you: str
    use: str


@dataclass(frozen=True)
class Task:
    name: str
    topics: tuple[str, ...]
    threads: tuple[tuple[str, str], ...]  # request and answer
    followups: tuple[tuple[str, str], ...]
    confusions: tuple[str, ...]


@dataclass(frozen=True)
class PromptText:
    text: str
    topics: tuple[str, ...]
    tips: tuple[str, ...]


@dataclass(frozen=True)
class Concept:
    """What a statement says, however it is worded. ``wordings`` are near-duplicates of each other."""

    name: str
    kind: str  # TRUE or one of PROBLEMS
    topics: tuple[str, ...]
    wordings: tuple[str, ...]
    family: str = ""
    value: str = ""


@dataclass(frozen=True)
class Catalogue:
    families: dict[str, Family]
    tasks: tuple[Task, ...]
    prompts: tuple[PromptText, ...]
    slots: dict[str, tuple[str, ...]]
    around: dict[str, tuple[str, ...]]
    unsupported: tuple[str, ...]
    not_standalone: tuple[str, ...]

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(sorted({topic for family in self.families.values() for topic in family.topics}))

    def trait(self, family: str, value: str) -> Concept:
        kind = self.families[family]
        says = tuple(text.format(x=value) for text in kind.says)
        return Concept(f"{family}/{value}", TRUE, kind.topics, (*says, third_person(says[0])), family, value)

    def overgeneralized(self, family: str, value: str, place: int) -> Concept:
        kind = self.families[family]
        text = kind.over[place].format(x=value)
        return problem(OVERGENERALIZED, text, kind.topics, family)


@cache
def catalogue() -> Catalogue:
    pools = read_texts("pools")
    return Catalogue(
        families={name: Family(name=name, **with_tuples(entry)) for name, entry in read_texts("traits").items()},
        tasks=tuple(Task(name=name, **with_tuples(entry)) for name, entry in read_texts("tasks").items()),
        prompts=tuple(PromptText(**with_tuples(entry)) for entry in read_texts("prompts")["prompt"]),
        slots=with_tuples(pools["slots"]),
        around=with_tuples(pools["around"]),
        unsupported=tuple(pools["statements"]["unsupported"]),
        not_standalone=tuple(pools["statements"]["not_standalone"]),
    )


def problem(kind: str, text: str, topics: tuple[str, ...] = (), family: str = "") -> Concept:
    """A statement that is wrong in this way; two with the same words are the same."""
    return Concept(f"{kind}: {text}", kind, topics, (text, third_person(text)), family)


def third_person(text: str) -> str:
    """The wording that models fall back to: "Keeps bees." -> "The person keeps bees."."""
    return f"The person {text[0].lower()}{text[1:]}"


def squeezed(text: str) -> str:
    """Text as it is compared: a page may have changed its white space."""
    return re.sub(r"\s+", " ", text).strip()


@lru_cache(maxsize=4096)
def words_of(text: str) -> str:
    """The words of a text and nothing else: the same of its Markdown and of the page that shows it."""
    return " ".join(re.findall(r"[a-z]+", text.lower()))


def read_texts(name: str) -> dict[str, Any]:
    return tomllib.loads((TEXTS / f"{name}.toml").read_text(encoding="utf-8"))


def with_tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: _frozen(value) for name, value in entry.items()}


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
