"""A line for each phase: rewritten in place on a terminal, repeated now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from rebuild.journal import Journal, megabytes
from rebuild.meter import Measured, Meter
from rebuild.plan import Folder

IN_A_LOG = 15.0  # seconds between two lines about the same phase


class Line:
    """``told`` is what a phase calls with how much is done, of how much."""

    def __init__(self, out: TextIO, name: str) -> None:
        self.out, self.name = out, name
        self.live = out.isatty()
        self.began = self.written = time.monotonic()
        self.counts = ""
        if self.live:
            self._rewrite(f"{name} ...")

    def told(self, done: int, of: int) -> None:
        self.counts = f"{done:,} of {of:,}"
        now = time.monotonic()
        if now - self.written < (0.2 if self.live else IN_A_LOG):
            return
        self.written = now
        line = f"{self.name}: {self.counts}, {now - self.began:.0f} s"
        if self.live:
            self._rewrite(line)
        else:
            self._print(f"{line} ...")

    def ended(self, measured: Measured, said: str) -> None:
        parts = [said or self.counts or "done", f"{measured.seconds:.1f} s", f"{megabytes(measured.own)} MB"]
        if self.live:
            self._rewrite("")
        self._print(f"{self.name}: {', '.join(parts)}")

    def broken(self) -> None:
        if self.live:
            self.out.write("\n")

    def _rewrite(self, line: str) -> None:
        self.out.write(f"\r\x1b[K{line}")
        self.out.flush()

    def _print(self, line: str) -> None:
        self.out.write(f"{line}\n")
        self.out.flush()


@dataclass
class Phase:
    """What a phase says while it goes on, and at its end."""

    line: Line
    said: str = ""

    def told(self, done: int, of: int) -> None:
        self.line.told(done, of)


@contextmanager
def phase(name: str, folder: Folder, out: TextIO) -> Iterator[Phase]:
    """Times and measures what happens inside, on screen and in the folder's journal."""
    journal, going = Journal(folder.journal), Phase(Line(out, name))
    journal.began(name)
    meter = Meter()
    try:
        with meter:
            yield going
    except BaseException:
        going.line.broken()
        journal.ended(name, meter.measured, "interrupted")
        raise
    going.line.ended(meter.measured, going.said)
    journal.ended(name, meter.measured, going.said or going.line.counts)
