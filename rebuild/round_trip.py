"""Into an empty database and out again: the release must come back byte for byte, and its description with it.

The other database is a SQLite file of its own, and what is done to it is done by the commands that anybody would use.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from config.supervisor import die_with_parent
from rebuild.plan import Folder, RebuildFailed

COPY = "copy"  # slug of the imported study


def check_round_trip(folder: Folder) -> str:
    """Imports the release, releases the import, compares every data file. Says what came back.

    Raises RebuildFailed where a command fails or a file differs, naming it. What a kill left of an earlier try is
    thrown away first. A release that came back once is not sent again.
    """
    if folder.is_done_for_release("came-back"):
        return "came back before"
    root = folder.emptied("round-trip")
    back = root / "release"
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"DATA_DIR": str(root), "SECRET_KEY": settings.SECRET_KEY}
    for words in (
        ("migrate", "--verbosity", "0"),
        ("import_release", str(folder.release), "--study", COPY),
        ("make_release", COPY, "--out", str(back)),
    ):
        _manage(words, environment)
    names = sorted(path.name for path in (folder.release / "data").glob("*.jsonl"))
    size = 0
    for name in names:
        there, here = folder.release / "data" / name, back / "data" / name
        if not here.is_file() or there.read_bytes() != here.read_bytes():
            raise RebuildFailed(f"{name} did not come back as it was: compare {there} with {here}")
        size += there.stat().st_size
    described = [json.loads((place / "manifest.json").read_text()).get("described") for place in (folder.release, back)]
    if described[0] != described[1]:
        raise RebuildFailed(f"the description did not come back as it was: compare {folder.release} with {back}")
    shutil.rmtree(root)
    folder.note_done_for_release("came-back")
    return f"{len(names)} tables, {size / 1e6:,.1f} MB, came back byte for byte"


def _manage(words: tuple[str, ...], environment: dict[str, str]) -> None:
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *words]
    end_with_us = die_with_parent(os.getpid())
    done = subprocess.run(  # noqa: S603
        command, env=environment, capture_output=True, text=True, check=False, preexec_fn=end_with_us
    )
    if done.returncode:
        raise RebuildFailed(f"manage.py {words[0]} failed on the way back: {done.stderr.strip()[-2000:]}")
