from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.sources.trying import conversations, corpora, jsonl, left_out, problems, said

ROLES = {"human": "user", "gpt": "assistant", "system": "system", "function_call": "assistant", "observation": "tool"}


def turns(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"from": role, "value": text} for role, text in pairs]


HELLO = turns(("human", "Hello"), ("gpt", "Hi"))


@pytest.mark.parametrize(
    ("name", "count"),
    [("fastchat_identity_sharegpt.json", 60), ("glaive_toolcall_sharegpt.json", 30), ("dpo_en_sharegpt.json", 20)],
)
def test_sharegpt_sample_is_read_whole_and_in_order(study_data: Path, name: str, count: int) -> None:
    path = study_data / "sharegpt" / name
    raw = json.loads(path.read_text())
    found = conversations("sharegpt", path)
    assert len(found) == len(raw) == count
    wanted = [[*row["conversations"], *([row["chosen"]] if "chosen" in row else [])] for row in raw]
    assert [said(record) for record in found] == [[(ROLES[t["from"]], t["value"]) for t in row] for row in wanted]
    if "id" in raw[0]:
        assert [record.source_id for record in found] == [row["id"] for row in raw]
    assert len({record.source_id for record in found}) == count


def test_sharegpt_says_what_it_leaves_out(study_data: Path) -> None:
    folder = study_data / "sharegpt"
    assert left_out("sharegpt", folder / "dpo_en_sharegpt.json")["answers that were not chosen"] == 20
    tools = left_out("sharegpt", folder / "glaive_toolcall_sharegpt.json")
    assert tools["lists of tools that the model was offered"] == 30


def test_sharegpt_system_comes_first_and_the_chosen_answer_last(tmp_path: Path) -> None:
    row = {"system": "Be kind.", "items": HELLO[:1], "chosen": HELLO[1], "rejected": turns(("gpt", "What?"))[0]}
    (record,) = conversations("sharegpt", jsonl(tmp_path / "a.jsonl", [row]))
    assert said(record) == [("system", "Be kind."), ("user", "Hello"), ("assistant", "Hi")]


def test_sharegpt_record_without_an_id_is_named_by_its_words(tmp_path: Path) -> None:
    first = conversations("sharegpt", jsonl(tmp_path / "a.jsonl", [{"conversations": HELLO}]))
    moved = [{"conversations": HELLO[:1]}, {"conversations": HELLO}]
    second = conversations("sharegpt", jsonl(tmp_path / "b.jsonl", moved))
    assert first[0].source_id == second[1].source_id != second[0].source_id
    assert first[0].person.source_id == first[0].source_id


def test_sharegpt_record_may_name_its_person_model_and_time(tmp_path: Path) -> None:
    row = {"id": 7, "user_id": "p1", "conversations": HELLO, "model": "m", "timestamp": 1_700_000_000_000}
    found = conversations("sharegpt", jsonl(tmp_path / "a.jsonl", [row, row | {"id": 8}]))
    assert [(r.person.source_id, r.source_id, r.position) for r in found] == [("p1", "7", 0), ("p1", "8", 1)]
    assert (found[0].model_name, found[0].started_at.year) == ("m", 2023)


def test_sharegpt_corpus_is_called_as_its_file_and_must_be_called_human_or_synthetic(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "My Chats.V3.jsonl", [{"conversations": HELLO}] * 3)
    (message,) = problems("sharegpt", path, kinds={})
    assert message == (
        "My Chats.V3.jsonl: nobody knows whether the people of corpus 'my-chats-v3' are human or synthetic"
        " - say which with --kind my-chats-v3=human or --kind my-chats-v3=synthetic"
    )
    (corpus,) = corpora("sharegpt", path, kinds={"my-chats-v3": "synthetic"})
    assert (corpus.slug, corpus.kind, corpus.licence) == ("my-chats-v3", "synthetic", "")
    (corpus,) = corpora("sharegpt", path, corpus="ours", licence="CC0")
    assert (corpus.slug, corpus.title, corpus.licence) == ("ours", "ours", "CC0")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no turns": ({"id": 1}, "conversations: missing; the record has id"),
    "another role": (
        {"conversations": turns(("alien", "Hi"))},
        "conversations[0].from: unknown role ('alien') - use one of human, gpt, system, function_call, observation",
    ),
    "no words": ({"conversations": [{"from": "human"}]}, "conversations[0].value: missing; the record has from"),
    "chosen in words": ({"conversations": HELLO, "chosen": "Hi"}, "chosen[0]: expected an object, found a text ('Hi')"),
}


@pytest.mark.parametrize("case", BAD)
def test_sharegpt_bad_record_is_a_problem(tmp_path: Path, case: str) -> None:
    record, message = BAD[case]
    (found,) = problems("sharegpt", jsonl(tmp_path / "a.jsonl", [record]))
    assert found.startswith(f"a.jsonl:1: {message}")
