"""``manage.py make_checks CAMPAIGN FILE --study SLUG``: a thin door to annotation.domain.screening.taking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.domain.errors import AnnotationError
from annotation.domain.screening.taking import checks_from_file
from annotation.models import Campaign


class Command(BaseCommand):
    help = "Adds a quiz, training, qualification, gold and attention items to a campaign, from a TOML or CSV file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", help="slug of the campaign")
        parser.add_argument("file", type=Path, help="docs/screening.md shows one")
        parser.add_argument("--study", required=True, metavar="SLUG", help="slug of the study")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = _campaign(options["study"], options["campaign"])
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}; name a file that can be read") from error
        try:
            taken = checks_from_file(campaign=campaign, content=content, file=options["file"].name)
        except AnnotationError as error:
            raise CommandError(f"{error.message}\nNothing was changed.") from error
        made = {role: sum(item.role == role for item in taken.items) for role in {item.role for item in taken.items}}
        counted = [f"{n} {role}" for role, n in sorted(made.items())]
        if taken.quiz:
            counted.append(f"{taken.quiz} quiz question{'' if taken.quiz == 1 else 's'}")
        self.stdout.write(f"{campaign.slug}: added {', '.join(counted)}.")


def _campaign(study: str, slug: str) -> Campaign:
    found = Campaign.objects.filter(study__slug=study, slug=slug).select_related("study").first()
    if found is None:
        known = ", ".join(Campaign.objects.filter(study__slug=study).values_list("slug", flat=True)) or "none"
        raise CommandError(f"the study {study!r} has no campaign {slug!r}; it has: {known}")
    return found
