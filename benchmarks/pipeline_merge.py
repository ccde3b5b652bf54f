"""Merging 50 people of 100 attributes each with real sentence embeddings: what grouping and writing cost beside them.

.venv-models/bin/python -m benchmarks.pipeline_merge
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.pipeline_rows import Ratio

PEOPLE, EACH = 50, 100
MODEL = "all-MiniLM-L6-v2"
WHO = ("likes", "avoids", "studies", "teaches", "collects", "repairs", "prefers", "plans", "writes about")
WHAT = ("old maps", "short answers", "sea birds", "their garden", "spreadsheets", "night trains", "bread", "tax law")
HOW = ("in the morning", "with their children", "for work", "as a hobby", "in great detail", "on a budget")


def statements(n: int) -> list[str]:
    """Sentences as long as attributes are, many of them alike."""
    chance = random.Random(5)
    return [
        f"The user {chance.choice(WHO)} {chance.choice(WHAT)} {chance.choice(HOW)}, {chance.choice(HOW)}."
        for _ in range(n)
    ]


class Clock:
    """Seconds spent in a method while it is wrapped."""

    def __init__(self, owner: Any, name: str) -> None:
        self.seconds = 0.0
        inner = getattr(owner, name)

        def timed(*words: Any) -> Any:
            began = time.monotonic()
            try:
                return inner(*words)
            finally:
                self.seconds += time.monotonic() - began

        setattr(owner, name, timed)


def main() -> None:
    import django

    django.setup()
    from pipeline.backends.embedders import open_embedder

    embedder = open_embedder("local", MODEL, {})
    texts = statements(PEOPLE * EACH)
    embedder.embed(texts[:EACH])  # what is loaded and warmed once is not counted
    clock, turns = Clock(type(embedder), "embed"), []
    for turn in range(3):  # the share within one run, since whatever else the machine does hits both parts of it
        before = clock.seconds
        total = merged(texts, f"merge-{turn}")
        turns.append((total, clock.seconds - before))
    share = median(total / inside for total, inside in turns)
    note = f"{median(total for total, _ in turns):.1f} s, {median(inside for _, inside in turns):.1f} s of it embedding"
    row = Ratio(f"merge / the embedding in it, {PEOPLE} people x {EACH} attributes", share, "<", 1.1, note)
    print("ROWS", json.dumps([row._asdict()]))


def merged(texts: Sequence[str], name: str) -> float:
    """Seconds of the whole run, from its first claim to its end."""
    from pipeline.domain.executing import execute_run
    from pipeline.domain.planning import plan_run
    from pipeline.domain.runs import start_run
    from pipeline.models import Attribute
    from tests import factories

    study = factories.make_study(name)
    corpus, extract = factories.make_corpus(study), factories.make_run(study)
    people = [factories.make_person(corpus) for _ in range(PEOPLE)]
    Attribute.objects.bulk_create(
        Attribute(person=people[place // EACH], run=extract, position=place, text=text, confidence=0.9)
        for place, text in enumerate(texts)
    )
    run = start_run(run=plan_run(study=study, stage="merge", backend="local", model=MODEL, inputs=[extract]))
    began = time.monotonic()
    assert execute_run(run=run), run.problem
    took = time.monotonic() - began
    assert (run.state, run.n_done) == ("complete", PEOPLE)
    return took


if __name__ == "__main__":
    main()
