from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.domain.releasing import demographics_of_last
from annotation.releases.cells import chosen_fields
from annotation.releases.console import progress_on_stderr, study_of
from annotation.releases.errors import ReleaseRefused
from annotation.releases.settings import DEFAULTS, ReleaseSettings
from annotation.releases.write import make_release
from studies.models import Study


class Command(BaseCommand):
    help = "Write a study's release: one snapshot as JSON lines and Parquet, with papers, manifest and checksums."
    requires_system_checks = ()  # they load what only the web needs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="slug of the study")
        parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder to make; must not exist")
        parser.add_argument(
            "--as", dest="version", metavar="VERSION", help="version; default: as follows from what changed"
        )
        parser.add_argument(
            "--against", metavar="DIR", type=Path, help="folder of the last release, where it was written elsewhere"
        )
        parser.add_argument("--final", action="store_true", help="a final release: its description has no blank")
        parser.add_argument("--unmasked", action="store_true", help="show texts as they came, personal data uncovered")
        parser.add_argument(
            "--min-cell",
            metavar="K",
            type=int,
            default=DEFAULTS.min_cell,
            help="leave out values of demographics that fewer people share (default: %(default)s)",
        )

        chosen = parser.add_mutually_exclusive_group()
        chosen.add_argument(
            "--demographic",
            metavar="FIELD",
            action="append",
            dest="demographics",
            help="a field of what raters told that it holds, once for each; default: those of the last release, the "
            "first one has all",
        )
        chosen.add_argument("--all-demographics", action="store_true", help="it holds all fields")
        chosen.add_argument("--no-demographics", action="store_true", help="it holds none of them")

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_of(options["study"])
        try:
            release = make_release(
                study=study,
                out=options["out"],
                version=options["version"],
                against=options["against"],
                final=options["final"],
                settings=ReleaseSettings(
                    masks=not options["unmasked"],
                    min_cell=options["min_cell"],
                    demographics=_demographics(study, options),
                ),
                progress=progress_on_stderr("wrote"),
            )
        except ReleaseRefused as error:
            raise CommandError(error.message) from error
        for notice in release.manifest["notices"]:
            self.stderr.write(self.style.WARNING(notice))
        self.stdout.write(f"release {release.version} of {study.slug} is in {options['out']}")


def _demographics(study: Study, options: dict[str, Any]) -> tuple[str, ...] | None:
    if options["all_demographics"]:
        return None
    if options["no_demographics"]:
        return ()
    return chosen_fields(study, options["demographics"]) if options["demographics"] else demographics_of_last(study)
