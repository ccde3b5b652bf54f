"""Wall time and memory of a phase, from /proc (Linux; elsewhere memory is unknown)."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

EVERY = 0.5  # seconds between two looks


class Measured(NamedTuple):
    """``own`` is this process with what it started, ``all`` that and its parent with every server; bytes, 0 unknown."""

    seconds: float
    own: int
    all: int


def family() -> dict[int, list[int]]:
    """The children of each process of this machine, at one moment."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    return children


def descendants(root: int, children: dict[int, list[int]]) -> set[int]:
    """The process and everything below it."""
    found, waiting = set(), [root]
    while waiting:
        number = waiting.pop()
        found.add(number)
        waiting += children.get(number, [])
    return found


def memory_of(processes: set[int]) -> int:
    """Bytes in memory, pages that several share counted once among them (PSS); 0 where the system does not say."""
    return sum(_pss(number) for number in processes)


def _pss(number: int) -> int:
    try:
        lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


class Meter:
    """A with-block whose ``measured`` says what it took so far, and afterwards what it took."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._own = self._all = 0
        self._ended: float | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="meter", daemon=True)

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._look()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        self._look()
        self._ended = time.monotonic()

    @property
    def measured(self) -> Measured:
        return Measured((self._ended or time.monotonic()) - self._began, self._own, self._all)

    def _look_on(self) -> None:
        while not self._stop.wait(EVERY):
            self._look()

    def _look(self) -> None:
        children = family()
        own = descendants(os.getpid(), children)
        of_own = memory_of(own)
        self._own = max(self._own, of_own)
        self._all = max(self._all, of_own + memory_of(descendants(os.getppid(), children) - own))
