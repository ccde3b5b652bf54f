"""Reading a source in a test: small files of every container, and what came of them."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.sources import SOURCES
from pipeline.sources.base import Located, NotImported, Problem, ReadOptions
from pipeline.sources.records import ConversationRecord, CorpusRecord, PromptRecord, Record

HUMAN = {"": "human"}


def jsonl(path: Path, records: Sequence[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(f"{json.dumps(record)}\n" for record in records).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def read(source: str, path: Path, **options: Any) -> list[Any]:
    return list(SOURCES[source].read(path, ReadOptions(**{"kinds": HUMAN, **options})))


def records(source: str, path: Path, **options: Any) -> list[Record]:
    """All records, where there is no problem."""
    items = read(source, path, **options)
    assert [str(item) for item in items if isinstance(item, Problem)] == []
    return [item.record for item in items if isinstance(item, Located)]


def conversations(source: str, path: Path, **options: Any) -> list[ConversationRecord]:
    return [record for record in records(source, path, **options) if isinstance(record, ConversationRecord)]


def prompts(source: str, path: Path, **options: Any) -> list[PromptRecord]:
    return [record for record in records(source, path, **options) if isinstance(record, PromptRecord)]


def corpora(source: str, path: Path, **options: Any) -> list[CorpusRecord]:
    return [record for record in records(source, path, **options) if isinstance(record, CorpusRecord)]


def problems(source: str, path: Path, **options: Any) -> list[str]:
    return [str(item) for item in read(source, path, **options) if isinstance(item, Problem)]


def left_out(source: str, path: Path, **options: Any) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for item in read(source, path, **options):
        if isinstance(item, NotImported):
            counts[item.reason] += item.count
    return dict(counts)


def said(record: ConversationRecord) -> list[tuple[str, str]]:
    return [(turn.role, turn.content) for turn in record.turns]
