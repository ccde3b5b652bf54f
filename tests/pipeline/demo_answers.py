"""The demo's requests with their answers, as a model server of the tests can serve them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from annotation.domain.importing import import_corpus
from pipeline.demo import authored
from pipeline.demo.recording import as_lines, record_demo_answers
from pipeline.demo.stages import DemoRuns
from pipeline.models import Completion
from studies.models import Study

CORPUS = authored.PERSONAS.parent


@dataclass(frozen=True)
class Recording:
    lines: str  # what recorded.jsonl has to hold
    questions: list[dict[str, Any]]  # model, messages, text
    runs: DemoRuns
    study: Study


@contextmanager
def recorded_demo() -> Iterator[Recording]:
    """The demo's stages, run in a study that is gone when the block ends."""
    with transaction.atomic():
        import_corpus(source="study", path=CORPUS, slug="recorded-demo")
        study = Study.objects.get(slug="recorded-demo")
        rows, runs = record_demo_answers(study)
        asked = Completion.objects.filter(study=study).values_list("request", "text")
        questions = [
            {"model": request["model"], "messages": request["messages"], "text": text} for request, text in asked
        ]
        yield Recording(as_lines(rows), questions, runs, study)
        transaction.set_rollback(True)
