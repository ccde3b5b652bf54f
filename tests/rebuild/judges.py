"""A stand-in for the world's raters: answers from the texts alone, always the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE, RELEVANCE, VALUES


class CoinJudge:
    """The texts decide by their hash; ``asked`` remembers them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def quality(self, attribute_text: str, user_turns: Iterable[str]) -> str:
        return self._choose(ATTRIBUTE_QUALITY, attribute_text, *user_turns)

    def quality_reason(self, attribute_text: str, value: str, user_turns: Iterable[str]) -> str:
        return "" if value == "accepted" else "no_evidence"

    def relevance(self, prompt_text: str, attribute_text: str) -> str:
        return self._choose(RELEVANCE, prompt_text, attribute_text)

    def preference(self, prompt_text: str, attribute_text: str, left_text: str, right_text: str) -> str:
        return self._choose(PREFERENCE, prompt_text, attribute_text, left_text, right_text)

    def seconds(self, n_questions: int) -> float:
        return 4.0 * n_questions

    def _choose(self, instrument: str, *texts: str) -> str:
        self.asked.append(texts)
        number = hashlib.sha256("\x1f".join(texts).encode()).digest()[0]
        return VALUES[instrument][number % len(VALUES[instrument])]
