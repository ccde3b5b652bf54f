from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.sources.recognising import recognise
from tests.pipeline.sources.trying import conversations, jsonl, left_out, problems, said


def raw_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_openai_messages_sample_of_texts_is_read_whole_and_in_order(study_data: Path) -> None:
    path = study_data / "openai_messages" / "kto_en_messages.jsonl"
    found, raw = conversations("openai_messages", path), raw_of(path)
    assert len(found) == len({record.source_id for record in found}) == 50
    assert [said(record) for record in found] == [[(m["role"], m["content"]) for m in row["messages"]] for row in raw]
    assert left_out("openai_messages", path)["labels that say whether an answer was wanted"] == 50


def test_openai_messages_sample_of_parts_is_read_whole_and_in_order(study_data: Path) -> None:
    path = study_data / "openai_messages" / "v1_sft_content_parts.jsonl"
    found, raw = conversations("openai_messages", path), raw_of(path)
    assert len(found) == len({record.source_id for record in found}) == 30
    wanted = [[(m["role"], "".join(part["value"] for part in m["content"])) for m in row["messages"]] for row in raw]
    assert [said(record) for record in found] == wanted


def test_openai_messages_takes_roles_parts_and_calls(tmp_path: Path) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    parts = [{"type": "text", "text": "What is "}, {"type": "image_url", "image_url": {"url": "x"}}]
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [*parts, {"type": "input_text", "text": "this?"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "Rain"},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot say."}]},
    ]
    path = jsonl(tmp_path / "a.jsonl", [{"id": "x", "user": "p1", "messages": messages, "tools": [{}], "created": 17}])
    (record,) = conversations("openai_messages", path)
    assert said(record) == [
        ("system", "Be brief."),
        ("user", "What is this?"),
        ("assistant", '[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{}"}}]'),
        ("tool", "Rain"),
        ("assistant", "I cannot say."),
    ]
    assert (record.person.source_id, record.started_at.year) == ("p1", 1970)
    assert left_out("openai_messages", path) == {
        "parts of messages that are no text (image_url)": 1,
        "lists of tools that the model was offered": 1,
    }


def test_openai_messages_preference_ends_with_the_chosen_answer(tmp_path: Path) -> None:
    row = {
        "messages": [{"role": "user", "content": "Hello"}],
        "chosen": {"role": "assistant", "content": "Hi"},
        "rejected": {"role": "assistant", "content": "What?"},
    }
    path = jsonl(tmp_path / "a.jsonl", [row])
    assert said(conversations("openai_messages", path)[0]) == [("user", "Hello"), ("assistant", "Hi")]
    assert left_out("openai_messages", path)["answers that were not chosen"] == 1
    whole = {"chosen": [*row["messages"], row["chosen"]], "rejected": [*row["messages"], row["rejected"]]}
    path = jsonl(tmp_path / "b.jsonl", [whole])
    assert said(conversations("openai_messages", path)[0]) == [("user", "Hello"), ("assistant", "Hi")]
    assert recognise(path).source == "openai_messages"


BAD: dict[str, tuple[Any, str]] = {
    "no message": ({"content": "Hi"}, "messages[0].role: missing; the record has content"),
    "another role": (
        {"role": "judge", "content": "Hi"},
        "messages[0].role: unknown role ('judge') - use one of system",
    ),
    "nothing said": (
        {"role": "user", "content": None},
        "messages[0].content: neither words nor a call of a tool",
    ),
    "number": (
        {"role": "user", "content": 5},
        "messages[0].content: expected a text or a list of parts",
    ),
    "part in words": ({"role": "user", "content": ["Hi"]}, "messages[0].content[0]: expected an object, found a text"),
    "part of nothing": (
        {"role": "user", "content": [{"type": "text"}]},
        "messages[0].content[0].text: missing in",
    ),
    "NUL in a part": (
        {"role": "user", "content": [{"type": "text", "text": "a\x00"}]},
        "messages[0].content[0].text: holds a NUL character",
    ),
    "half a character in a call": (
        {"role": "assistant", "content": None, "tool_calls": [{"name": "\ud800"}]},
        "messages[0].tool_calls: cannot be kept",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_openai_messages_bad_record_is_a_problem(tmp_path: Path, case: str) -> None:
    message, text = BAD[case]
    (found,) = problems("openai_messages", jsonl(tmp_path / "a.jsonl", [{"messages": [message]}]))
    assert found.startswith(f"a.jsonl:1: {text}")
