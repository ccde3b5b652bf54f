from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from pipeline.sources.records import PersonRef
from tests.pipeline.sources.trying import conversations, corpora, jsonl, left_out, problems, said


def turn(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "content": content, "language": "English", "toxic": False, "turn_identifier": 1}


def chat(name: str = "h1", person: str | None = "ip1", **changes: Any) -> dict[str, Any]:
    record = {
        "conversation_hash": name,
        "model": "gpt-4-0314",
        "timestamp": "2023-04-09T02:02:53+02:00",
        "conversation": [turn("user", "Hello"), turn("assistant", "Hi")],
        "turn": 1,
        "language": "English",
        "toxic": False,
        "redacted": True,
        "hashed_ip": person,
    }
    return record | changes


def test_wildchat_sample_is_read_whole_and_in_order(study_data: Path) -> None:
    path = study_data / "wildchat" / "wildchat1m_layout_converted.jsonl"
    raw = [json.loads(line) for line in path.read_text().splitlines()]
    found = conversations("wildchat", path)
    assert len(found) == 129
    assert len({record.person for record in found}) == 20
    assert [(record.source_id, record.person.source_id) for record in found] == [
        (row["conversation_hash"], row["hashed_ip"]) for row in raw
    ]
    assert [said(record) for record in found] == [[(t["role"], t["content"]) for t in r["conversation"]] for r in raw]
    assert Counter(record.model_name for record in found) == Counter(row["model"] for row in raw)
    assert [record.started_at for record in found] == [datetime.fromisoformat(row["timestamp"]) for row in raw]
    assert {(record.language, record.toxic, record.redacted) for record in found} == {("English", False, False)}
    for person in {record.person for record in found}:
        places = [record.position for record in found if record.person == person]
        assert places == list(range(len(places)))


def test_wildchat_keeps_model_time_language_and_marks(tmp_path: Path) -> None:
    (record,) = conversations("wildchat", jsonl(tmp_path / "a.jsonl", [chat(toxic=True)]))
    assert record.person == PersonRef("wildchat", "ip1")
    assert (record.source_id, record.model_name, record.language) == ("h1", "gpt-4-0314", "English")
    assert (record.toxic, record.redacted) == (True, True)
    assert record.started_at == datetime(2023, 4, 9, 0, 2, 53, tzinfo=UTC)
    (corpus,) = corpora("wildchat", tmp_path / "a.jsonl")
    assert (corpus.slug, corpus.licence, corpus.source_format) == ("wildchat", "ODC-BY 1.0", "wildchat")


def test_wildchat_of_ones_own_may_be_called_otherwise(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", [chat(toxic=True, redacted=False)])
    (corpus,) = corpora("wildchat", path, kinds={"ours": "synthetic"}, corpus="ours", licence="CC0")
    assert (corpus.slug, corpus.title, corpus.kind, corpus.licence) == ("ours", "ours", "synthetic", "CC0")
    (record,) = conversations("wildchat", path, corpus="ours")
    assert (record.person.corpus, record.toxic, record.redacted) == ("ours", True, False)


def test_wildchat_of_the_first_release_has_a_person_per_conversation(tmp_path: Path) -> None:
    rows = [chat(conversation_id=name) for name in ("c1", "c2")]
    for row in rows:
        del row["hashed_ip"], row["conversation_hash"]
    found = conversations("wildchat", jsonl(tmp_path / "a.jsonl", rows))
    assert [(record.person.source_id, record.source_id, record.position) for record in found] == [
        ("c1", "c1", 0),
        ("c2", "c2", 0),
    ]
    (reason,) = left_out("wildchat", tmp_path / "a.jsonl")
    assert reason.startswith("ids of people (this source knows none")


def test_wildchat_of_the_hub_is_read_from_parquet(tmp_path: Path) -> None:
    rows = [chat(f"h{i}", f"ip{i % 2}", timestamp=datetime(2024, 1, 1 + i, tzinfo=UTC)) for i in range(4)]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "train-00000-of-00014.parquet")
    found = conversations("wildchat", tmp_path)
    assert [(record.source_id, record.position) for record in found] == [("h0", 0), ("h1", 0), ("h2", 1), ("h3", 1)]
    assert found[3].started_at == datetime(2024, 1, 4, tzinfo=UTC)
    assert said(found[0]) == [("user", "Hello"), ("assistant", "Hi")]


