from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.sources import SOURCES
from pipeline.sources.base import Problem, ReadOptions
from pipeline.sources.recognising import Recognised, recognise
from tests.pipeline.sources import study_files
from tests.pipeline.sources.trying import jsonl

TURNS = [{"role": "user", "content": "Hello"}]
FIRST: dict[str, tuple[str, dict[str, Any] | str]] = {
    "wildchat": ("wildchat", {"conversation": TURNS, "conversation_hash": "h", "hashed_ip": "p", "model": "m"}),
    "wildchat 650k": (
        "wildchat",
        {"conversation": TURNS, "conversation_id": "c", "model": "m", "timestamp": "", "toxic": False},
    ),
    "lmsys": ("lmsys", {"conversation": TURNS, "conversation_id": "c", "model": "m", "redacted": False}),
    "prism": ("prism", {"conversation_id": "c", "user_id": "u", "conversation_history": []}),
    "sharegpt": ("sharegpt", {"conversations": [{"from": "human", "value": "Hello"}]}),
    "openai": ("openai_messages", {"messages": TURNS}),
    "oasst": ("oasst", {"message_tree_id": "t", "prompt": {"text": "Hello"}}),
    "oasst flat": ("oasst", {"message_tree_id": "t", "message_id": "m", "text": "Hello", "role": "prompter"}),
    "prefeval": ("prefeval", {"preference": "p", "question": "q", "explanation": "e"}),
    "cupid": ("cupid", {"persona_id": "p", "prior_interactions": [], "current_request": "r"}),
    "personalens tasks": ("personalens", {"Task Number": 1, "User Intent": "Go."}),
    "personalens profile": ("personalens", {"demographics": {}, "affinities": {}}),
    "alpaca": ("prompts", {"instruction": "Go.", "input": "", "output": "Gone.", "history": []}),
    "LIMA": ("prompts", {"conversations": ["Why?", "So."], "source": "x"}),
    "prompts": ("prompts", {"prompt_id": "1", "prompt": "Why?", "n_turns": 1}),
    "texts": ("prompts", "Why?"),
}


@pytest.mark.parametrize("case", FIRST)
def test_format_is_recognised_by_the_first_records_and_said(tmp_path: Path, case: str) -> None:
    source, record = FIRST[case]
    found = recognise(jsonl(tmp_path / "data.JSONL.gz", [record]))
    assert isinstance(found, Recognised), str(found)
    assert (found.source, bool(found.why)) == (source, True)
    in_folder = recognise(tmp_path)
    assert isinstance(in_folder, Recognised)
    assert in_folder.why == f"data.JSONL.gz: {found.why}"


def test_study_is_recognised_by_names_before_fields(tmp_path: Path) -> None:
    study_files.write(tmp_path, study_files.study())
    assert recognise(tmp_path).source == "study"
    row = study_files.chat("p", "c", "Hello")
    assert recognise(jsonl(tmp_path / "a" / "cupid_personas.jsonl", [row])).source == "study"
    assert recognise(jsonl(tmp_path / "b" / "filtered.jsonl", [row])).source == "wildchat"


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("study", "study"),
        ("personas", "study"),
        ("wildchat", "wildchat"),
        ("sharegpt", "sharegpt"),
        ("openai_messages", "openai_messages"),
        ("oasst", "oasst"),
        ("lima", "prompts"),
        ("prefeval", "prefeval"),
        ("personalens", "personalens"),
    ],
)
def test_every_sample_is_recognised(study_data: Path, name: str, source: str) -> None:
    found = recognise(study_data / name)
    assert isinstance(found, Recognised), str(found)
    assert found.source == source
    for file in sorted((study_data / name).rglob("*.json*"))[:20]:
        if name != "study":
            assert recognise(file).source == source


def test_unknown_layout_lists_what_was_seen_and_the_formats(tmp_path: Path) -> None:
    jsonl(tmp_path / "a.jsonl", [{"x": 1, "y": 2}])
    (tmp_path / "b.json").write_text("[1, 2]")
    (tmp_path / "notes.md").write_text("no data")
    found = recognise(tmp_path)
    assert isinstance(found, Problem)
    assert str(found).endswith(
        f"no known format: there is a.jsonl (fields x, y), b.json (no objects with fields)"
        f" - say which format it is with --format: {', '.join(SOURCES)}"
    )


def test_more_than_one_format_is_said_and_not_guessed(tmp_path: Path) -> None:
    jsonl(tmp_path / "a.jsonl", [FIRST["openai"][1]])
    jsonl(tmp_path / "b.jsonl", [FIRST["sharegpt"][1]])
    found = recognise(tmp_path)
    assert isinstance(found, Problem)
    assert "more than one format is here: openai_messages (a.jsonl: each record has messages" in str(found)
    assert "sharegpt (b.jsonl: " in str(found)
    assert "--format" in str(found)


def test_licence_beside_the_data_is_no_list_of_prompts(tmp_path: Path) -> None:
    jsonl(tmp_path / "a.jsonl", [FIRST["prompts"][1]])
    (tmp_path / "LICENSE.txt").write_text("Do what you like.")
    assert recognise(tmp_path).source == "prompts"
    assert recognise(tmp_path / "LICENSE.txt").source == "prompts"  # named, it is what the user says
    read = SOURCES["prompts"].read(tmp_path, ReadOptions())
    assert [item.record.text for item in read] == ["Why?"]


BROKEN = {
    "missing": (None, "there is no such file or folder - check the path"),
    "empty": (b"", "a.jsonl.gz: the file is empty"),
    "truncated": (
        gzip.compress(json.dumps({"messages": TURNS * 500}).encode())[:40],
        "the gzip data ends in the middle",
    ),
    "broken": (b'{"messages', "broken JSON"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_file_that_cannot_be_read_says_that_rather_than_its_format(tmp_path: Path, case: str) -> None:
    data, message = BROKEN[case]
    path = tmp_path / ("a.jsonl" if case == "broken" else "a.jsonl.gz")
    if data is not None:
        path.write_bytes(data)
    found = recognise(path)
    assert isinstance(found, Problem)
    assert message in str(found)


def test_folder_with_one_broken_file_is_still_recognised_and_the_file_named(tmp_path: Path) -> None:
    """Else the shard that was cut off in a download would be passed over in silence."""
    jsonl(tmp_path / "a.jsonl", [FIRST["openai"][1]])
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b"{}" * 100)[:20])
    found = recognise(tmp_path)
    assert found.source == "openai_messages"
    read = SOURCES["openai_messages"].read(tmp_path, ReadOptions({"": "human"}))
    assert [item.at.file for item in read if isinstance(item, Problem)] == ["b.jsonl.gz"]
