"""Simulated raters: the truth as seen by people of differing ability, speed and habit.

A rater's answer depends on the world's seed, the rater's number and the words on the page: the same page gets the same
answer whenever, and in whatever order, it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from pipeline.sources.world.catalogue import NOT_STANDALONE, OVERGENERALIZED, TASK_CONTEXT, TRUE, UNSUPPORTED, words_of
from pipeline.sources.world.draws import draw, gauss, pick
from pipeline.sources.world.preferences import difference, to_scale
from pipeline.sources.world.world import RELEVANT_ABOVE, World

VALUES = ("rejected", "uncertain", "accepted")
# How well a statement stands with a careful reader, before chance; above 1.5 it is accepted, below 0.5 rejected.
STANDING = {TRUE: 2.2, OVERGENERALIZED: 0.75, TASK_CONTEXT: 0.45, UNSUPPORTED: 0.3, NOT_STANDALONE: 0.15}
REASONS = {
    TRUE: "overgeneralized",
    OVERGENERALIZED: "overgeneralized",
    TASK_CONTEXT: "task_mistaken",
    UNSUPPORTED: "no_evidence",
    NOT_STANDALONE: "not_lasting",
}
CARELESS = 0.04  # share of raters who hardly read


class SimulatedRater:
    """Number ``number`` of the world's raters. ``noise``: how far from the truth answers stray."""

    def __init__(self, world: World, number: int) -> None:
        self.world, self.number = world, number
        random = Random(f"{world.seed}|rater|{number}")  # noqa: S311
        self.noise = random.uniform(0.7, 1.3)
        self.severity = random.gauss(0, 0.15)
        self.eager = random.gauss(0, 0.2)  # towards yes
        self.leans = random.gauss(0.06, 0.12)  # towards the right
        self.pace = random.lognormvariate(2.2, 0.4)  # seconds a question
        self.careless = random.random() < CARELESS
        self._key = (world.seed, f"rater {number}")

    def quality(self, attribute_text: str, user_turns: Iterable[str] = ()) -> str:
        """rejected, uncertain or accepted; whose statement it is follows from the turns on the page."""
        words = words_of(attribute_text)
        if self.careless:
            return pick(VALUES, *self._key, "careless", words)
        truth, hard = self._standing(attribute_text, user_turns)
        seen = STANDING[truth] + hard + self.severity + 0.42 * self.noise * gauss(*self._key, "quality", words)
        return VALUES[min(2, max(0, round(seen)))]

    def quality_reason(self, attribute_text: str, value: str, user_turns: Iterable[str] = ()) -> str:
        """Why not accepted, as one of the platform's reasons; "" for an accepted one, and where none is given."""
        words = words_of(attribute_text)
        if value == "accepted" or draw(*self._key, "silent", words) < 0.15:
            return ""
        if self.careless or draw(*self._key, "mistaken", words) < 0.2:
            return pick(tuple(REASONS.values()), *self._key, "reason", words)
        return REASONS[self.world.truth_about(self.world.person_of(user_turns), attribute_text)]

    def _standing(self, attribute_text: str, user_turns: Iterable[str]) -> tuple[str, float]:
        """The truth, and how much this statement looks better or worse than its kind, to anybody."""
        person = self.world.person_of(user_turns)
        truth = self.world.truth_about(person, attribute_text)
        where = person.source_id if person else ""
        return truth, 0.35 * gauss(self.world.seed, "hard", where, self.world.concept_of(attribute_text).name)

    def relevance(self, prompt_text: str, attribute_text: str) -> str:
        """yes or no."""
        words = (words_of(prompt_text), words_of(attribute_text))
        if self.careless:
            return pick(("no", "no", "yes"), *self._key, "careless", *words)
        seen = self.world.affinity(prompt_text, attribute_text) + self.eager
        seen += 0.78 * self.noise * gauss(*self._key, "relevance", *words)
        return "yes" if seen > RELEVANT_ABOVE + 0.25 else "no"

    def preference(self, prompt_text: str, attribute_text: str, left_text: str, right_text: str) -> str:
        """1 (left is much better) to 5 (right is)."""
        texts = (prompt_text, attribute_text, left_text, right_text)
        words = tuple(map(words_of, texts))
        if self.careless:
            return str(pick((2, 3, 3, 4), *self._key, "careless", *words))
        found = difference(self.world, *texts)
        score = found.side * found.gain + self.leans + 0.64 * self.noise * gauss(*self._key, "preference", *words)
        return str(to_scale(score))

    def seconds(self, n_questions: int) -> float:
        """How long a page with so many questions takes this rater."""
        pace = 1.5 if self.careless else self.pace
        return round(4 + n_questions * pace * (0.8 + 0.4 * draw(*self._key, "seconds", str(n_questions))), 1)
