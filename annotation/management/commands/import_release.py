from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.releases.console import progress_on_stderr
from annotation.releases.errors import ReleaseRefused
from annotation.releases.load import import_release


class Command(BaseCommand):
    help = "Load a release into a new study. All of it or nothing; a release of that study has the same data."
    requires_system_checks = ()  # they load what only the web needs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="DIR", type=Path, help="folder written by make_release")
        parser.add_argument("--study", metavar="SLUG", required=True, help="slug of the study to make")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            study = import_release(path=options["path"], slug=options["study"], progress=progress_on_stderr("loaded"))
        except ReleaseRefused as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{options['path']} is now study {study.slug}")
