"""How far a release is, and whether to go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from annotation.releases.errors import ReleaseStopped
from annotation.releases.plurals import counted

Progress = Callable[[str, int], None]
Stop = Callable[[], bool]


@dataclass(frozen=True)
class Steps:
    """Whom to tell about each step, and whom to ask before the next."""

    progress: Progress | None = None
    stop: Stop | None = None

    def take(self, table: str, rows: int) -> None:
        """``rows`` of the table are done. Raises ReleaseStopped where no more are wanted."""
        if self.progress is not None:
            self.progress(table, rows)
        if self.stop is not None and self.stop():
            raise ReleaseStopped(
                f"The release was stopped at {counted(rows, 'row')} of {table}; nothing of it was kept."
            )
