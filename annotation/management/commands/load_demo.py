from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from annotation.domain.demo import DemoIncomplete, load_demo
from annotation.domain.demo_logins import login_lines


class Command(BaseCommand):
    help = "Makes the demo study, with its public logins where DEMO is on; the second time there is nothing to do."
    requires_system_checks = ()  # they load what only the web needs

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            study = load_demo(logins=settings.DEMO)
        except DemoIncomplete as error:
            raise CommandError(str(error)) from error
        if options["verbosity"] == 0:
            return
        self.stdout.write(f"{study.title} is ready.")
        for line in login_lines() if settings.DEMO else ["Without logins of its own: DEMO is off."]:
            self.stdout.write(line)
