from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.pipeline.sources.trying import conversations, corpora, jsonl, left_out, problems, said


def user(turn: int, content: str) -> dict[str, Any]:
    return {"turn": turn, "role": "user", "content": content}


def model(turn: int, content: str, name: str, chosen: bool | None) -> dict[str, Any]:
    return {"turn": turn, "role": "model", "content": content, "model_name": name, "score": 50, "if_chosen": chosen}


HISTORY = [
    user(0, "Is it fair?"),
    model(0, "Perhaps.", "m1", False),
    model(0, "Yes.", "m2", True),
    user(1, "EMPTY STRING"),
    model(1, "I see.", "m2", True),
    model(1, "Hm.", "m2", False),
]


def chat(name: str = "c1", person: str = "user1", **changes: Any) -> dict[str, Any]:
    record = {"conversation_id": name, "user_id": person, "conversation_type": "unguided", "conversation_turns": 2}
    return record | {"conversation_history": HISTORY, "generated_datetime": "2023-11-22 15:55:46"} | changes


def test_prism_dialogue_is_what_the_participant_saw_on(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "conversations.jsonl", [chat()])
    (record,) = conversations("prism", path)
    assert said(record) == [("user", "Is it fair?"), ("assistant", "Yes."), ("user", ""), ("assistant", "I see.")]
    assert (record.person.source_id, record.model_name) == ("user1", "m2")
    assert record.started_at == datetime(2023, 11, 22, 15, 55, 46, tzinfo=UTC)
    assert left_out("prism", path) == {"answers that were not chosen": 2}
    assert corpora("prism", path)[0].kind == "human"


def test_prism_turn_without_a_choice_is_counted(tmp_path: Path) -> None:
    history = [user(0, "Hi"), model(0, "a", "m1", False), model(0, "b", "m2", None)]
    path = jsonl(tmp_path / "conversations.jsonl", [chat(conversation_history=history)])
    assert said(conversations("prism", path)[0]) == [("user", "Hi")]
    assert left_out("prism", path) == {"answers that were not chosen": 2, "turns in which no answer was chosen": 1}


def test_prism_folder_says_what_lies_beside(tmp_path: Path) -> None:
    jsonl(tmp_path / "conversations.jsonl", [chat()])
    jsonl(tmp_path / "survey.jsonl", [{"user_id": "user1", "age": "35-44"}])
    jsonl(tmp_path / "utterances.jsonl", [{"utterance_id": "u1", "user_prompt": "Hi"}])
    beside = [reason.split(" (")[0] for reason in left_out("prism", tmp_path) if reason.startswith("files")]
    assert beside == ["files of survey", "files of utterances"]
    assert len(conversations("prism", tmp_path)) == 1


def test_prism_language_is_that_of_the_first_prompt(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "conversations.jsonl", [chat("c1"), chat("c2"), chat("c3", language="de")])
    mark = {"column_id": "user_prompt", "conversation_id": "c1", "language_flag": "es", "en_flag": False}
    feedback = {"column_id": "open_feedback", "conversation_id": "c2", "language_flag": "fr"}
    marks = [mark | {"language_flag": "\x00"}, 7, feedback, mark, mark | {"language_flag": "en"}]
    jsonl(tmp_path / "metadata.jsonl", [*marks, mark | {"conversation_id": "c3"}])
    assert [record.language for record in conversations("prism", path)] == ["es", "", "de"]


def test_prism_people_are_the_participants_of_the_real_map(tmp_path: Path, study_data: Path) -> None:
    """The sample has no conversations, but whose 500 of them are."""
    with (study_data / "prism" / "conversation_user_map_500.csv").open(newline="") as file:
        whose = [(row["conversation_id"], row["user_id"]) for row in csv.DictReader(file)]
    found = conversations("prism", jsonl(tmp_path / "conversations.jsonl.gz", [chat(*pair) for pair in whose]))
    assert [(record.source_id, record.person.source_id) for record in found] == whose
    assert Counter(record.position == 0 for record in found)[True] == len({person for _, person in whose})


def test_prism_unknown_role_is_a_problem(tmp_path: Path) -> None:
    history = [{"turn": 0, "role": "assistant", "content": "Hi"}]
    assert problems("prism", jsonl(tmp_path / "conversations.jsonl", [chat(conversation_history=history)])) == [
        "conversations.jsonl:1: conversation_history[0].role: unknown role ('assistant') - use user or model"
    ]
