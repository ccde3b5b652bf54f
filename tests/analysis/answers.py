"""Plain factories of answers for the tests of agreement."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from analysis.agreement_codes import Coded, coded
from analysis.longform import LONG_SCHEMA

# Published matrices of raters and units; None is a missing answer.
# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, example C, and Gwet (2014), Handbook of Inter-Rater
# Reliability, 4th ed., pp. 55-56: observers A-D, 12 units, values 1-5
PUBLISHED = {
    "a": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    "b": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    "c": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    "d": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
}
# Gwet (2014), table 3.5: two raters, three ordered values A, B, C as 1, 2, 3, with missing answers
TWO_RATERS = {
    "r1": [1, 2, 3, 3, 2, 2, 1, 1, 2, 2, None],
    "r2": [None, 3, 3, 3, 2, None, 1, 2, 2, 2, 3],
}
# Shrout and Fleiss (1979), table 2: 4 judges, 6 targets
FOUR_JUDGES = {"j1": [9, 6, 8, 7, 10, 6], "j2": [2, 1, 4, 1, 5, 2], "j3": [5, 3, 6, 2, 6, 4], "j4": [8, 2, 8, 6, 9, 7]}

matrices = st.integers(2, 5).flatmap(
    lambda raters: st.lists(
        st.lists(st.sampled_from([None, 1, 2, 3, 5]), min_size=raters, max_size=raters), min_size=1, max_size=12
    )
)


def long_of(answers: dict[str, list[Any]], kinds: dict[str, str] | None = None, **more: str) -> pl.DataFrame:
    """The long form of ``answers`` by rater, unit by unit; None is a missing answer."""
    rows = [
        {
            "campaign": more.get("campaign", "c"),
            "instrument": more.get("instrument", "relevance"),
            "unit": f"u{unit:03}",
            "attribute": "",
            "rater": rater,
            "kind": (kinds or {}).get(rater, "human"),
            "value": str(value),
            "score": float(value) if isinstance(value, (int, float)) else 0.0,
        }
        for rater, given in answers.items()
        for unit, value in enumerate(given)
        if value is not None
    ]
    return pl.DataFrame(rows, schema=LONG_SCHEMA, orient="row")


def coded_of(answers: dict[str, list[Any]], instrument: str = "preference", **more: Any) -> Coded:
    """``answers`` by rater in codes, on the instrument's whole scale where they are of it."""
    return coded(long_of(answers, instrument=instrument, **more), "c", instrument)


def by_rater(matrix: list[list[int | None]]) -> dict[str, list[int | None]]:
    """Rows are units, columns raters."""
    return {f"r{place}": [row[place] for row in matrix] for place in range(len(matrix[0]))}


def crowd(
    *, units: int, raters: int, k: int, models: int = 0, instrument: str = "preference", seed: int = 1
) -> pl.DataFrame:
    """Long form of ``k`` people on each unit, drawn from ``raters``, and all of ``models``; answers hang together."""
    rng = np.random.default_rng(seed)
    scale = {
        "preference": "12345",
        "relevance": ("no", "yes"),
        "attribute_quality": ("rejected", "uncertain", "accepted"),
    }
    values = list(scale[instrument])
    rows = []
    for unit in range(units):
        truth = rng.integers(len(values))
        people = [(f"r{place:02}", "human") for place in rng.permutation(raters)[:k]]
        for rater, kind in [*people, *((f"m{place}", "model") for place in range(models))]:
            place = int(truth if rng.random() < 0.6 else rng.integers(len(values)))
            score = float(place + (instrument == "preference"))
            row = {"campaign": "c", "instrument": instrument, "unit": f"u{unit:04}", "attribute": "", "rater": rater}
            rows.append(row | {"kind": kind, "value": values[place], "score": score})
    return pl.DataFrame(rows, schema=LONG_SCHEMA, orient="row").sort("campaign", "unit", "rater")
