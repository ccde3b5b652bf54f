"""docs/load-a-release.ipynb does what it says, on a small release, in a Python of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from annotation.releases.files import read_rows

NOTEBOOK = Path(__file__).parents[3] / "docs" / "load-a-release.ipynb"
TOLD = "import json; print('TOLD', json.dumps([preference.to_dicts(), against.to_dicts(), len(raters), len(votes)]))"


def cells(kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def test_notebook_keeps_no_outputs() -> None:
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells("code"))


@pytest.mark.django_db
def test_notebook_runs_and_its_numbers_are_the_releases(sample_release: Path, tmp_path: Path) -> None:
    script = tmp_path / "notebook.py"
    script.write_text("\n".join("".join(cell["source"]) for cell in cells("code")) + "\n" + TOLD)
    environment = {
        **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
        "HOME": str(tmp_path),
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_OFFLINE": "1",
        "MPLBACKEND": "agg",
        "RELEASE": str(sample_release),
    }
    ran = subprocess.run(
        [sys.executable, script],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert "SIMULATED" in ran.stdout
    n_files = len((sample_release / "SHA256SUMS").read_text().splitlines())
    assert f"{n_files} files are as they were written" in ran.stdout
    assert "@misc{" in ran.stdout
    preference, against, n_raters, n_votes = json.loads(ran.stdout.partition("TOLD ")[2])
    assert preference == by_generator(sample_release)
    assert n_raters == len(list(read_rows(sample_release, "raters")))
    votes = [row for _, row in read_rows(sample_release, "model_votes")]
    assert n_votes == len(votes)
    judged = {row["unit"] for _, row in read_rows(sample_release, "judgments") if row["counted"]}
    joined = [row for row in votes if row["value"] is not None and row["unit"] in judged]
    assert sum(row["units"] for row in against) == len(joined) > 0


def by_generator(folder: Path) -> list[dict[str, Any]]:
    generators = {row["pair"]: row["generator"] for _, row in read_rows(folder, "response_pairs")}
    scores: dict[str, list[float]] = defaultdict(list)
    for _, row in read_rows(folder, "judgments"):
        if row["counted"] and row["instrument"] == "preference":
            scores[generators[row["pair"]]].append(row["score"])
    assert scores
    return [{"generator": name, "mean": sum(rows) / len(rows), "n": len(rows)} for name, rows in sorted(scores.items())]
