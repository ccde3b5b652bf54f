from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.releases.verify import verify_release


class Command(BaseCommand):
    help = "Check a release: checksums, types, order, references, counts. Ends with status 1 when anything is wrong."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="DIR", type=Path, help="folder written by make_release")

    def handle(self, *args: Any, **options: Any) -> None:
        problems = verify_release(options["path"])
        for problem in problems:
            self.stdout.write(problem)
        if problems:
            raise CommandError(f"{options['path']}: {len(problems)} problems")
        self.stdout.write(f"{options['path']}: sound")
