from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.sources.trying import jsonl, left_out, problems, prompts


def test_prompts_sample_of_lima_is_read_whole_and_in_order(study_data: Path) -> None:
    path = study_data / "lima" / "lima_prompts.jsonl"
    raw = [json.loads(line) for line in path.read_text().splitlines()]
    found = [(record.prompt.source, record.prompt.source_id, record.text) for record in prompts("prompts", path)]
    assert found == [("lima", row["prompt_id"], row["prompt"]) for row in raw]
    assert len(found) == 100


def test_prompts_sample_of_the_study_has_its_numbers(study_data: Path) -> None:
    path = study_data / "lima" / "study_prompts_even.jsonl"
    raw = [json.loads(line) for line in path.read_text().splitlines()]
    found = [(record.prompt.source, record.prompt.source_id, record.text) for record in prompts("prompts", path)]
    assert found == [("lima", str(row["prompt_index"]), row["prompt_text"]) for row in raw]
    assert len(found) == 22


def test_prompts_sample_in_the_alpaca_layout_is_cut_to_opening_requests(study_data: Path) -> None:
    path = study_data / "lima" / "lima_alpaca_layout.json"
    raw = json.loads(path.read_text())
    found = prompts("prompts", path)
    assert [r.text for r in found] == [r["history"][0][0] if r["history"] else r["instruction"] for r in raw]
    assert len({record.prompt for record in found}) == 25
    assert left_out("prompts", path) == {
        "answers that came with their prompts": 25,
        "dialogues cut to their opening request": sum(bool(row["history"]) for row in raw),
    }


LISTS: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
    "lines": ("My list.txt", "First\n\n  Second\n", [("", "First"), ("", "Second")]),
    "CSV": ("a.csv", 'id,prompt\n7,"one, two"\n8,three\n', [("7", "one, two"), ("8", "three")]),
    "TSV": ("a.tsv", "prompt_text\tcategory\nFirst\tx\n", [("", "First")]),
    "JSON texts": ("a.json", '["First", "Second"]', [("", "First"), ("", "Second")]),
    "JSON lines of texts": ("a.jsonl", '"First"\n"Second"\n', [("", "First"), ("", "Second")]),
    "instructions": (
        "a.jsonl",
        '{"instruction": "Sum it up.", "context": "A tale.", "response": "Short."}\n',
        [("", "Sum it up.\n\nA tale.")],
    ),
    "LIMA": ("lima_train.jsonl", '{"conversations": ["Why?", "So.", "And?", "Yes."], "source": "x"}\n', [("", "Why?")]),
    "questions": ("a.jsonl", '{"prompt_id": 3, "question": "Why?"}\n', [("3", "Why?")]),
}


@pytest.mark.parametrize("case", LISTS)
def test_prompts_of_every_list_are_read_in_order(tmp_path: Path, case: str) -> None:
    name, text, wanted = LISTS[case]
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / name).write_text(text)
    found = prompts("prompts", folder / name)
    assert [record.text for record in found] == [text for _, text in wanted]
    for record, (source_id, _) in zip(found, wanted, strict=True):
        assert record.prompt.source_id == source_id or (not source_id and len(record.prompt.source_id) == 32)
    assert {record.prompt.source for record in found} == {
        {"My list.txt": "my-list", "lima_train.jsonl": "lima"}.get(name, "a")
    }


def test_prompts_without_an_id_keep_theirs_wherever_they_stand(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("First\nSecond\n")
    before = prompts("prompts", tmp_path / "a.txt")
    (tmp_path / "a.txt").write_text("New\nFirst\nSecond\n")
    assert prompts("prompts", tmp_path / "a.txt")[1:] == before
    assert prompts("prompts", tmp_path / "a.txt", corpus="ours")[0].prompt.source == "ours"


BAD: dict[str, tuple[Any, str]] = {
    "no text": (
        {"id": 1, "title": "x"},
        "none of prompt, prompt_text, instruction, text, question is there; the record has",
    ),
    "blank": ({"prompt": " "}, "prompt: empty (' ') - write the text, or remove the record"),
    "number": ({"prompt": 5}, "prompt: expected a text, found a number (5)"),
    "empty LIMA": ({"conversations": []}, "conversations: empty ([]) - write the request"),
    "history of texts": ({"instruction": "a", "history": ["b"]}, "history: not a list of [request, answer] ('b')"),
    "NUL": ({"history": [["a\x00", "b"]]}, "history: holds a NUL character"),
    "a list": ([1], "expected an object, found a list ([1]) - check that this is a file of prompts"),
}


@pytest.mark.parametrize("case", BAD)
def test_prompts_bad_record_is_a_problem(tmp_path: Path, case: str) -> None:
    record, message = BAD[case]
    (found,) = problems("prompts", jsonl(tmp_path / "a.jsonl", [record]))
    assert found.startswith(f"a.jsonl:1: {message}")
