"""What must be there before the servers start: the world's files, the tables, the static files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TextIO

from django.db import connections

from config.preparing import collect_static, migrate_database
from pipeline.sources.world import make_world, write_world
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
    """The world's folder appears whole, with a note of what it was made from, or not at all."""
    wanted = {"seed": plan.seed, "scale": plan.scale}
    note = folder.world / "made_from.json"
    if folder.world.exists():
        found = json.loads(note.read_text(encoding="utf-8"))
        if found != wanted:
            raise RebuildRefused(
                f"{folder.root} holds a rebuild with seed {found['seed']!r} and scale {found['scale']:g}, this one has "
                f"{plan.seed!r} and {plan.scale:g}: go on with those, delete that folder, or name another DATA_DIR"
            )
        return
    part = Path(f"{folder.world}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    write_world(make_world(plan.seed, plan.scale), part)
    (part / note.name).write_text(json.dumps(wanted), encoding="utf-8")
    part.rename(folder.world)
