"""CHANGES.md: what this version changed against the one before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from annotation.enums import ReleaseChange
from annotation.releases.changes import Changes, TableChange

MEANING = {
    ReleaseChange.FIRST: "The first release.",
    ReleaseChange.PATCH: "The same data, described differently.",
    ReleaseChange.MINOR: "Rows, columns or tables were added; none was changed or taken away.",
    ReleaseChange.MAJOR: "Rows, columns or tables were changed or taken away.",
}


def changelog_of(changes: Changes, manifest: dict[str, Any]) -> str:
    title = f"# Changes in {manifest['version']}"
    against = f" against {changes.previous}" if changes.previous else ""
    parts = [f"{title}{against}", MEANING[ReleaseChange(changes.change)]]
    if changes.note:
        parts.append(changes.note)
    if changes.tables:
        parts.append(_table(changes.tables))
        parts += [line for table in changes.tables for line in _named(table)]
    return "\n\n".join(parts) + "\n"


def _table(tables: tuple[TableChange, ...]) -> str:
    lines = ["| table | added | changed | gone | |", "|---|--:|--:|--:|---|"]
    lines += [
        f"| {row.table} | {_n(row.added)} | {_n(row.changed)} | {_n(row.gone)} | {row.columns} |" for row in tables
    ]
    return "\n".join(lines)


def _n(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _named(table: TableChange) -> Iterator[str]:
    for verb, count, rows in (
        ("added", table.added, table.added_rows),
        ("changed", table.changed, table.changed_rows),
        ("gone", table.gone, table.gone_rows),
    ):
        if rows:
            more = f" and {count - len(rows):,} more" if count and count > len(rows) else ""
            yield f"`{table.table}` {verb}: {', '.join(f'`{row}`' for row in rows)}{more}"
