"""What a release computes of a judgment, for a whole frame: from the functions that say it of one."""

from __future__ import annotations

from functools import cache
from itertools import product

import polars as pl

from analysis.schema import INSTRUMENTS, PREFERENCE, VALUES, score_of
from annotation.domain.counting import reason_not_counted
from annotation.enums import AssignmentState, ItemRole, Origin

AT = "|"


def _scores() -> dict[str, float]:
    """By instrument, value and side."""
    return {
        AT.join((name, value, side)): score_of(name, value, side)
        for name in INSTRUMENTS
        for value, side in product(VALUES[name], ("left", "right") if name == PREFERENCE else ("",))
    }


@cache
def score_expr() -> pl.Expr:
    """The score of ``value`` on ``side``; null for no value, and for what is none of the instrument on such a side."""
    what = pl.concat_str(["instrument", "value", "side"], separator=AT)
    return what.replace_strict(_scores(), default=None, return_dtype=pl.Float64)


@cache
def because_expr(state: str = "assignment_state", role: str = "role", kind: str = "rater_kind") -> pl.Expr:
    """As annotation.domain.counting.reason_not_counted."""
    found = {
        AT.join(words): reason_not_counted(*words)
        for words in product(map(str, AssignmentState.values), map(str, ItemRole.values), map(str, Origin.values))
    }
    return pl.concat_str([state, role, kind], separator=AT).replace_strict(found, default=None, return_dtype=pl.String)
