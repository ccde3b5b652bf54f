from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.domain.errors import AnnotationError
from annotation.releases.console import release_of, study_of
from annotation.releases.finishing import finish_release


class Command(BaseCommand):
    help = "Make a final release of a draft's very data. The draft stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="slug of the study")
        parser.add_argument("version", metavar="VERSION", help="version of the draft")
        parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder to make; must not exist")
        parser.add_argument("--from", dest="source", metavar="DIR", type=Path, help="the draft's folder")
        parser.add_argument("--as", dest="final", metavar="VERSION", help="version of the final release")

    def handle(self, *args: Any, **options: Any) -> None:
        draft = release_of(study_of(options["study"]), options["version"])
        try:
            final = finish_release(
                release=draft, actor=None, version=options["final"], source=options["source"], out=options["out"]
            )
        except AnnotationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"release {final.version} is final; it is in {options['out']}")
