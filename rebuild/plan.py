"""What a rebuild is: its seed, its size, and where its files lie."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from analysis.schema import ATTRIBUTE_QUALITY, PREFERENCE, RELEVANCE

SLUG = "rebuild"
K = 3
SEED = "fitting-room"

# The published study's own numbers (STUDY.md).
ATTRIBUTES, MATCHES, QUESTIONS, PAIRS = 1983, 3973, 367, 80

FEWEST_PAIRS = 5  # of a small world, so that they surely hold the questions wanted
LARGEST_SCALE = 10.0
MOST_RATERS = 400


class RebuildRefused(Exception):
    """It cannot begin, or go on; the message says why and what to do. Nothing was changed."""


class RebuildFailed(Exception):
    """Something went wrong on the way, or what came out is not what was asked for."""


@dataclass(frozen=True)
class Plan:
    """``seed`` and ``scale`` make the world and may not change once a study is begun; the rest may at every start.

    Raises RebuildRefused for numbers that make no sense.
    """

    seed: str = SEED
    scale: float = 1.0
    raters: int = 24
    queue: bool = False  # leave runs to a Celery worker

    def __post_init__(self) -> None:
        if not 0 < self.scale <= LARGEST_SCALE:
            raise RebuildRefused(f"SCALE={self.scale}: give a number above 0, at most {LARGEST_SCALE:g}")
        if not K <= self.raters <= MOST_RATERS:
            raise RebuildRefused(f"RATERS={self.raters}: each unit wants {K}, so give {K} to {MOST_RATERS}")
        if not self.seed or len(self.seed) > 64:
            raise RebuildRefused(f"SEED={self.seed!r}: give 1 to 64 characters")

    @property
    def pairs(self) -> int:
        return max(FEWEST_PAIRS, self._scaled(PAIRS))

    def units(self, instrument: str) -> int:
        """How many units of the instrument are judged."""
        if instrument == PREFERENCE:
            return max(self.pairs, self._scaled(QUESTIONS))
        return self._scaled({ATTRIBUTE_QUALITY: ATTRIBUTES, RELEVANCE: MATCHES}[instrument])

    def _scaled(self, number: int) -> int:
        return max(1, round(number * self.scale))


@dataclass(frozen=True)
class Folder:
    """Where a rebuild keeps its files; the whole of it may be thrown away."""

    root: Path

    @property
    def world(self) -> Path:
        return self.root / "world"

    @property
    def release(self) -> Path:
        return self.root / "release"

    @property
    def report(self) -> Path:
        return self.root / "report"

    def is_done_for_release(self, what: str) -> bool:
        """Whether ``what`` was noted as done for the very release that stands here."""
        note = self._note(what)
        return note.is_file() and note.read_bytes() == self._sums.read_bytes()

    def note_done_for_release(self, what: str) -> None:
        self._note(what).write_bytes(self._sums.read_bytes())

    @property
    def _sums(self) -> Path:
        return self.release / "SHA256SUMS"

    def _note(self, what: str) -> Path:
        return self.root / f"{what}.txt"

    def emptied(self, name: str) -> Path:
        """The folder of that name, new and empty."""
        path = self.root / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    @property
    def owner(self) -> Path:
        """Holds the public id of the study whose files these are."""
        return self.root / "study.txt"

    @property
    def access(self) -> Path:
        """The logs of what was acknowledged to simulated raters, one for each driving process."""
        return self.root / "access"

    @property
    def journal(self) -> Path:
        return self.root / "phases.jsonl"
