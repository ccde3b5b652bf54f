from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from annotation.domain.importing import import_corpus
from pipeline.demo import authored
from pipeline.demo.recording import as_lines, record_demo_answers
from pipeline.demo.stages import RECORDED
from studies.models import Study
from studies.tokens import new_token


class Command(BaseCommand):
    help = "For developers: writes pipeline/demo/recorded.jsonl anew from the authored answers and today's templates."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lines = demo_lines()
        except authored.NotAuthored as error:
            raise CommandError(str(error)) from error
        RECORDED.write_text(lines, encoding="utf-8")
        self.stdout.write(f"{lines.count(chr(10))} answers in {RECORDED.name}")


def demo_lines() -> str:
    """What the file holds. Runs in a study of its own that no transaction ever commits."""
    slug = f"recording-{new_token()}"
    with transaction.atomic():
        import_corpus(source="study", path=authored.PERSONAS.parent, slug=slug)
        rows, _ = record_demo_answers(Study.objects.get(slug=slug))
        transaction.set_rollback(True)
    return as_lines(rows)
