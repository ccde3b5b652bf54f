"""Every table as CSV for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.schema import TABLES
from annotation.releases.exports.base import Export, ExportFile, batches
from annotation.releases.exports.spreadsheet import csv_pieces


def _files(folder: Path) -> Iterator[ExportFile]:
    for name, table in TABLES.items():
        yield ExportFile(f"{name}.csv", csv_pieces(table.names, _rows(folder, name)))


def _rows(folder: Path, table: str) -> Iterator[list[Any]]:
    for rows in batches(folder, table):
        for row in rows:
            yield list(row.values())


CSV = Export(
    "CSV for spreadsheets",
    "Every table as CSV (UTF-8, RFC 4180). No cell of it is executed: a text that begins with =, +, -, @, a tab, a "
    "line break or an apostrophe has an apostrophe before it, also after separators inside a cell; U+0000 is written "
    "as U+2400 and 0. Take one apostrophe away to have the text itself, or use the JSON lines of the release.",
    _files,
)
