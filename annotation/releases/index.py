"""Which ids a release holds and which it refers to, on disk: checking references needs no memory that grows.

An id is its kind and its text, hashed to 64 bits. Two ids of one hash would let a reference to nothing pass: among the
10^7 of a large release, once in a million broken references.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
AT_ONCE = 2**18  # hashes in memory, of each side
MOST = 10_000  # missing ones that are told


class Reference(NamedTuple):
    """``key`` of ``kind`` must be somewhere in the release; ``place`` says who says so."""

    kind: str
    key: str
    place: str


class Index:
    """Two private files that vanish with the block. Keys and references may come in any order, and repeatedly."""

    def __enter__(self) -> Index:
        self._known: IO[bytes] = TemporaryFile()
        self._wanted: IO[bytes] = TemporaryFile()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._known.close()
        self._wanted.close()

    def know(self, hashes: Iterable[Hashes]) -> None:
        for each in hashes:
            self._known.write(each.tobytes())

    def want(self, hashes: Iterable[Hashes]) -> None:
        for each in hashes:
            self._wanted.write(each.tobytes())

    def missing(self) -> set[int]:
        """Hashes of references to nothing, some thousands of them at most. Reads both files once for each part of the
        known ones that memory holds."""
        size = np.dtype(np.uint64).itemsize
        parts = np.uint64(max(1, -(-self._known.seek(0, 2) // (AT_ONCE * size))))
        found: set[int] = set()
        for part in range(int(parts)):
            known = np.concatenate([each[each % parts == part] for each in _read(self._known)])
            known.sort()
            for each in _read(self._wanted):
                wanted = each[each % parts == part]
                found.update(wanted[~_among(wanted, known)][:MOST].tolist())
                if len(found) >= MOST:
                    return found
        return found


def _read(file: IO[bytes]) -> Iterator[Hashes]:
    file.seek(0)
    yield np.empty(0, np.uint64)
    while piece := file.read(AT_ONCE * np.dtype(np.uint64).itemsize):
        yield np.frombuffer(piece, np.uint64)


def _among(wanted: Hashes, known: Hashes) -> NDArray[np.bool_]:
    """Which of ``wanted`` are in ``known``, which is sorted."""
    if not known.size:
        return np.zeros(wanted.size, np.bool_)
    places = np.minimum(np.searchsorted(known, wanted), known.size - 1)
    found: NDArray[np.bool_] = known[places] == wanted
    return found
