"""The process on top: the rebuild's own servers and the phases, all its children, none left when it ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import TextIO

from django.conf import settings

from config.locks import FolderInUse, listen_on, lock_folder
from config.management.commands.serve import services as product_services
from config.supervisor import Service, Supervisor, die_with_parent
from rebuild.plan import Folder, Plan, RebuildRefused

LOCAL = "127.0.0.1"
INTERRUPTED = 130
MOST_FAILURES = 20  # in a row, of one server


@dataclass(frozen=True)
class Doors:
    """Where the servers listen: the web's socket is ours, so that nobody else can have its port."""

    web: socket.socket
    models: int

    @property
    def web_url(self) -> str:
        return f"http://{LOCAL}:{self.web.getsockname()[1]}"

    @property
    def models_url(self) -> str:
        return f"http://{LOCAL}:{self.models}/v1"


def supervise(*, plan: Plan, out: TextIO) -> int:
    """The exit code: 0 for a verified release, 130 when interrupted. Raises RebuildRefused where a copy is at work."""
    folder = Folder(settings.DATA_DIR)
    doors = Doors(listen_on(LOCAL, 0), free_port())
    try:
        lock = lock_folder(folder.root, address=doors.web_url)
    except FolderInUse as error:
        raise RebuildRefused(str(error)) from error
    code = lay_ground(plan)
    if code:
        return code
    doors.web.set_inheritable(True)
    supervisor = Supervisor(services(plan, folder, doors, lock), most_failures=MOST_FAILURES)
    code = supervisor.run()
    if supervisor.decided and code == 0:
        return 0
    if code == 0:
        code = INTERRUPTED
    out.write(f"{'Interrupted' if code == INTERRUPTED else 'Not finished'}. The same command goes on from here.\n")
    return code


def lay_ground(plan: Plan) -> int:
    """In a process of its own, so that the world's memory is given back; its exit code."""
    own = os.environ | QUIET
    end_with_us = die_with_parent(os.getpid())
    command = phases_command("ground", plan)
    process = subprocess.Popen(command, env=own, preexec_fn=end_with_us)  # noqa: S603, PLW1509 - no threads here
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        return INTERRUPTED


QUIET = {"LOG_LEVEL": "WARNING"}  # the libraries' line for each of ten thousands of requests
WEB = {"ALLOWED_HOSTS": LOCAL, "HTTPS": "0", "DEBUG": "0"}


def services(plan: Plan, folder: Folder, doors: Doors, lock: int) -> list[Service]:
    """Web and models, with --queue worker and clock, and the phases, whose end is everybody's."""
    product = {service.name: service for service in product_services(doors.web.fileno(), lock)}
    web = product["web"]
    world = [sys.executable, "-m", "pipeline.sources.world.server", str(folder.world), "--port", str(doors.models)]
    addresses = ["--web", doors.web_url, "--models", doors.models_url]
    return [
        Service("web", web.command, env={**web.env, **WEB}, keep=web.keep),
        Service("world", world, keep=(lock,)),
        *([product["worker"], product["clock"]] if plan.queue else []),
        Service("phases", [*phases_command("study", plan), *addresses], env=QUIET, keep=(lock,), decides=True),
    ]


def phases_command(which: str, plan: Plan) -> list[str]:
    words = [sys.executable, str(settings.BASE_DIR / "manage.py"), "rebuild_phases", which]
    words += ["--seed", plan.seed, "--scale", str(plan.scale), "--raters", str(plan.raters)]
    return [*words, "--queue"] if plan.queue else words


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        return int(probe.getsockname()[1])
