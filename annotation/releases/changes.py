"""What a release changed against the one before: counted per table, a few rows named, and the change's size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from annotation.enums import ReleaseChange

NAMED = 3


@dataclass(frozen=True)
class TableChange:
    """``*_rows`` name the first few by their sort key. None counts: not known, for the earlier rows are not at hand."""

    table: str
    added: int | None = 0
    changed: int | None = 0
    gone: int | None = 0
    added_rows: tuple[str, ...] = ()
    changed_rows: tuple[str, ...] = ()
    gone_rows: tuple[str, ...] = ()
    columns: str = ""  # what happened to the table or its columns, as a sentence

    @property
    def known(self) -> bool:
        return self.added is not None

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {name: list(getattr(self, name)) for name in ("added_rows", "changed_rows", "gone_rows")}


@dataclass(frozen=True)
class Changes:
    """``previous``: the version compared with, "" for a first release. Tables that stayed as they were are left out."""

    change: ReleaseChange
    previous: str = ""
    tables: tuple[TableChange, ...] = ()
    note: str = ""  # how it was compared, where it was not row by row

    def as_json(self) -> list[dict[str, Any]]:
        """For Release.changes."""
        return [table.as_json() for table in self.tables]


FIRST = Changes(ReleaseChange.FIRST)


def table_change_of(stored: Mapping[str, Any]) -> TableChange:
    """The way back from Release.changes."""
    names = ("added_rows", "changed_rows", "gone_rows")
    return TableChange(**{**stored, **{name: tuple(stored.get(name, ())) for name in names}})
