from __future__ import annotations

import http.client
import signal
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError

from annotation.domain.errors import AnnotationError
from pipeline.domain.errors import RunError
from rebuild.ground import lay_ground
from rebuild.management.commands.rebuild import add_plan_arguments, plan_of
from rebuild.phases import Rebuild, Servers
from rebuild.plan import Folder, RebuildFailed, RebuildRefused
from rebuild.supervising import INTERRUPTED

PATIENCE = 60.0  # seconds until a server must have answered


class Command(BaseCommand):
    help = "The phases of a rebuild, in DATA_DIR, against servers that run: what `manage.py rebuild` starts."

    requires_system_checks = ()  # they load what only the web needs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("which", choices=["ground", "study"], help="what comes before the servers, or after")
        add_plan_arguments(parser)
        parser.add_argument("--web", default="", metavar="URL", help="the web server")
        parser.add_argument("--models", default="", metavar="URL", help="the model server, .../v1")

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        folder = Folder(settings.DATA_DIR)
        try:
            plan = plan_of(options)
            if options["which"] == "ground":
                lay_ground(plan=plan, folder=folder, out=sys.stdout)
                return
            wait_for(f"{options['web']}/healthz")
            wait_for(f"{options['models']}/models")
            Rebuild(plan, folder, Servers(options["web"], options["models"]), sys.stdout).carry_out()
        except (RebuildRefused, RebuildFailed, AnnotationError, RunError) as error:
            raise CommandError(str(error)) from error
        except (OperationalError, InterfaceError) as error:
            words = str(error).strip()
            raise CommandError(f"the database went away ({words}): the same command goes on from here") from error
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)


def wait_for(url: str) -> None:
    """Until something answers there with 200. Raises RebuildFailed when nothing does in time."""
    parts = urlsplit(url)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=2)
        try:
            connection.request("GET", parts.path)
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    raise RebuildFailed(f"{url} did not answer within {PATIENCE:.0f} s")
