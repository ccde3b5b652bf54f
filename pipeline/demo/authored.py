"""What the demo study's three fictional models say, written by hand: the source of the demo's recorded answers.

Every answer is looked up by names that stand in the corpus (conversation and person ids, prompt indexes, texts) and
returned as the text that a model would send. Nothing here reads the database or knows a request's key.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).resolve().parent
PERSONAS = FOLDER / "corpus" / "demo_personas.jsonl"
PROMPTS = FOLDER / "corpus" / "demo_prompts.jsonl"
EMBEDDINGS = FOLDER / "authored" / "embeddings.json"

EXTRACTOR = "demo-oak-70b"
GENERATORS = ("demo-oak-70b", "demo-birch-27b")
MODELS = ("demo-oak-70b", "demo-birch-27b", "demo-willow-9b")  # they select and judge


class NotAuthored(LookupError):
    """The demo has no such answer; the message names what was asked for and the file that would hold it."""


@dataclass(frozen=True)
class AuthoredAttribute:
    """One statement of an extraction answer. ``evidence_turns`` are positions in the conversation, from 0."""

    attribute: str
    reason: str
    confidence: float
    evidence_turns: tuple[int, ...]


@dataclass(frozen=True)
class Selection:
    """A model's answer to "would knowing this attribute change the response?"."""

    relevant: bool
    explanation: str


def extracted_attributes(model: str, conversation_id: str) -> tuple[AuthoredAttribute, ...]:
    rows = _find("extract", model, conversation_id)
    return tuple(AuthoredAttribute(**{**row, "evidence_turns": tuple(row["evidence_turns"])}) for row in rows)


def extraction_answer(model: str, conversation_id: str) -> str:
    """JSON text, ``{"attributes": [{attribute, reason, confidence, evidence_turns}]}``."""
    rows = [asdict(attribute) for attribute in extracted_attributes(model, conversation_id)]
    return json.dumps({"attributes": rows}, ensure_ascii=False, indent=1)


def evidence_answer(model: str, person: str, attribute: str, conversations: Sequence[str]) -> str:
    """JSON text, ``{"evidence": [{conversation, turns, quotes}]}``; conversations by their place among those given."""
    places: dict[str, list[dict[str, Any]]] = {}
    for name, turn, words in _find("evidence", model, person, attribute):
        places.setdefault(name, []).append({"turn": turn, "text": words})
    rows = [
        {
            "conversation": conversations.index(name),
            "turns": sorted({quote["turn"] for quote in quotes}),
            "quotes": quotes,
        }
        for name, quotes in places.items()
    ]
    return json.dumps({"evidence": rows}, ensure_ascii=False, indent=1)


def verdict(model: str, person: str, attribute: str) -> str:
    """``accepted``, ``uncertain`` or ``rejected``."""
    return str(_find("verify", model, person, attribute)[0]).lower()


def verify_answer(model: str, person: str, attribute: str) -> str:
    """ACCEPTED, UNCERTAIN or REJECTED on the first line, one sentence on the second."""
    return "\n".join(_find("verify", model, person, attribute))


def refine_answer(model: str, person: str, attribute: str) -> str:
    """JSON text, ``{withdraw, attribute, reason, confidence}``."""
    return json.dumps(_find("refine", model, person, attribute), ensure_ascii=False, indent=1)


def failure_answer(model: str, person: str, attribute: str) -> str:
    """One of the failure categories on the first line, one sentence on the second."""
    return "\n".join(_find("why", model, person, attribute))


def selections(model: str, prompt_index: int, person: str) -> dict[str, Selection]:
    """Every merged attribute of the person, by its text, in the merged order."""
    rows = _find("select", model, str(prompt_index), person)
    return {text: Selection(answer == "YES", explanation) for text, (answer, explanation) in rows.items()}


def selection_answer(model: str, prompt_index: int, person: str, attribute: str) -> str:
    """YES or NO on the first line, one sentence on the second."""
    answer, explanation = _find("select", model, str(prompt_index), person, attribute)
    return f"{answer}\n{explanation}"


def response_answer(generator: str, prompt_index: int, person: str | None = None) -> str:
    """Markdown. The answer for that person, or the one to anybody where ``person`` is None."""
    return str(_find("respond", generator, str(prompt_index), person or "generic"))


def judge_answer(
    model: str, generator: str, prompt_index: int, person: str, attribute: str, *, given_on: Literal["left", "right"]
) -> str:
    """The page's 1 to 5 (1 left, 5 right is much better) on the first line, one sentence on the second.

    ``given_on`` is the side of the response that was given the attributes; the sentence names no side.
    """
    score, sentence = _find("judge", model, generator, str(prompt_index), person, attribute)
    return f"{score if given_on == 'right' else 6 - score}\n{sentence}"


def mention_answer(model: str, generator: str, prompt_index: int, person: str, attribute: str) -> str:
    """YES or NO on the first line; on the second the words that mention it, or why it is none."""
    return "\n".join(_find("mention", model, generator, str(prompt_index), person, attribute))


def embedding(text: str) -> tuple[float, ...]:
    """The all-MiniLM-L6-v2 vector of an attribute or a prompt: 384 numbers, of length 1 up to their rounding."""
    return tuple(_find("embeddings", "vectors", text))


def _find(name: str, *path: str) -> Any:
    found = _content(name)
    for key in path:
        if key not in found:
            raise NotAuthored(f"authored/{name}.json has no {' > '.join(path)}: {key!r} is missing")
        found = found[key]
    return found


@cache
def _content(name: str) -> Any:
    return json.loads((FOLDER / "authored" / f"{name}.json").read_text(encoding="utf-8"))