def test_wildchat_takes_the_lists_of_conversations_of_the_study(tmp_path: Path) -> None:
    row = chat(conversation_hash=["a", "b"], conversation=[[turn("user", "One")], [turn("user", "Two")]])
    found = conversations("wildchat", jsonl(tmp_path / "a.jsonl.gz", [row, chat("c")]))
    assert [(record.source_id, record.position, said(record)[0][1]) for record in found] == [
        ("a", 0, "One"),
        ("b", 1, "Two"),
        ("c", 2, "Hello"),
    ]


def test_wildchat_counts_a_conversation_without_turns(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", [chat(conversation=[]), chat("h2")])
    assert left_out("wildchat", path) == {"conversations without a turn": 1}
    assert [record.position for record in conversations("wildchat", path)] == [1]


LONE = {"role": "user", "content": "\ud83c cut"}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no id": ({"conversation_hash": None}, "conversation_id: missing; the record has"),
    "blank id": ({"conversation_hash": " "}, "conversation_hash: not a name of 1 to 200 characters (' ') - write"),
    "NUL in a person": (
        {"hashed_ip": "a\x00"},
        r"hashed_ip: holds a NUL character, which no database keeps",
    ),
    "no turns": ({"conversation": None}, "conversation: expected a list, found null (None) - write it in [ ]"),
    "a text for turns": ({"conversation": "Hi"}, "conversation: expected a list, found a text ('Hi')"),
    "a turn that is a text": ({"conversation": ["Hi"]}, "conversation[0]: expected an object, found a text ('Hi')"),
    "another role": (
        {"conversation": [turn("user", "a"), turn("narrator", "b")]},
        "conversation[1].role: unknown role ('narrator') - use one of user, assistant, system",
    ),
    "role that is a list": ({"conversation": [{"role": [], "content": ""}]}, "conversation[0].role: expected a text"),
    "no content": ({"conversation": [{"role": "user"}]}, "conversation[0].content: missing; the record has role"),
    "content null": ({"conversation": [turn("user", "a") | {"content": None}]}, "conversation[0].content: expected a"),
    "NUL": (
        {"conversation": [turn("user", "fig\x00tree")]},
        r"conversation[0].content: holds a NUL character, which no",
    ),
    "half a character": (
        {"conversation": [LONE]},
        r"conversation[0].content: holds half a character",
    ),
    "toxic in words": ({"toxic": "no"}, "toxic: expected true or false, found a text ('no') - write true or false"),
    "time in words": ({"timestamp": "yesterday"}, "timestamp: not a time ('yesterday') - write it like 2026-04-07T11"),
    "time beyond all": ({"timestamp": 1e300}, "timestamp: not a time (1e+300)"),
    "long language": ({"language": "x" * 33}, "language: longer than 32 characters ("),
    "ids for other chats": (
        {"conversation": [[turn("user", "a")]], "conversation_hash": ["a", "b"]},
        "conversation_hash: 2 ids for 1 conversations (['a', 'b']) - give one id for each conversation",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_wildchat_bad_record_names_field_value_and_remedy(tmp_path: Path, case: str) -> None:
    changes, message = BAD[case]
    (found,) = problems("wildchat", jsonl(tmp_path / "a.jsonl", [chat("h0"), chat(**changes)]))
    assert found.startswith(f"a.jsonl:2: {message}")
    assert " - " in found


def test_wrong_layout_is_said_once_and_not_a_million_times(tmp_path: Path) -> None:
    found = problems("wildchat", jsonl(tmp_path / "a.jsonl", [{"n": i} for i in range(1000)]))
    assert len(found) == 101
    assert found[-1].startswith("a.jsonl: none of the first 100 records is a good one of wildchat; what")
