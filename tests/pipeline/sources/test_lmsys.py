from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.sources.records import PersonRef
from tests.pipeline.sources.trying import conversations, corpora, jsonl, left_out, problems, said

TURNS = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]


def chat(**changes: Any) -> dict[str, Any]:
    record = {"conversation_id": "c1", "model": "vicuna-13b", "conversation": TURNS, "turn": 1, "language": "Catalan"}
    return record | {"openai_moderation": [{"flagged": False}, {"flagged": False}], "redacted": True} | changes


def test_lmsys_keeps_id_model_language_and_marks(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", [chat()])
    (record,) = conversations("lmsys", path)
    assert record.person == PersonRef("lmsys", "c1")
    assert (record.model_name, record.language, record.redacted) == ("vicuna-13b", "Catalan", True)
    assert said(record) == [("user", "Hello"), ("assistant", "Hi")]
    assert corpora("lmsys", path)[0].licence == "LMSYS-Chat-1M Dataset License Agreement"
    assert sum(left_out("lmsys", path).values()) == 1  # it names no people


@pytest.mark.parametrize(
    ("moderation", "toxic"),
    [([{"flagged": False}, {"flagged": True}], True), ([{"flagged": False}], False), ([], None), (None, None)],
)
def test_lmsys_is_toxic_where_its_moderation_flags_a_turn(tmp_path: Path, moderation: Any, toxic: bool | None) -> None:
    path = jsonl(tmp_path / "a.jsonl", [chat(openai_moderation=moderation)])
    assert conversations("lmsys", path)[0].toxic is toxic


def test_lmsys_bad_flag_is_a_problem(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", [chat(openai_moderation=[{"flagged": 1}])])
    assert problems("lmsys", path) == [
        "a.jsonl:1: openai_moderation[0].flagged: expected true or false, found a number (1) - write true or false"
    ]
