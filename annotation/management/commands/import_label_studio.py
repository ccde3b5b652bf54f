from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.domain.importing_label_studio import LabelStudioRefused, import_label_studio
from annotation.releases.console import study_of


class Command(BaseCommand):
    help = "Take answers given in Label Studio as an imported campaign. All of the file or nothing; again adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="slug of the study whose units were judged")
        parser.add_argument("path", metavar="FILE", type=Path, help="Label Studio's JSON export")
        parser.add_argument("--campaign", metavar="SLUG", required=True, help="imported campaign to make or add to")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = import_label_studio(study=study_of(options["study"]), path=options["path"], slug=options["campaign"])
        except LabelStudioRefused as error:
            raise CommandError(error.message) from error
        said = f"{done.new} judgments are new, {done.known} stood already, {done.skipped} were cancelled"
        self.stdout.write(f"campaign {done.campaign.slug}: {said}")
