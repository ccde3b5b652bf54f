from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.releases.errors import ReleaseRefused
from annotation.releases.exports import EXPORTS
from annotation.releases.exports.writing import export_release


class Command(BaseCommand):
    help = "Write a release in a form that another tool reads."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="DIR", type=Path, help="folder written by make_release")
        parser.add_argument("--format", dest="form", required=True, choices=list(EXPORTS), help="whose form")
        parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder to make; must not exist")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            names = export_release(folder=options["path"], form=options["form"], out=options["out"])
        except ReleaseRefused as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{options['out']} holds {', '.join(names)}")
