"""Every number of one side beside the same number of the other."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from analysis.tables import Tables

COMPARED_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("table", "campaign", "what", "figure"), pl.String),
        **dict.fromkeys(("a", "a_low", "a_high"), pl.Float64),
        "a_n": pl.Int64,
        **dict.fromkeys(("b", "b_low", "b_high"), pl.Float64),
        "b_n": pl.Int64,
        "n_counts": pl.String,
        **dict.fromkeys(("difference", "difference_low", "difference_high"), pl.Float64),
        "differs": pl.Boolean,
    }
)


class Figure(NamedTuple):
    """A number's columns in its table, ``low`` and ``high`` "" for no interval. ``n``: the columns whose sum it rests
    on; ``counts``: what that counts.
    """

    value: str
    low: str
    high: str
    n: tuple[str, ...]
    counts: str

    @property
    def columns(self) -> set[str]:
        return {self.value, self.low, self.high, *self.n} - {""}


@dataclass(frozen=True)
class Compared:
    """``keys``: columns that name a row. ``figures``: its numbers."""

    title: str
    keys: tuple[str, ...]
    figures: tuple[Figure, ...]

    @property
    def columns(self) -> set[str]:
        return {*self.keys, *(column for figure in self.figures for column in figure.columns)}


def _plain(value: str, counts: str, n: str = "n") -> Figure:
    return Figure(value, "low", "high", (n,), counts)


def _own(name: str, counts: str, n: str = "n") -> Figure:
    return Figure(name, f"{name}_low", f"{name}_high", (n,), counts)


def _no_better() -> tuple[Figure, Figure]:
    return _own("no_better_judgments", "answers"), _own("no_better_pairs", "pairs of responses", "pairs")


# Tables whose rows mean the same in another release. Single raters, people, prompts and bins are not among them.
TABLES: dict[str, Compared] = {
    "label_shares": Compared("Attribute quality", ("corpus", "extractor", "value"), (_plain("share", "judgments"),)),
    "real_minus_synthetic": Compared(
        "Real chats minus synthetic ones",
        ("extractor", "figure"),
        (Figure("difference", "low", "high", ("n_real", "n_synthetic"), "judgments of both kinds of chats"),),
    ),
    "failure_shares": Compared(
        "Why attributes fail", ("source", "category"), (_plain("share", "reasons or findings"),)
    ),
    "calibration_summary": Compared(
        "Calibration of the extractor", ("extractor", "figure"), (_plain("value", "judgments"),)
    ),
    "agreement_groups": Compared(
        "Agreement of every two raters",
        ("group",),
        (
            Figure("kappa_settled", "settled_low_raters", "settled_high_raters", ("pairs",), "pairs of raters"),
            Figure("mean_kappa", "", "", ("pairs",), "pairs of raters"),
            Figure("mean_agreement", "", "", ("pairs",), "pairs of raters"),
        ),
    ),
    "agreement_summary": Compared(
        "Agreement in every figure",
        ("group", "figure"),
        (Figure("value", "low_raters", "high_raters", ("n_units",), "units"),),
    ),
    "selection": Compared(
        "Selection against the label",
        ("rater",),
        tuple(_own(name, "units") for name in ("precision", "recall", "f1", "accuracy", "over_selection")),
    ),
    "preference_overall": Compared(
        "Preference, all generators together", ("judge",), (_plain("mean", "answers"), *_no_better())
    ),
    "preference": Compared("Preference by generator", ("generator", "judge"), (_plain("mean", "answers"),)),
    "preference_effects": Compared("What sways judges", ("judge", "effect"), (_plain("estimate", "answers"),)),
    "judges": Compared(
        "Models as judges",
        ("judge",),
        (
            _own("shift", "units that the judge answered", "units"),
            _own("spearman", "units that the judge answered", "units"),
            Figure("order_effect", "order_low", "order_high", ("n",), "answers"),
        ),
    ),
    "mention_effect": Compared("Open mention and ratings", ("judge",), (_plain("effect", "answers"),)),
    # what a model rewards as a judge is its number above
    "mention_rates": Compared("How often generators mention", ("model",), (_plain("rate", "units", "units"),)),
    "mention_correlation": Compared(
        "Whether who mentions rewards mentions", (), (Figure("spearman", "", "", ("models",), "models"),)
    ),
}


def compare(a: Tables, b: Tables) -> pl.DataFrame:
    """The numbers of ``TABLES`` in both: columns ``COMPARED_SCHEMA``, in the order of ``TABLES``, then by campaign.

    A row is a number of a campaign (by slug) and of what stands in ``what``; NaN, and no ``n``, on the side that does
    not have it. ``a_n`` and ``b_n`` count what ``n_counts`` says. ``difference`` is b minus a, its interval that of
    ``difference_interval``; NaN where a side has no interval or no value, and ``differs`` null. ``differs``: the
    interval leaves out 0. Of two sides that share nothing and did not change, one number in twenty differs; two sides
    that share raters, people or answers are less apart by chance, so that fewer do, and a change may be overlooked.
    """
    rows: list[tuple[object, ...]] = []
    for name, compared in TABLES.items():
        left, right = _numbers(a.get(name), compared), _numbers(b.get(name), compared)
        for key in sorted({*left, *right}):
            rows.append((name, *key, *_row(left.get(key), right.get(key))))
    return pl.DataFrame(rows, schema=COMPARED_SCHEMA, orient="row")


class Number(NamedTuple):
    value: float
    low: float
    high: float
    n: int | None
    counts: str


Key = tuple[str, str, str]  # campaign, what, figure
_NONE = Number(math.nan, math.nan, math.nan, None, "")


def difference_interval(a: Number, b: Number) -> tuple[float, float]:
    """A 95 % interval of b minus a from theirs, were the two independent; NaN where one has none.

    Definition: below the difference by the root of the squared distances of b from its lower and of a from its upper
    end, above it likewise by the others. For intervals that are symmetric this is the usual one; for shares with
    Wilson's it is Newcombe's. Where a and b share answers they vary together, and it is too wide.
    Sources: R. G. Newcombe (1998), Statistics in Medicine 17, 873-890, method 10; G. Y. Zou and A. Donner (2008),
    Statistics in Medicine 27, 1693-1702.
    """
    if not all(map(math.isfinite, (*a[:3], *b[:3]))):
        return math.nan, math.nan
    difference = b.value - a.value
    return (
        difference - math.hypot(b.value - b.low, a.high - a.value),
        difference + math.hypot(b.high - b.value, a.value - a.low),
    )


def _numbers(frame: pl.DataFrame | None, compared: Compared) -> dict[Key, Number]:
    if frame is None:
        return {}
    return dict(_each(frame, compared))


def _each(frame: pl.DataFrame, compared: Compared) -> Iterable[tuple[Key, Number]]:
    for row in frame.iter_rows(named=True):
        what = ", ".join(str(row[key]) for key in compared.keys)
        for value, low, high, n, counts in compared.figures:
            ends = (_number(row.get(low)), _number(row.get(high))) if low else (math.nan, math.nan)
            rests_on = sum(int(row[column]) for column in n)
            yield (str(row.get("campaign", "")), what, value), Number(_number(row.get(value)), *ends, rests_on, counts)


def _number(found: object) -> float:
    """A report's CSV writes NaN as text where a whole column has no number."""
    return float(found) if isinstance(found, (int, float, str)) and found != "" else math.nan


def _row(a: Number | None, b: Number | None) -> tuple[object, ...]:
    left, right = a or _NONE, b or _NONE
    low, high = difference_interval(left, right)
    differs = None if math.isnan(low) else not low <= 0 <= high
    counts = right.counts or left.counts
    return (*left[:4], *right[:4], counts, right.value - left.value, low, high, differs)
