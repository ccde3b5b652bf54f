from __future__ import annotations

import json
from pathlib import Path

import pytest

from rebuild.ground import ensure_world
from rebuild.plan import Folder, Plan, RebuildRefused

SMALL = Plan("s", 0.02, raters=3)


def test_ensure_world_writes_once_and_whole(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / "world.part").mkdir()  # left by a kill
    (tmp_path / "world.part" / "junk").write_text("x")
    ensure_world(SMALL, folder)
    truth = folder.world / "truth.json"
    written = truth.stat().st_mtime_ns
    ensure_world(SMALL, folder)
    assert truth.stat().st_mtime_ns == written
    assert not (folder.world / "junk").exists()
    assert (folder.world / "corpus").is_dir()


@pytest.mark.parametrize("plan", [Plan("other", 0.02, raters=3), Plan("s", 0.04, raters=3)])
def test_ensure_world_refuses_another_world(tmp_path: Path, plan: Plan) -> None:
    ensure_world(SMALL, Folder(tmp_path))
    with pytest.raises(RebuildRefused, match=r"holds a rebuild with seed 's' and scale 0\.02"):
        ensure_world(plan, Folder(tmp_path))


def test_ensure_world_refuses_one_of_other_code(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    ensure_world(SMALL, folder)
    truth = folder.world / "truth.json"
    truth.write_text(json.dumps(json.loads(truth.read_text()) | {"mark": "0.5"}))
    with pytest.raises(RebuildRefused, match="delete"):
        ensure_world(SMALL, folder)
