"""Promise 5 on the session's own database and transport; `make soak` has both, again and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.killing import killed_in_mid_run
from tests.faults.trial import possible

pytestmark = pytest.mark.skipif(possible() != "", reason=possible())


def test_run_killed_again_and_again_sends_nothing_whose_answer_was_recorded(tmp_path: Path) -> None:
    report = killed_in_mid_run(tmp_path, "mid-run", units=500, kills=3)
    assert report.problems == []
    assert (report.figures["done"], report.figures["asked"]) == (500, 500)
    assert report.figures["ended before its kill"] == 0
    assert report.figures["sent"] >= 500
