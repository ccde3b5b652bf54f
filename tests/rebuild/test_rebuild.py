"""The whole of it, small, with real processes: killed, interrupted, taken up again, and right at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rebuild.access_log import read_access_logs
from tests.processes import ROOT, manage, own_environment, processes_on, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes through /proc")

SCALE, RATERS = "0.03", "4"
UNITS = {"attribute_quality": 59, "relevance": 119, "preference": 11}  # 3 % of 1,983, 3,973 and 367
RUNS = dict.fromkeys(["import", "extract", "merge", "evidence", "why", "mention"], 1) | {"sample": 3, "select": 6}
RUNS |= {"respond": 5, "judge": 5, "label": 2}


class Start:
    """One start of `manage.py rebuild`, its output read as it comes."""

    def __init__(self, environment: dict[str, str], *words: str) -> None:
        self.folder = Path(environment["DATA_DIR"]) / "rebuild"
        self.output = ""
        command = [sys.executable, "manage.py", "rebuild", "--scale", SCALE, "--raters", RATERS, *words]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line

    def until_said(self, words: str) -> Start:
        until(lambda: words in self.output or self.process.poll() is not None, seconds=90)
        assert self.process.poll() is None, self.output
        return self

    def signal(self, number: int) -> None:
        """To the whole group, as a terminal's Ctrl-C; afterwards none of the rebuild's processes is left."""
        os.killpg(self.process.pid, number)
        self.ended()
        until(lambda: not processes_on(self.folder), seconds=15)

    def ended(self) -> int:
        code = self.process.wait(timeout=180)
        self.reader.join(10)
        return code


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """With its tables, which `manage.py serve` makes by the same function before the eyes of test_serve."""
    with own_environment(tmp_path / "data" / "rebuild", migrated=True) as variables:
        yield variables | {"DATA_DIR": str(tmp_path / "data")}


def acknowledged(start: Start) -> int:
    return sum(1 for _ in read_access_logs(start.folder / "access"))


def released(folder: Path, table: str) -> list[dict[str, Any]]:
    lines = (folder / "release" / "data" / f"{table}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.once("a minute of work; kills, queues, judging and releases on PostgreSQL have tests of their own")
def test_rebuild_killed_and_interrupted_goes_on_to_a_verified_release(environment: dict[str, str]) -> None:
    is_interrupted(environment)

    start = Start(environment).until_said("items for attribute_quality")
    until(lambda: acknowledged(start) >= 3, seconds=60)
    start.signal(signal.SIGKILL)  # while people judge
    told = acknowledged(start)

    start = Start(environment, "--queue")  # what is left, by a worker
    assert start.ended() == 0, start.output
    assert not processes_on(start.folder)
    assert "0 of them lost" in start.output
    assert "killed 1 times" in start.output
    assert "came back byte for byte" in start.output
    assert "lie inside their 95 % intervals" in start.output
    assert json.loads((start.folder / "release" / "manifest.json").read_text())["state"] == "final"
    counted = [row for row in released(start.folder, "judgments") if row["counted"]]
    for instrument, units in UNITS.items():
        per_unit = Counter(row["unit"] for row in counted if row["instrument"] == instrument)
        assert set(per_unit.values()) == {3}
        assert len(per_unit) == units
    assert len({(row["unit"], row["rater"]) for row in counted}) == len(counted)
    assert {row["rater_kind"] for row in counted} == {"simulated"}
    assert acknowledged(start) > told
    assert (start.folder / "report" / "report.html").read_text().count("SIMULATED") > 10
    assert Counter(row["stage"] for row in released(start.folder, "runs")) == RUNS  # none of them twice
    refuses_another_world(environment)
    stays_as_it_is(environment, start.folder)


def is_interrupted(environment: dict[str, str]) -> None:
    start = Start(environment).until_said("sample for relevance")
    start.signal(signal.SIGINT)  # while models vote
    assert start.process.returncode == 130
    assert "The same command goes on from here." in start.output


def refuses_another_world(environment: dict[str, str]) -> None:
    start = Start(environment, "--seed", "another")
    assert start.ended() == 1
    assert "holds a rebuild with seed 'fitting-room' and scale 0.03" in start.output
    assert "Traceback" not in start.output


def stays_as_it_is(environment: dict[str, str], folder: Path) -> None:
    """The same command again asks nobody anything and leaves the release alone."""
    before = (folder / "release" / "SHA256SUMS").read_bytes()
    start = Start(environment)
    assert start.ended() == 0, start.output
    assert (folder / "release" / "SHA256SUMS").read_bytes() == before
    assert start.output.count("was complete") == 2


@pytest.mark.once("refused before any database is asked")
def test_rebuild_refuses_numbers_that_make_no_sense(tmp_path: Path) -> None:
    with own_environment(tmp_path / "data") as environment:
        done = manage(environment, "rebuild", "--raters", "2")
    assert done.returncode == 1
    assert "RATERS=2: each unit wants 3" in done.stderr
    assert not (tmp_path / "data" / "rebuild").exists()
