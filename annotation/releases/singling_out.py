"""Rules over all raters of a release: a person's demographics are the same everywhere, and single nobody out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

from annotation.releases.plurals import noun
from annotation.releases.rules import Broken
from annotation.releases.tables.rows import Row


class Cell(NamedTuple):
    kind: str
    field: str
    value: str | None


Told = tuple[Cell, ...]


class Demographics:
    """Is shown every row of raters; keeps what each person told, and nothing of any other table.

    ``together``: whether all that is said of a person must be said of enough people, as of releases since that is what
    they hide; of older ones each field on its own. ``chosen``: the fields that may be there; None: any.
    """

    def __init__(self, min_cell: int, *, together: bool, chosen: Collection[str] | None = None) -> None:
        self._min_cell = min_cell
        self._chosen = chosen
        self._together = together
        self._told: dict[str, Told] = {}
        self._lines: dict[str, int] = {}

    def problems(self, row: Row, line: int) -> Iterator[Broken]:
        told = tuple(Cell(row["kind"], each["field"], each["value"]) for each in row["demographics"])
        if self._chosen is not None:
            for cell in told:
                if cell.field not in self._chosen:
                    yield "demographics", f"{cell.field!r} is none of the fields that the manifest says were chosen"
        self._lines.setdefault(row["rater"], line)
        if self._told.setdefault(row["rater"], told) != told:
            yield "demographics", "they are not those that the rater has in another campaign"

    def few(self) -> Iterator[tuple[int, str]]:
        """(line, what is wrong), when every rater was shown."""
        alone = [*self._few_alone()]
        yield from alone
        if self._together and not alone:
            yield from self._few_together()

    def _few_alone(self) -> Iterator[tuple[int, str]]:
        people = Counter(cell for told in self._told.values() for cell in told)
        fields = {(cell.kind, cell.field) for cell in people if cell.value is not None}
        for cell, n in people.items():
            if n >= self._min_cell:
                continue
            if cell.value is not None:
                shared = f"{cell.value!r} is shared by {n} {cell.kind} {noun(n, 'rater')} as {cell.field}"
                yield self._line_of(cell), f"{shared}, fewer than {self._min_cell}"
            elif (cell.kind, cell.field) in fields:
                hidden = f"{cell.field} is hidden for {n} {cell.kind} {noun(n, 'rater')} alone"
                yield self._line_of(cell), f"{hidden}; they can be told by that"

    def _few_together(self) -> Iterator[tuple[int, str]]:
        people = Counter(told for told in self._told.values() if told)
        for rater, told in self._told.items():
            if told and people[told] < self._min_cell:
                said = ", ".join(f"{cell.field} {cell.value!r}" for cell in told if cell.value is not None)
                of = people.pop(told)
                shared = (
                    f"what is said together ({said or 'nothing'}) is said of {of} {told[0].kind} {noun(of, 'rater')}"
                )
                people[told] = self._min_cell  # said once
                yield self._lines[rater], f"{shared}, fewer than {self._min_cell}"

    def _line_of(self, cell: Cell) -> int:
        return next(self._lines[rater] for rater, told in self._told.items() if cell in told)
