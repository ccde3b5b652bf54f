from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.coverage import DESIGNS, FIGURES, Case, Task, lines, truths_of
from benchmarks.coverage_counts import Count, Row, band, outside

AGREEMENT = [figure.table for figure in FIGURES].index("agreement_summary")


def count(inside: int, outside: int, none: int = 0) -> Count:
    return Count(inside, outside, none)


def test_a_draw_counts_as_inside_outside_or_without_interval() -> None:
    found = Count()
    for low, high in ((0.0, 1.0), (0.6, 1.0), (0.0, 0.5), (float("nan"), float("nan"))):
        found.add(low, high, 0.5)
    assert (found.inside, found.outside, found.none, found.share) == (2, 1, 1, pytest.approx(2 / 3))


def test_rows_say_which_keys_are_narrow_or_wide() -> None:
    # of 200 draws with 95 % each 184 to 196 are what one key looks like; of three looked at together a little more
    assert band(200, 0.95) == (0.92, 0.98)
    assert Row({"a": count(190, 10), "b": count(186, 14), "c": count(195, 5)}, 200).verdict() == "holds"
    assert Row({"a": count(190, 10), "b": count(170, 30)}, 200).verdict() == "**narrow** b"
    assert Row({"a": count(199, 1)}, 200).verdict() == "wide a"
    assert Row({"a": count(0, 0, 200)}, 200).cells() == "0 |  |  |  | 100 % | none given"
    assert Row({"a": count(95, 5, 100)}, 200).cells() == "1 | 0.950 | 0.950 | 0.950 | 50 % | holds"


def test_the_line_below_counts_keys_beyond_what_95_per_cent_looks_like() -> None:
    # of 200 draws fewer than 184 or more than 196: a chance of 0.033 for each of 40 keys, 1.3 of them together
    counts = [count(190, 10)] * 37 + [count(183, 17)] * 2 + [count(200, 0), count(0, 0, 200)]
    assert outside(counts) == "Of 40 keys 2 are lower and 1 higher than 95 % looks like; 1 would be by chance"


def test_means_over_pairs_have_their_truth_from_a_draw_in_which_everybody_answers_everything() -> None:
    few, every = (
        Task("raters", 1, replace(DESIGNS["small"], **more), (), True) for more in ({"copies": 20}, {"k": 80})
    )
    fleiss, mean = ((AGREEMENT, f"c raters {name} nominal") for name in ("fleiss", "cohen_mean"))
    found = [{fleiss: Case(0.2, 0, 0), mean: Case(0.1, 0, 0)}, {fleiss: Case(0.3, 0, 0), mean: Case(0.4, 0, 0)}]
    assert truths_of([few, every], found) == {fleiss: 0.2, mean: 0.4}


def test_agreement_stands_by_figure_and_group() -> None:
    counts = {(AGREEMENT, f"{campaign} raters fleiss nominal"): count(190, 10, 200) for campaign in "cd"}
    assert list(lines(counts, 200))[-1].startswith("| fleiss | 0.950 (50 % none) |")
