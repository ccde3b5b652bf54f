from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pipeline.sources.world.server import main


class Command(BaseCommand):
    help = "Serves the models of a simulated world: OpenAI's protocol, answered from the world's own truth."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", help="where the world was written (holds truth.json)")
        parser.add_argument("--port", type=int, default=0, help="0 = any free one; the address is printed")
        parser.add_argument("--host", default="127.0.0.1")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            main(options["folder"], options["port"], options["host"])
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
