"""Rules over all raters of a release: a person's demographics are the same everywhere, and single nobody out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from annotation.releases.rules import Broken
from annotation.releases.tables.rows import Row


class Cell(NamedTuple):
    kind: str
    field: str
    value: str | None


class Demographics:
    """Is shown every row of raters; keeps what each person told, and nothing of any other table."""

    def __init__(self, min_cell: int) -> None:
        self._min_cell = min_cell
        self._told: dict[str, list[Cell]] = {}
        self._people: Counter[Cell] = Counter()
        self._lines: dict[Cell, int] = {}

    def problems(self, row: Row, line: int) -> Iterator[Broken]:
        told = [Cell(row["kind"], each["field"], each["value"]) for each in row["demographics"]]
        if row["rater"] not in self._told:
            self._told[row["rater"]] = told
            for cell in told:
                self._people[cell] += 1
                self._lines.setdefault(cell, line)
        elif self._told[row["rater"]] != told:
            yield "demographics", "they are not those that the rater has in another campaign"

    def few(self) -> Iterator[tuple[int, str]]:
        """(line, what is wrong), when every rater was shown."""
        fields = {(cell.kind, cell.field) for cell in self._people if cell.value is not None}
        for cell, n in self._people.items():
            if cell.value is not None and n < self._min_cell:
                shared = f"{cell.value!r} is shared by {n} {cell.kind} raters as {cell.field}"
                yield self._lines[cell], f"{shared}, fewer than {self._min_cell}"
            elif cell.value is None and n < self._min_cell and (cell.kind, cell.field) in fields:
                hidden = f"{cell.field} is hidden for {n} {cell.kind} raters alone"
                yield self._lines[cell], f"{hidden}; they can be told by that"
