"""Near duplicates among the first things that people say, in time that grows with n log n and 128 bytes an opening.

MinHash (Broder 1997) over five-character shingles, 64 hashes of which 16 bits are kept (Li and König 2010), cut into 16
bands: openings that share a band are compared, with their neighbour and with the first in the band, never all with all.
Whatever is alike by the estimate of their Jaccard similarity is one group, and so is what is alike to it in turn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

HASHES, BANDS = 64, 16
SHINGLE = 5
LONGEST = 300  # code points of the normalised opening that count
SHORTEST = 30  # below it an opening ("hello", "continue") is like nothing else: greetings are no script
AT_ONCE = 1 << 16  # pairs compared in one go
_RAW = 1200  # code points read before normalising

Signatures = NDArray[np.uint64]  # (n, BANDS), each a band of four 16-bit hashes

_LOTS = np.random.default_rng(20240607)  # fixed: signatures must be the same everywhere
_FACTORS = _LOTS.integers(0, 1 << 31, HASHES, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
_OFFSETS = _LOTS.integers(0, 1 << 32, HASHES, dtype=np.uint32)
_DIGITS, _GAPS = re.compile(r"\d+"), re.compile(r"[\W_]+")


def normalised(opening: str) -> str:
    """Small letters, one space for whatever is no letter, every number the same; the first LONGEST code points.

    Lone surrogates are no letters, so what comes of it can be encoded.
    """
    return _GAPS.sub(" ", _DIGITS.sub("0", opening[:_RAW].casefold())).strip()[:LONGEST]


def signatures_of(openings: Sequence[str]) -> tuple[Signatures, NDArray[np.bool_]]:
    """A row for each opening, and whether it is long enough to be compared (else its row is zeros)."""
    texts = [normalised(opening) for opening in openings]
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    usable = lengths >= SHORTEST
    result = np.zeros((len(texts), BANDS), dtype=np.uint64)
    if usable.any():
        codes = "".join(text for text, good in zip(texts, usable, strict=True) if good)
        result[usable] = _minhash(codes, lengths[usable])
    return result, usable


def _minhash(joined: str, lengths: NDArray[np.int64]) -> Signatures:
    """Signatures of the texts that stand one after the other in ``joined``."""
    codes = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32)
    ends = np.cumsum(lengths)
    within = np.ones(len(codes), dtype=bool)
    for back in range(1, SHINGLE):
        within[ends - back] = False  # a shingle that starts here would reach into the next text
    shingles = np.zeros(len(codes), dtype=np.uint32)
    for place in range(SHINGLE):
        shingles = shingles * np.uint32(0x01000193) + np.roll(codes, -place)
    shingles = _mixed(shingles[within])
    starts = np.concatenate(([0], np.cumsum(lengths - (SHINGLE - 1))[:-1]))
    least = np.empty((len(lengths), HASHES), dtype=np.uint16)
    for number in range(HASHES):
        hashes = shingles * _FACTORS[number] + _OFFSETS[number]
        least[:, number] = np.minimum.reduceat(hashes, starts).astype(np.uint16)
    return least.view(np.uint64)


def _mixed(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """murmur3's finalizer: neighbours become strangers."""
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def similarity(left: Signatures, right: Signatures) -> NDArray[np.float64]:
    """The estimated Jaccard similarity of each row of ``left`` with that row of ``right`` (standard error to 0.07)."""
    equal = left.view(np.uint16) == right.view(np.uint16)
    return np.asarray(equal.mean(axis=1))


def groups_alike(
    signatures: Signatures, rows: NDArray[np.intp], rank: NDArray[np.int64], threshold: float
) -> NDArray[np.int32]:
    """A number for each of ``rows``, the same for rows that are near duplicates of each other.

    ``rank`` (of every row) gives an order that does not depend on the database, since which pairs of a crowded band are
    compared depends on the order. Two openings of similarity 0.7 share a band in 99 of 100 cases.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(rows)
    groups = np.arange(n, dtype=np.int32)
    for band in range(BANDS if n else 0):
        left, right = _pairs(signatures[rows, band], rank[rows])
        apart = groups[left] != groups[right]
        left, right = left[apart], right[apart]
        near = _near(signatures, rows[left], rows[right], threshold)
        ends = np.concatenate((np.arange(n), left[near]))
        others = np.concatenate((groups, right[near]))  # a row belongs to the row that its group is called by
        graph = coo_array((np.ones(len(ends), dtype=np.int8), (ends, others)), shape=(n, n))
        groups = _named_by_a_member(connected_components(graph, directed=False)[1])
    return groups


def _pairs(keys: NDArray[np.uint64], rank: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows with the same key, each beside the one before it and beside the first of them."""
    order = np.lexsort((rank, keys))
    same = keys[order][1:] == keys[order][:-1]
    first = np.concatenate(([True], ~same))
    leader = order[np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))]
    before, here, leader = order[:-1][same], order[1:][same], leader[1:][same]
    further = leader != before
    return np.concatenate((before, leader[further])), np.concatenate((here, here[further]))


def _near(
    signatures: Signatures, left: NDArray[np.intp], right: NDArray[np.intp], threshold: float
) -> NDArray[np.bool_]:
    near = np.zeros(len(left), dtype=bool)
    for start in range(0, len(left), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        near[part] = similarity(signatures[left[part]], signatures[right[part]]) >= threshold
    return near


def _named_by_a_member(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    _, first = np.unique(labels, return_index=True)
    return first.astype(np.int32)[labels]
