"""A measured ratio, its goal, and how it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple


class Ratio(NamedTuple):
    """``note``: the absolute figures behind it, or why it was not measured (``value`` None)."""

    what: str
    value: float | None
    sign: Literal["<", ">", ""] = ""
    goal: float = 0.0
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether it reaches its goal; what was not measured, or has none, does."""
        if self.value is None or not self.sign:
            return True
        return self.value < self.goal if self.sign == "<" else self.value >= self.goal

    def line(self) -> str:
        value = "not measured" if self.value is None else f"{self.value:.3g}"
        goal = {"<": f"under {self.goal:g}", ">": f"at least {self.goal:g}", "": ""}[self.sign]
        verdict = "" if self.value is None or not self.sign else "yes" if self.holds else "NO"
        return f"| {self.what} | {value} | {goal} | {verdict} | {self.note} |"


def table(rows: Sequence[Ratio]) -> str:
    return "\n".join(
        ["| ratio | measured | goal | reached | |", "|---|---|---|---|---|", *(row.line() for row in rows)]
    )
