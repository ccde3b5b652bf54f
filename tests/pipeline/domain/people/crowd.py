"""People with conversations in so many words, and an embedder that counts them."""

from __future__ import annotations

import hashlib
import json
import random
import zlib
from collections.abc import Sequence
from typing import Any

from pipeline.models import Conversation, Corpus, Person, Run
from tests import factories


class WordEmbedder:
    """A vector counts the words by their checksum: the same words, the same direction; no words, zeros."""

    def __init__(self, width: int = 32) -> None:
        self.width = width
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.asked += texts
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> list[float]:
        vector = [0.0] * self.width
        for word in text.casefold().split():
            vector[zlib.crc32(word.encode()) % self.width] += 1
        return vector


def opening(topic: str) -> str:
    """Long enough to be compared, and like no opening about another topic."""
    lots = random.Random(topic)
    return " ".join([topic, *("".join(lots.choices("abcdefghijklmnop", k=6)) for _ in range(8))])


def turns(said: str, n: int = 6) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    return [{"role": roles[place % 2], "content": said if place == 0 else f"{said} {place}"} for place in range(n)]


def say(person: Person, run: Run, *openings: str, n_turns: int = 6, **fields: Any) -> list[Conversation]:
    """A conversation for each opening, after those that the person has; in English unless ``fields`` say otherwise."""
    first = person.conversations.count()
    rows = []
    for place, said in enumerate(openings, start=first):
        talk = turns(said, n_turns)
        digest = hashlib.sha256(json.dumps(talk).encode()).hexdigest()
        row = {"source_id": f"{person.source_id}-{place}", "position": place, "turns": talk, "n_turns": n_turns}
        row |= {"sha256": digest, "language": "English"}
        rows.append(Conversation(person=person, run=run, **row | fields))
    return Conversation.objects.bulk_create(rows)


def crowd(corpus: Corpus, run: Run, names: Sequence[str]) -> dict[str, Person]:
    """People who pass every filter: three conversations of six turns about things of their own."""
    people = {name: factories.make_person(corpus, name) for name in names}
    for name, person in people.items():
        say(person, run, *(opening(f"{name} {topic}") for topic in ("knits", "sails", "reads")))
    return people
