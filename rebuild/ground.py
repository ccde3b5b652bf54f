"""What must be there before the servers start: the world's files, the tables, the static files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TextIO

from django.db import connections

from config.preparing import collect_static, migrate_database
from pipeline.sources.world import make_world, read_world, write_world
from rebuild.plan import Folder, Plan, RebuildRefused
from rebuild.progress import phase


def lay_ground(*, plan: Plan, folder: Folder, out: TextIO) -> None:
    """Repeatable. Raises RebuildRefused where the folder holds another world."""
    with phase("world", folder, out) as going:
        going.said = f"seed {plan.seed}, scale {plan.scale:g}"
        ensure_world(plan, folder)
    with phase("database and static files", folder, out):
        migrate_database()
        collect_static()
        connections.close_all()


def ensure_world(plan: Plan, folder: Folder) -> None:
    """The world's folder appears whole or not at all; one that stands must be the plan's, as this code makes it."""
    if folder.world.exists():
        _check_world(plan, folder)
        return
    part = Path(f"{folder.world}.part")
    shutil.rmtree(part, ignore_errors=True)
    write_world(make_world(plan.seed, plan.scale), part)
    part.rename(folder.world)


def _check_world(plan: Plan, folder: Folder) -> None:
    remedy = f"delete {folder.root}, or name another DATA_DIR"
    try:
        world = read_world(folder.world)
    except ValueError as error:
        raise RebuildRefused(f"{error}: {remedy}") from error
    if (world.seed, world.scale) != (plan.seed, plan.scale):
        raise RebuildRefused(
            f"{folder.root} holds a rebuild with seed {world.seed!r} and scale {world.scale:g}, this one has "
            f"{plan.seed!r} and {plan.scale:g}: go on with those, {remedy}"
        )
