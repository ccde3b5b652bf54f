from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rebuild.journal import Journal, table_of
from rebuild.meter import Measured, Meter, descendants, family, memory_of

MB = 1024 * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_meter_sees_what_children_use() -> None:
    hog = "import time; block = bytearray(b'x') * (60 * 1024 * 1024); print('ready', flush=True); time.sleep(60)"
    with Meter() as meter:
        before = meter.measured.own
        child = subprocess.Popen([sys.executable, "-c", hog], stdout=subprocess.PIPE)
        try:
            assert child.stdout is not None
            child.stdout.readline()
            assert child.pid in descendants(os.getpid(), family())
            assert memory_of({child.pid}) > 60 * MB
            time.sleep(0.7)
        finally:
            child.kill()
            child.communicate()
    assert meter.measured.own - before > 50 * MB
    assert meter.measured.all >= meter.measured.own
    assert meter.measured.seconds > 0.7
    assert meter.measured == meter.measured  # it stands still once it has ended


def test_memory_of_nobody_is_nothing() -> None:
    assert memory_of({2**22 + 1}) == 0


def test_journal_adds_up_starts_and_counts_kills(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "new" / "phases.jsonl")
    journal.began("import")
    journal.ended("import", Measured(2.0, 100 * MB, 300 * MB), "")
    journal.began("select")  # killed
    with journal.path.open("a") as file:
        file.write('{"phase": "sel')  # and the line torn
    journal.path.write_text(journal.path.read_text() + "\n")
    journal.began("select")
    journal.ended("select", Measured(3.5, 50 * MB, 200 * MB), "")
    assert [line.split() for line in table_of(journal.entries())] == [
        ["seconds", "own", "MB", "all", "MB"],
        ["import", "2.0", "100", "300"],
        ["select", "3.5", "50", "200", "killed", "1", "times,", "which", "is", "not", "in", "the", "seconds"],
        ["together", "5.5", "100", "300"],
    ]
