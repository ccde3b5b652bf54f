"""What the filters look at, read from the database in chunks of people: about 200 bytes a conversation are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.errors import RunError
from pipeline.domain.people.languages import language_code
from pipeline.domain.people.openings import BANDS, Signatures, signatures_of
from pipeline.domain.people.parameters import PeopleParameters
from pipeline.models import Conversation, Corpus, Person

Notice = Callable[[str], None]

PEOPLE_AT_ONCE = 500
ROWS_AT_ONCE = 250  # conversations whose turns are in memory
NOTICE_EVERY = 50_000  # conversations


@dataclass(frozen=True)
class Conversations:
    """One row for each conversation of a corpus; a person's stand together.

    ``rank`` is their order by (person, position in the source) with people ordered by a hash of their source id: the
    same in every copy of the database, whatever its keys.
    """

    person: NDArray[np.int32]  # place in person_keys
    key: NDArray[np.int64]
    content: NDArray[np.uint64]  # the first bytes of the sha256 of its turns
    turns: NDArray[np.int32]  # as PeopleParameters.turns_counted has it
    language: NDArray[np.bool_]  # whether it is the one asked for
    toxic: NDArray[np.bool_]
    redacted: NDArray[np.bool_]
    opening: Signatures
    comparable: NDArray[np.bool_]  # whether the opening is long enough to be compared
    rank: NDArray[np.int64]
    person_keys: NDArray[np.int64]
    import_runs: frozenset[int]

    def __len__(self) -> int:
        return len(self.person)


class _Row(NamedTuple):
    person_id: int
    pk: int
    run_id: int
    sha256: str
    language: str
    toxic: bool | None
    redacted: bool | None
    turns: list[dict[str, Any]]


def read_conversations(corpus: Corpus, parameters: PeopleParameters, notice: Notice) -> Conversations:
    """Every conversation of the corpus that stands when it begins. Reads only, and holds no transaction open.

    Raises RunError where conversations come in meanwhile: what passes the filters depends on all of them.
    """
    n = Conversation.objects.filter(person__corpus=corpus).count()
    table = _empty(n)
    people: list[int] = []
    hashes: list[int] = []
    runs: set[int] = set()
    done = 0
    for chunk in _chunks_of_people(corpus):
        places = {}
        for key, source_id in chunk:
            places[key] = len(people)
            people.append(key)
            hashes.append(stable_hash(source_id))
        for rows in _rows_of(places):
            if done + len(rows) > n:
                raise RunError(f"conversations came into corpus {corpus.slug!r} while it was read: let the import end")
            _fill(table, slice(done, done + len(rows)), rows, places, parameters)
            runs.update(row.run_id for row in rows)
            if done // NOTICE_EVERY < (done + len(rows)) // NOTICE_EVERY:
                notice(f"read {done + len(rows):,} of {n:,} conversations")
            done += len(rows)
    table = {name: column[:done] for name, column in table.items()}
    rank = _ranks(table["person"], np.array(hashes, dtype=np.uint64))
    keys = np.array(people, dtype=np.int64)
    return Conversations(**table, rank=rank, person_keys=keys, import_runs=frozenset(runs))


def stable_hash(source_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(source_id.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def opening_of(turns: Sequence[dict[str, Any]]) -> str:
    """The first thing that the person says; "" where they say nothing."""
    return next((str(turn["content"]) for turn in turns if turn["role"] == "user"), "")


def turns_of(turns: Sequence[dict[str, Any]], counted: str) -> int:
    roles = ("user",) if counted == "rounds" else ("user", "assistant")
    return sum(turn["role"] in roles for turn in turns)


def _empty(n: int) -> dict[str, Any]:
    """Columns that take memory only where they are written."""
    columns: dict[str, Any] = {
        "person": np.int32,
        "key": np.int64,
        "content": np.uint64,
        "turns": np.int32,
        "language": np.bool_,
        "toxic": np.bool_,
        "redacted": np.bool_,
        "comparable": np.bool_,
    }
    return {name: np.zeros(n, dtype) for name, dtype in columns.items()} | {"opening": np.zeros((n, BANDS), np.uint64)}


def _chunks_of_people(corpus: Corpus) -> Iterator[list[tuple[int, str]]]:
    """By their keys, so that no cursor is held open over the whole corpus (PostgreSQL would keep a copy of it)."""
    last = 0
    people = Person.objects.filter(corpus=corpus).order_by("pk").values_list("pk", "source_id")
    while chunk := list(people.filter(pk__gt=last)[:PEOPLE_AT_ONCE]):
        yield chunk
        last = chunk[-1][0]


def _rows_of(people: dict[int, int]) -> Iterator[list[_Row]]:
    rows = Conversation.objects.filter(person__in=people).order_by("person_id", "position", "pk")
    stream = rows.values_list(*_Row._fields).iterator(chunk_size=ROWS_AT_ONCE)
    named = (_Row(*row) for row in stream)
    while batch := list(islice(named, ROWS_AT_ONCE)):
        yield batch


def _fill(
    table: dict[str, Any], at: slice, rows: Sequence[_Row], places: dict[int, int], parameters: PeopleParameters
) -> None:
    wanted = language_code(parameters.language)
    table["person"][at] = [places[row.person_id] for row in rows]
    table["key"][at] = [row.pk for row in rows]
    table["content"][at] = [int(row.sha256[:16], 16) for row in rows]
    table["turns"][at] = [turns_of(row.turns, parameters.turns_counted) for row in rows]
    table["language"][at] = [not wanted or language_code(row.language) == wanted for row in rows]
    table["toxic"][at] = [row.toxic is True for row in rows]
    table["redacted"][at] = [row.redacted is True for row in rows]
    table["opening"][at], table["comparable"][at] = signatures_of([opening_of(row.turns) for row in rows])


def _ranks(person: NDArray[np.int32], hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Rows stand by (person, position): a stable sort by the person's hash alone keeps the positions."""
    order = np.argsort(hashes[person], kind="stable")
    rank = np.empty(len(person), dtype=np.int64)
    rank[order] = np.arange(len(person))
    return rank
