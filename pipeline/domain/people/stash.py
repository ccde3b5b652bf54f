"""What was embedded before a draw was stopped, in files of DATA_DIR: the same draw goes on from there.

It is a stash and no record: it goes when the draw is on record, and a file that cannot be read is made again.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

Part = NDArray[np.float32]  # a row for each person: the number of openings, then the vector


class Stash:
    """Numbered parts of one draw, named by its fingerprint; two processes at the same draw write the same."""

    def __init__(self, fingerprint: str) -> None:
        self.folder = Path(settings.DATA_DIR) / "people" / fingerprint

    def read(self, number: int, people: int) -> Part | None:
        """The part, if it stands and is of so many people."""
        try:
            part: Part = np.load(self._file(number))
        except (OSError, ValueError, EOFError):
            return None
        return part if part.ndim == 2 and len(part) == people else None

    def write(self, number: int, part: Part) -> None:
        """Whole or not at all, also where the process is killed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._file(number).with_suffix(f".{os.getpid()}")
        with unfinished.open("wb") as file:
            np.save(file, part)
        unfinished.replace(self._file(number))

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:06}.npy"
