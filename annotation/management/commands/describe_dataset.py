from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.domain.describing import DescriptionInvalid, blanks_of, describe_dataset, described_of
from annotation.releases.console import study_of
from annotation.releases.description_file import DescriptionFileInvalid, read_description
from annotation.releases.plurals import noun


class Command(BaseCommand):
    help = "Describe a study's dataset by a TOML file: what every release says of itself and no table can."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="slug of the study")
        parser.add_argument("path", metavar="FILE", type=Path, help="TOML; docs/releases.md shows one")

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_of(options["study"])
        try:
            describe_dataset(study=study, actor=None, described=read_description(options["path"]))
        except DescriptionFileInvalid as error:
            raise CommandError(str(error)) from error
        except DescriptionInvalid as error:
            lines = (f"{options['path']}: {name}: {sentence}" for name, sentence in error.problems)
            raise CommandError("\n".join(lines)) from error
        blanks = blanks_of(described_of(study))
        for blank in blanks:
            self.stdout.write(f"blank: {blank}")
        left = (
            f"{len(blanks)} {noun(len(blanks), 'blank is', 'blanks are')} left"
            if blanks
            else "no blank is left: a release can be final"
        )
        self.stdout.write(f"{study.slug} is described; {left}")
