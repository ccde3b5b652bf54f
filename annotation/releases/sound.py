"""The rules of annotation.releases.rules for a whole row group at once: which rows need a closer look.

A row that is not named here keeps every rule; one that is named may still keep them, and rules.py has the last word.
Tables whose rules are not told here have all their rows looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import polars as pl

from analysis.schema import INSTRUMENTS, PREFERENCE, RELEVANCE, VALUES
from annotation.releases.expressions import AT, because_expr, score_expr
from annotation.releases.rules import ALLOWED, LETTERS, RULES, TIMES
from pipeline.enums import Side, VoteStatus


def doubtful(table: str, frame: pl.DataFrame) -> list[int]:
    """Places in the frame, from 0, of rows that may break a rule."""
    if table in RULES and table not in _SOUND:
        return list(range(frame.height))
    if not _rules(table):
        return []
    keeps = frame.select(pl.all_horizontal(_rules(table)).fill_null(False)).to_series()
    return (~keeps).arg_true().to_list()


@cache
def _rules(table: str) -> tuple[pl.Expr, ...]:
    sound = [_allowed(field, values) for field, values in ALLOWED.get(table, {}).items()]
    sound += [pl.col(field).is_null() | is_time(pl.col(field)) for field in TIMES[table]]
    if table in _SOUND:
        sound += _SOUND[table]()
    return tuple(sound)


def _allowed(field: str, values: tuple[object, ...]) -> pl.Expr:
    texts = [value for value in values if value is not None]
    return pl.col(field).is_in(texts) | (pl.col(field).is_null() & pl.lit(None in values))


def is_time(text: pl.Expr) -> pl.Expr:
    """As rules.is_time, but stricter: only the very form that a release writes."""
    parsed = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.6fZ", strict=False, exact=True, time_unit="us")
    plain = (text.str.len_bytes() == 27) & (text.str.slice(0, 4) != "0000") & (text.str.slice(17, 1) < "6")
    return parsed.is_not_null() & plain


def _unit() -> list[pl.Expr]:
    instrument, other = pl.col("instrument"), pl.coalesce("prompt", "pair")
    letter = instrument.replace_strict(LETTERS, default=None)
    parts = pl.concat_str([letter, pl.lit(":"), pl.col("attribute")])
    named = pl.when(other.is_null()).then(parts).otherwise(pl.concat_str([parts, pl.lit(":"), other]))
    return [
        pl.col("unit") == named,
        pl.col("prompt").is_not_null() == (instrument == RELEVANCE),
        pl.col("pair").is_not_null() == (instrument == PREFERENCE),
    ]


def _answer() -> list[pl.Expr]:
    """A null value has no score, and is the caller's to judge; its side must fit all the same."""
    fits = pl.col("side").is_in(["left", "right"]) == (pl.col("instrument") == PREFERENCE)
    scored = pl.when(pl.col("value").is_null()).then(pl.col("score").is_null())
    return [fits, scored.otherwise(pl.col("score") == score_expr())]


def _judgment() -> list[pl.Expr]:
    """Of the revisions only the usual case: the one value that was submitted, and no other since."""
    first = pl.col("revisions").list.first().struct
    return [
        *_unit(),
        *_answer(),
        pl.col("value").is_null() == pl.col("erased_at").is_not_null(),
        pl.col("not_counted_because") == because_expr(),
        pl.col("counted") == (pl.col("not_counted_because") == ""),
        pl.col("revisions").list.len() == 1,
        first.field("number") == 1,
        first.field("value").eq_missing(pl.col("value")),
        is_time(first.field("made_at")),
    ]


def _vote() -> list[pl.Expr]:
    return [
        *_unit(),
        *_answer(),
        pl.col("value").is_null() == (pl.col("status") == VoteStatus.UNPARSEABLE.value),
    ]


def _label() -> list[pl.Expr]:
    known = [AT.join((name, value)) for name in INSTRUMENTS for value in VALUES[name]]
    named = pl.concat_str(["instrument", "value"], separator=AT)
    return [*_unit(), pl.col("value").is_null() | named.is_in(known), pl.col("share").is_between(0, 1)]


def _remark() -> list[pl.Expr]:
    return [pl.col("text").is_null() == pl.col("erased_at").is_not_null()]


def _item() -> list[pl.Expr]:
    asked, seat = pl.element().struct.field("unit"), pl.element().struct.field("side")
    parts = asked.str.splitn(":", 3).struct
    fits = parts.field("field_0").is_in(list(LETTERS.values()))
    fits &= parts.field("field_1") == pl.element().struct.field("attribute")
    return [
        pl.col("questions").list.eval(fits.fill_null(False)).list.all(),
        pl.col("seats").list.eval(seat.is_in(list(Side.values)).fill_null(False)).list.all(),
    ]


_SOUND: dict[str, Callable[[], list[pl.Expr]]] = {
    "items": _item,
    "judgments": _judgment,
    "model_votes": _vote,
    "labels": _label,
    "remarks": _remark,
}
