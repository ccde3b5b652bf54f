"""What each phase took, over all starts of a rebuild: lines on disk, and the table printed at the end.

Nothing goes by the journal: what is done is asked of the database. It may be thrown away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from rebuild.meter import Measured

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """``ended`` False: the phase began. Without a line that says it ended, it was killed."""

    phase: str
    ended: bool
    seconds: float = 0.0
    own: int = 0
    all: int = 0
    said: str = ""


class Journal:
    def __init__(self, path: Path) -> None:
        self.path = path

    def began(self, phase: str) -> None:
        self._write(Entry(phase, ended=False))

    def ended(self, phase: str, measured: Measured, said: str) -> None:
        self._write(Entry(phase, True, round(measured.seconds, 2), measured.own, measured.all, said))

    def entries(self) -> list[Entry]:
        if not self.path.exists():
            return []
        found = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(Entry(**json.loads(line)))
            except (ValueError, TypeError):  # torn by a kill
                continue
        return found

    def _write(self, entry: Entry) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(entry)) + "\n")


def table_of(entries: Iterable[Entry]) -> list[str]:
    """A line for each phase and one for all: seconds summed over the starts, peaks the highest of them."""
    rows: dict[str, list[Entry]] = {}
    for entry in entries:
        rows.setdefault(entry.phase, []).append(entry)
    width = max((len(phase) for phase in rows), default=0)
    lines = [f"{'':{width}}  {'seconds':>8}  {'own MB':>7}  {'all MB':>7}"]
    for phase, of_phase in rows.items():
        lines.append(f"{phase:{width}}  {_numbers(of_phase)}{_killed(of_phase)}")
    everything = [entry for of_phase in rows.values() for entry in of_phase]
    return [*lines, f"{'together':{width}}  {_numbers(everything)}"]


def _numbers(entries: list[Entry]) -> str:
    seconds = sum(entry.seconds for entry in entries)
    own, together = (max((getattr(entry, name) for entry in entries), default=0) for name in ("own", "all"))
    return f"{seconds:>8.1f}  {megabytes(own):>7}  {megabytes(together):>7}"


def _killed(entries: list[Entry]) -> str:
    times = sum(1 if not entry.ended else -1 for entry in entries)
    return f"  killed {times} times, which is not in the seconds" if times > 0 else ""


def megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.0f}" if size else "?"
