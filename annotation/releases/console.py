from __future__ import annotations

import sys
from collections.abc import Callable


def progress_on_stderr(verb: str) -> Callable[[str, int], None]:
    """A line for each table, on stderr, so that what a command prints can be piped."""

    def show(table: str, rows: int) -> None:
        sys.stderr.write(f"{verb} {table}: {rows} rows\n")
        sys.stderr.flush()

    return show
