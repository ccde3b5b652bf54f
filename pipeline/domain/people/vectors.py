"""One vector for each person: the mean direction of the openings of their conversations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from pipeline.backends.base import BackendUnusable, FinalError
from pipeline.backends.embedders import Embedder
from pipeline.domain.errors import RunError
from pipeline.domain.people.reading import Notice, opening_of
from pipeline.domain.people.stash import Part, Stash
from pipeline.models import Conversation

PEOPLE_AT_ONCE = 32
NOTICE_EVERY = 10  # times so many people
OPENING_CHARACTERS = 1000  # an embedder reads a few hundred tokens, whatever it is given


@dataclass(frozen=True)
class Eligible:
    """A person who passed the filters, and what is left of their conversations, in the order of the source."""

    person: int
    source_id: str
    conversations: tuple[int, ...]
    turns: int
    material: str  # hash of what their conversations say


@dataclass(frozen=True)
class PeopleVectors:
    """A row for each person, unit length, or zeros where none of their openings has a direction."""

    rows: NDArray[np.float32]
    n_openings: int


def vectors_of(
    people: Sequence[Eligible], embedder: Embedder, at_most: int, stash: Stash, notice: Notice
) -> PeopleVectors:
    """Asks the embedder, outside any transaction, for what is not in the stash. ``at_most`` openings of each person,
    their first ones. Raises RunError where the embedder cannot be used, or gives what is no vector.
    """
    parts: list[Part] = []
    done = 0
    for number, chunk in enumerate(_chunks(people, PEOPLE_AT_ONCE)):
        part = stash.read(number, len(chunk))
        if part is None:
            part = _part_of(chunk, embedder, at_most)
            stash.write(number, part)
        parts.append(part)
        done += len(chunk)
        if done == len(people) or not (number + 1) % NOTICE_EVERY:
            notice(f"embedded the openings of {done:,} of {len(people):,} people")
    widths = sorted({part.shape[1] for part in parts} - {1})  # people who say nothing have no width of their own
    if len(widths) > 1:
        stash.clear()
        raise RunError(f"the embedder gave vectors of several lengths: {', '.join(str(n - 1) for n in widths)}")
    return _joined(parts, max(widths, default=1))


def _part_of(people: Sequence[Eligible], embedder: Embedder, at_most: int) -> Part:
    openings = _openings(people, at_most)
    counts = [len(texts) for texts in openings]
    units = _unit_vectors(embedder, [text for texts in openings for text in texts])
    rows = [_direction(part) for part in np.split(units, np.cumsum(counts)[:-1])]
    return np.column_stack((np.array(counts, np.float32), np.array(rows, np.float32)))


def _joined(parts: Sequence[Part], width: int) -> PeopleVectors:
    rows = np.zeros((sum(map(len, parts)), width - 1), np.float32)
    place = 0
    for part in parts:
        rows[place : place + len(part), : part.shape[1] - 1] = part[:, 1:]
        place += len(part)
    return PeopleVectors(rows, int(sum(part[:, 0].sum() for part in parts)))


def _chunks(people: Sequence[Eligible], size: int) -> Iterator[list[Eligible]]:
    rest = iter(people)
    while chunk := list(islice(rest, size)):
        yield chunk


def _openings(people: Sequence[Eligible], at_most: int) -> list[list[str]]:
    """Of each person those that are not empty."""
    wanted = [key for person in people for key in person.conversations[:at_most]]
    rows = Conversation.objects.filter(pk__in=wanted).values_list("pk", "turns").iterator()
    said = {key: opening_of(turns).strip()[:OPENING_CHARACTERS] for key, turns in rows}
    return [[said[key] for key in person.conversations[:at_most] if said[key]] for person in people]


def _unit_vectors(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """One row per text; a vector of zeros stays one."""
    if not texts:
        return np.zeros((0, 0), np.float32)
    try:
        vectors = embedder.embed(texts)
    except (FinalError, BackendUnusable) as error:
        raise RunError(f"the openings cannot be embedded: {error}") from error
    if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) != 1:
        raise RunError(f"the embedder gave {len(vectors)} vectors for {len(texts)} openings, or of several lengths")
    matrix = np.asarray(vectors, np.float64)
    if not np.isfinite(matrix).all():
        wrong = texts[int(np.argmin(np.isfinite(matrix).all(axis=1)))]
        raise RunError(f"the embedder gave a vector that is not a number, for this opening: {wrong[:80]!r}")
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    units = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    return np.asarray(units, np.float32)


def _direction(units: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean direction; zeros where it is undefined, since the vectors are zeros or point against each other."""
    total = units.sum(axis=0)
    length = float(np.linalg.norm(total))
    return total / np.float32(length) if length > 1e-6 else np.zeros_like(total)
