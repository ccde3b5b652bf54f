"""Promises 1, 2 and 5 with real processes, on whatever database the session has: one bounded round of each trial.

`make soak` runs more of them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.trial import Size, all_dying, many_at_once, possible, strikes_for

pytestmark = pytest.mark.skipif(possible() != "", reason=possible())
POSTGRES = bool(os.environ.get("DATABASE_URL"))


def test_raters_all_at_once_fill_every_seat_once(tmp_path: Path) -> None:
    report = many_at_once(tmp_path, "races", postgres=POSTGRES, size=Size(raters=32, items=12))
    assert report.problems == []
    assert report.figures["acknowledged submits"] == 12 * 3
    assert report.figures["looks"] > 10


def test_servers_killed_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    strikes = strikes_for("kills", postgres=POSTGRES)
    report = all_dying(tmp_path, "kills", postgres=POSTGRES, size=Size(raters=8, items=30), units=120, strikes=strikes)
    assert report.problems == []
    assert report.figures["acknowledged submits"] == 30 * 3
    assert report.figures["replies lost"] > 10
    assert report.figures["sent again"] >= report.figures["replies lost"]
