"""On the session's own database, at the points that need most care; `make soak` has all, and moments between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.releasing import release_killed
from tests.faults.trial import possible

pytestmark = pytest.mark.skipif(possible() != "", reason=possible())
POINTS = ("before it is verified", "between move and commit", "after the commit")


def test_release_whose_worker_is_killed_is_made_once_and_whole(tmp_path: Path) -> None:
    report = release_killed(tmp_path, "release", POINTS)
    assert report.problems == []
    assert report.figures["releases"] == len(POINTS)
