"""Database keys of people, who come again with each of their conversations: asked for and made as seldom as can be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection

from pipeline.domain.bulk import BulkInserts
from pipeline.models import Person
from studies.tokens import new_tokens

AHEAD = 5  # times as many keys as are needed now
REMEMBERED = 250_000  # people, some 80 bytes each beside their names
RESERVED = """
SELECT nextval(pg_get_serial_sequence('pipeline_person', 'id')) FROM generate_series(1, %s)
"""


class PersonKeys:
    """Keys by corpus and source id. Where an import made the corpus, whoever it does not remember is new, as long as it
    has forgotten nobody: then nothing has to be asked.
    """

    def __init__(self, inserts: BulkInserts) -> None:
        self._inserts = inserts
        self._keys: dict[str, dict[str, int]] = defaultdict(dict)  # by slug
        self._whole: set[str] = set()  # slugs of corpora of which everybody is remembered
        self._reserved: list[int] = []
        self._made = 0

    def nobody_stands_in(self, slug: str) -> None:
        self._whole.add(slug)

    def keys(self, corpus: int, slug: str, names: Sequence[str]) -> tuple[dict[str, int], list[str]]:
        """The keys of these people, and the names of those among them who are new and made here."""
        self._forget_if_many()
        keys = self._keys[slug]
        unknown = [name for name in names if name not in keys]
        if unknown and slug not in self._whole:
            self._inserts.settle()
            keys |= standing_keys(corpus, unknown)
            unknown = [name for name in unknown if name not in keys]
        if unknown:
            keys |= self._make(corpus, unknown)
        return {name: keys[name] for name in names}, unknown

    def _forget_if_many(self) -> None:
        if sum(map(len, self._keys.values())) > REMEMBERED:
            self._keys.clear()
            self._whole.clear()

    def _make(self, corpus: int, names: Sequence[str]) -> dict[str, int]:
        columns, tokens = ("corpus_id", "public_id", "source_id"), new_tokens(len(names))
        if connection.vendor != "postgresql":
            rows = ((corpus, token, name) for token, name in zip(tokens, names, strict=True))
            self._inserts.insert(Person, columns, rows)
            return standing_keys(corpus, names)
        keys = self._reserve(len(names))
        new = zip(keys, tokens, names, strict=True)
        self._inserts.insert(Person, ("id", *columns), ((key, corpus, token, name) for key, token, name in new))
        return dict(zip(names, keys, strict=True))

    def _reserve(self, count: int) -> list[int]:
        """Keys that nobody else gets; with more for later, because asking for them waits for what is on its way."""
        if len(self._reserved) < count:
            self._inserts.settle()
            with connection.cursor() as cursor:
                cursor.execute(RESERVED, [max(AHEAD * count, self._made)])
                self._reserved += [key for (key,) in cursor]
        self._made += count
        taken, self._reserved = self._reserved[:count], self._reserved[count:]
        return taken


def standing_keys(corpus: int, names: Sequence[str]) -> dict[str, int]:
    """Of those who stand in the corpus of this key."""
    return dict(Person.objects.filter(corpus=corpus, source_id__in=names).values_list("source_id", "pk"))
