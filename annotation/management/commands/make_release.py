from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.releases.console import progress_on_stderr
from annotation.releases.errors import ReleaseRefused
from annotation.releases.write import make_release
from studies.models import Study


class Command(BaseCommand):
    help = "Write a study's release: one snapshot as JSON lines and Parquet, with manifest and checksums."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="slug of the study")
        parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder to make; must not exist")
        parser.add_argument("--as", dest="version", metavar="VERSION", help="version; default: the next minor one")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            slugs = ", ".join(Study.objects.values_list("slug", flat=True)) or "there is none yet"
            raise CommandError(f"there is no study {options['study']!r}; the studies are: {slugs}")
        progress = progress_on_stderr("wrote")
        try:
            release = make_release(study=study, out=options["out"], version=options["version"], progress=progress)
        except ReleaseRefused as error:
            raise CommandError(error.message) from error
        for notice in release.manifest["notices"]:
            self.stderr.write(self.style.WARNING(notice))
        self.stdout.write(f"release {release.version} of {study.slug} is in {options['out']}")
