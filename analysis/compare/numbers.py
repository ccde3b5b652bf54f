"""Every number of one side beside the same number of the other."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from analysis.tables import Tables

COMPARED_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("table", "campaign", "what", "figure"), pl.String),
        **dict.fromkeys(("a", "a_low", "a_high", "b", "b_low", "b_high", "difference"), pl.Float64),
        "outside": pl.Boolean,
    }
)
_ENDS = ("low", "high")


@dataclass(frozen=True)
class Compared:
    """``keys``: columns that name a row. ``figures``: its numbers as columns (value, low, high), "" for no interval."""

    title: str
    keys: tuple[str, ...]
    figures: tuple[tuple[str, str, str], ...]


def _own(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


# Tables whose rows mean the same in another release. Single raters, people, prompts and bins are not among them.
TABLES: dict[str, Compared] = {
    "label_shares": Compared("Attribute quality", ("corpus", "extractor", "value"), (("share", *_ENDS),)),
    "real_minus_synthetic": Compared(
        "Real chats minus synthetic ones", ("extractor", "figure"), (("difference", *_ENDS),)
    ),
    "failure_shares": Compared("Why attributes fail", ("source", "category"), (("share", *_ENDS),)),
    "calibration_summary": Compared("Calibration of the extractor", ("extractor", "figure"), (("value", *_ENDS),)),
    "agreement_groups": Compared(
        "Agreement of every two raters",
        ("group",),
        (("mean_kappa", "low_raters", "high_raters"), ("mean_agreement", "", "")),
    ),
    "agreement_summary": Compared(
        "Agreement in every figure", ("group", "figure"), (("value", "low_raters", "high_raters"),)
    ),
    "selection": Compared(
        "Selection against the label",
        ("rater",),
        tuple(_own(name) for name in ("precision", "recall", "f1", "accuracy", "over_selection")),
    ),
    "preference_overall": Compared(
        "Preference, all generators together",
        ("judge",),
        (("mean", *_ENDS), _own("no_better_judgments"), _own("no_better_pairs")),
    ),
    "preference": Compared("Preference by generator", ("generator", "judge"), (("mean", *_ENDS),)),
    "preference_effects": Compared("What sways judges", ("judge", "effect"), (("estimate", *_ENDS),)),
    "judges": Compared(
        "Models as judges", ("judge",), (_own("shift"), _own("spearman"), ("order_effect", "order_low", "order_high"))
    ),
    "mention_effect": Compared("Open mention and ratings", ("judge",), (("effect", *_ENDS),)),
    "mention_rates": Compared("Mentioning and rewarding mentions", ("model",), (("rate", *_ENDS), _own("reward"))),
    "mention_correlation": Compared("Whether who mentions rewards mentions", (), (("spearman", "", ""),)),
}


def compare(a: Tables, b: Tables) -> pl.DataFrame:
    """The numbers of ``TABLES`` in both: columns ``COMPARED_SCHEMA``, in the order of ``TABLES``, then by campaign.

    A row is a number of a campaign (by slug) and of what stands in ``what``; NaN on the side that does not have it.
    ``difference`` is b minus a. ``outside``: each value lies outside the other's interval, so that both sides alone
    would have excluded it; null where a side has no interval or no value. It is no test: two intervals may overlap
    while a test of the difference would find one, and two sides that share raters are not independent.
    """
    rows: list[tuple[object, ...]] = []
    for name, compared in TABLES.items():
        left, right = _numbers(a.get(name), compared), _numbers(b.get(name), compared)
        for key in sorted({*left, *right}):
            rows.append((name, *key, *_row(left.get(key), right.get(key))))
    return pl.DataFrame(rows, schema=COMPARED_SCHEMA, orient="row")


Key = tuple[str, str, str]  # campaign, what, figure
Number = tuple[float, float, float]
_NONE: Number = (math.nan, math.nan, math.nan)


def _numbers(frame: pl.DataFrame | None, compared: Compared) -> dict[Key, Number]:
    if frame is None:
        return {}
    return dict(_each(frame, compared))


def _each(frame: pl.DataFrame, compared: Compared) -> Iterable[tuple[Key, Number]]:
    for row in frame.iter_rows(named=True):
        what = ", ".join(str(row[key]) for key in compared.keys)
        for value, low, high in compared.figures:
            ends = (_number(row.get(low)), _number(row.get(high))) if low else (math.nan, math.nan)
            yield (str(row.get("campaign", "")), what, value), (_number(row.get(value)), *ends)


def _number(found: object) -> float:
    """A report's CSV writes NaN as text where a whole column has no number."""
    return float(found) if isinstance(found, (int, float, str)) and found != "" else math.nan


def _row(a: Number | None, b: Number | None) -> tuple[object, ...]:
    left, right = a or _NONE, b or _NONE
    return (*left, *right, right[0] - left[0], _outside(left, right))


def _outside(a: Number, b: Number) -> bool | None:
    if not all(map(math.isfinite, (*a, *b))):
        return None
    return not b[1] <= a[0] <= b[2] and not a[1] <= b[0] <= a[2]
