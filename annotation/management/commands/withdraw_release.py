from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.domain.errors import AnnotationError
from annotation.domain.releasing import withdraw_release
from annotation.releases.console import release_of, study_of


class Command(BaseCommand):
    help = "Take a release back: its files go, its manifest, its version number and your reason stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="slug of the study")
        parser.add_argument("version", metavar="VERSION", help="version of the release")
        parser.add_argument("--because", metavar="TEXT", required=True, help="why; kept with the release")

    def handle(self, *args: Any, **options: Any) -> None:
        release = release_of(study_of(options["study"]), options["version"])
        try:
            withdraw_release(release=release, because=options["because"], actor=None)
        except AnnotationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"release {release.version} is withdrawn")
