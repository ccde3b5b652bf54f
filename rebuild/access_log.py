"""What simulated raters were told is saved: one line for each acknowledged page, on disk before the rater goes on.

One file for each driving process, appended to by one system call a line, so that a kill leaves whole lines. The check
at the end holds the release against these lines: what stands here and not there was lost.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Acknowledged:
    """``assignment`` is the sha256 of the token in the page's address, ``values`` the answers by place on the page."""

    at: str
    rater: int
    assignment: str
    values: tuple[str, ...]


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class AccessLog:
    """``append`` returns once the line is on disk. Safe from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        torn = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.lock = threading.Lock()
        if torn:
            os.write(self.descriptor, b"\n")

    def append(self, *, rater: int, token: str, values: Sequence[str]) -> None:
        line = Acknowledged(datetime.now(UTC).isoformat(), rater, hash_of(token), tuple(values))
        with self.lock:
            os.write(self.descriptor, json.dumps(asdict(line)).encode() + b"\n")
            os.fsync(self.descriptor)

    def close(self) -> None:
        os.close(self.descriptor)


def read_access_logs(folder: Path) -> Iterator[Acknowledged]:
    """Every whole line of every log; what a kill tore was told to nobody."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    row = json.loads(line)
                except ValueError:
                    continue
                yield Acknowledged(row["at"], row["rater"], row["assignment"], tuple(row["values"]))
