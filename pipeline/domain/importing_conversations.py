"""Importing conversations, which come by the million: one look-up and one COPY a batch, nothing kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import connection

from pipeline.domain.bulk import Prepared, prepared
from pipeline.domain.importing import Importer
from pipeline.models import Conversation
from pipeline.sources.base import Located
from pipeline.sources.records import ConversationRecord, PersonRef, Turn
from studies.tokens import new_tokens

COLUMNS: tuple[str, ...] = (
    "public_id",
    "person_id",
    "source_id",
    "position",
    "turns",
    "n_turns",
    "toxic",
    "redacted",
    "language",
)
COLUMNS += ("model_name", "started_at", "sha256")
WANTED = {
    "postgresql": "SELECT * FROM unnest(%s::bigint[], %s::text[], %s::int[]) AS w(person, name, place)",
    "sqlite": "SELECT value ->> 0 AS person, value ->> 1 AS name, value ->> 2 AS place FROM json_each(%s)",
}
# Scalar sub-selects are look-ups by index whatever the planner takes the table for, which fills as we go.
STANDING = """
SELECT person, name, place,
    (SELECT sha256 FROM pipeline_conversation WHERE person_id = person AND source_id = name),
    (SELECT source_id FROM pipeline_conversation WHERE person_id = person AND position = place LIMIT 1)
FROM ({}) AS wanted
"""


@dataclass
class Standing:
    """What stands of the conversations asked about: checksums by person and id, ids by person and place."""

    digests: dict[tuple[int, str], str] = field(default_factory=dict)
    names: dict[tuple[int, int], str] = field(default_factory=dict)

    def add(self, person: int, name: str, position: int, digest: str) -> None:
        self.digests[person, name] = digest
        self.names[person, position] = name


def write_conversations(importer: Importer, entries: Sequence[Located[ConversationRecord]]) -> None:
    """Known by person and id. One that stands with another content, or whose place is taken, is a Problem.

    The batch before may still be on its way into the database while this one's rows are made ready.
    """
    people, made = importer.person_keys(entry.record.person for entry in entries)
    tokens = new_tokens(len(entries))
    ready = [_row(entry.record, people, token) for entry, token in zip(entries, tokens, strict=True)]
    old = (entry.record for entry in entries if entry.record.person not in made)  # of the others nothing can stand
    standing = _standing(importer, [(people[record.person], record.source_id, record.position) for record in old])
    new: list[Prepared] = []
    for entry, token, (row, digest) in zip(entries, tokens, ready, strict=True):
        record, person = entry.record, people[entry.record.person]
        if (known := standing.digests.get((person, record.source_id))) is not None:
            if known != digest:
                what = "a conversation of this id stands already with other content"
                remedy = "give it an id of its own, or import it into another study"
                importer.problem(entry.at, record.id_field, what, remedy, record.source_id)
            continue
        if (other := standing.names.get((person, record.position))) is not None:
            what = f"{other!r} stands already as conversation {record.position} of {record.person.source_id!r}"
            importer.problem(entry.at, record.id_field, what, "keep the file's order", record.source_id)
            continue
        standing.add(person, record.source_id, record.position, digest)
        importer.tallies[record.person.corpus].add(record, token)
        new.append(row)
    if new:
        run = importer.import_run()
        importer.inserts.add(Conversation, COLUMNS, new, {"run_id": run.pk})
        importer.add_rows(run, len(new))
    importer.report.count("conversations", len(new), len(entries) - len(new))


def _row(record: ConversationRecord, people: Mapping[PersonRef, int], token: str) -> tuple[Prepared, str]:
    """What goes into COLUMNS, and the checksum in it."""
    turns = turns_json(record.turns)
    digest = hashlib.sha256(turns).hexdigest()
    named = (token, people[record.person], record.source_id, record.position)
    said = (turns, len(record.turns), record.toxic, record.redacted, record.language, record.model_name)
    return prepared((*named, *said, record.started_at, digest)), digest


def turns_json(turns: Sequence[Turn]) -> bytes:
    """Turns as they are stored, and as their checksum is taken: exactly what ``json.dumps(turns, ensure_ascii=False,
    sort_keys=True)`` writes, at a fifth of its cost.
    """
    parts = (b'{"content": %b, "role": %b}' % (orjson.dumps(turn.content), orjson.dumps(turn.role)) for turn in turns)
    return b"[%b]" % b", ".join(parts)


def _standing(importer: Importer, asked: Sequence[tuple[int, str, int]]) -> Standing:
    """What stands of these ids and places of people, however many conversations they have."""
    found = Standing()
    if not asked:
        return found
    importer.inserts.settle()
    if connection.vendor == "postgresql":
        values: list[Any] = [list(column) for column in zip(*asked, strict=True)]
    else:
        values = [json.dumps(asked)]
    with connection.cursor() as cursor:
        cursor.execute(STANDING.format(WANTED[connection.vendor]), values)
        for person, name, place, digest, other in cursor:
            if digest is not None:
                found.digests[person, name] = digest
            if other is not None:
                found.names[person, place] = other
    return found
