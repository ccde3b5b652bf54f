from __future__ import annotations

import pytest

from benchmarks.select_threshold import Labelled, best_threshold, scores_at

ROWS = [Labelled(name, "prompt", relevant, True) for name, relevant in (("a", True), ("b", False), ("c", True))]


def test_scores_at_a_threshold() -> None:
    """Above 0.1 are a and b, one of two right, one of the two relevant found."""
    assert scores_at(0.1, ROWS, [0.3, 0.2, 0.05]) == pytest.approx((0.5, 0.5, 0.5))
    assert scores_at(0.4, ROWS, [0.3, 0.2, 0.05]) == (0.0, 0.0, 0.0)


def test_best_threshold_is_the_first_of_the_best() -> None:
    assert best_threshold(ROWS, [0.3, 0.02, 0.31]) == 0.025
