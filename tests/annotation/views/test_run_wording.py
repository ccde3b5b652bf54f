from __future__ import annotations

from decimal import Decimal

import pytest

from annotation.views.run_wording import cost_in_words, duration_in_words, pace_in_words, run_in_words
from pipeline.domain.progress import RunProgress
from pipeline.enums import RunState as S
from pipeline.models import Run


def progress(done: int, failed: int = 0, units: int = 1500, seconds_left: float | None = None) -> RunProgress:
    return RunProgress(
        units=units,
        done=done,
        failed=failed,
        left=units - done - failed,
        cached=0,
        asked=0,
        unparseable=0,
        failed_calls=0,
        possibly_paid_twice=0,
        prompt_tokens=None,
        completion_tokens=None,
        seconds_left=seconds_left,
    )


@pytest.mark.parametrize(
    ("state", "problem", "how_far", "said"),
    [
        (S.PLANNED, "", progress(0), "Planned and not started: 1,500 units to do."),
        (S.RUNNING, "", progress(3), "Running: 3 of 1,500 units done."),
        (S.RUNNING, "", progress(3, seconds_left=700), "Running: 3 of 1,500 units done, about 12 minutes to go."),
        (S.RUNNING, "", progress(1500, seconds_left=0), "Running: 1,500 of 1,500 units done."),
        (S.PAUSED, "", progress(1499), "Paused: 1 unit left of 1,500."),
        (S.PAUSED, "no key", progress(1000), "Stands still: 500 units left of 1,500."),
        (S.INCOMPLETE, "", progress(1497, 3), "Incomplete: 3 of 1,500 units failed."),
        (S.COMPLETE, "", progress(1500), "Complete: 1,500 units."),
        (S.COMPLETE, "", progress(0, units=0), "Complete."),
        (S.CANCELLED, "", progress(4), "Cancelled: 4 of 1,500 units were done, and stay on record."),
    ],
)
def test_run_in_words(state, problem, how_far, said):
    assert run_in_words(Run(state=state, problem=problem), how_far) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (20, "less than a minute"),
        (60, "about 1 minute"),
        (89, "about 1 minute"),
        (3600, "about 60 minutes"),
        (2 * 3600, "about 2 hours"),
        (30 * 3600, "about 30 hours"),
        (60 * 3600, "about 2 days"),
    ],
)
def test_duration_in_words(seconds, said):
    assert duration_in_words(seconds) == said


@pytest.mark.parametrize(
    ("per_minute", "said"),
    [
        (None, ""),
        (0.05, "3.0 units an hour"),
        (3.25, "3.2 units a minute"),
        (1234.6, "1,235 units a minute"),
    ],
)
def test_pace_in_words(per_minute, said):
    assert pace_in_words(per_minute) == said


@pytest.mark.parametrize(
    ("cost", "said"),
    [(None, "n/a"), (Decimal(0), "USD 0.00"), (Decimal("0.00741"), "USD 0.0074"), (Decimal("1234.5"), "USD 1,234.50")],
)
def test_cost_in_words(cost, said):
    assert cost_in_words(cost, "USD") == said
