"""``manage.py import_demographics STUDY FILE``: a thin door to annotation.domain.demographics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.domain.demographics import import_demographics
from annotation.domain.errors import AnnotationError
from studies.models import Study


class Command(BaseCommand):
    help = "Stores what raters said of themselves, from a CSV table with a column 'pseudonym' or 'participant id'."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="slug of the study")
        parser.add_argument("file", metavar="FILE", type=Path, help="CSV, one line for each rater")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            slugs = ", ".join(Study.objects.values_list("slug", flat=True)) or "there is none yet"
            raise CommandError(f"there is no study {options['study']!r}; the studies are: {slugs}")
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}; name a file that can be read") from error
        try:
            imported = import_demographics(study=study, content=content, file=options["file"].name)
        except AnnotationError as error:
            raise CommandError(f"{error.message}\nNothing was changed.") from error
        replaced = f", {imported.changed} of them in place of others" if imported.changed else ""
        self.stdout.write(f"{study.slug}: {imported.values} values of {imported.participants} raters{replaced}.")
