from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rebuild.plan import SEED, Plan, RebuildRefused
from rebuild.supervising import INTERRUPTED, supervise

FOLDER = "rebuild"


def add_plan_arguments(parser: CommandParser) -> None:
    parser.add_argument("--seed", default=SEED, help=f"makes the world and draws from it ({SEED})")
    parser.add_argument("--scale", type=float, default=1.0, help="of the study's own size (1)")
    parser.add_argument("--raters", type=int, default=24, help="simulated raters at work at once (24)")
    parser.add_argument("--queue", action="store_true", help="leave the stages to a Celery worker")


def plan_of(options: dict[str, Any]) -> Plan:
    return Plan(options["seed"], options["scale"], options["raters"], options["queue"])


class Command(BaseCommand):
    help = (
        "Rebuilds the study at its real size in DATA_DIR/rebuild: a simulated world through the real stages, pages, "
        "release and report. Interrupted, the same command goes on."
    )

    requires_system_checks = ()  # they load what only the web needs

    def add_arguments(self, parser: CommandParser) -> None:
        add_plan_arguments(parser)
        parser.add_argument("--in-place", action="store_true", help="DATA_DIR is the rebuild's own folder already")

    def handle(self, *args: Any, **options: Any) -> None:
        """Starts itself again with a data folder of its own: nothing of the rebuild mixes with what is there."""
        try:
            plan = plan_of(options)
            if options["in_place"]:
                sys.exit(supervise(plan=plan, out=sys.stdout))
        except RebuildRefused as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        environment = os.environ | {"DATA_DIR": str(settings.DATA_DIR / FOLDER)}
        os.execve(sys.executable, [sys.executable, *sys.argv, "--in-place"], environment)  # noqa: S606
