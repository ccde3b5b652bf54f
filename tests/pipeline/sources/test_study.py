from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.sources import SOURCES
from pipeline.sources.base import Located, NotImported, Problem, ReadOptions
from pipeline.sources.records import ConversationRecord, PageAnswersRecord, PersonRef, VotesRecord
from tests.pipeline.sources import study_files as files


def read(folder: Path, **options: Any) -> list[Any]:
    return list(SOURCES["study"].read(folder, ReadOptions(**options)))


def problems(folder: Path) -> list[str]:
    return [str(item) for item in read(folder) if isinstance(item, Problem)]


def records(folder: Path, kind: type) -> list[Any]:
    return [item.record for item in read(folder) if isinstance(item, Located) and isinstance(item.record, kind)]


def test_study_reads_without_problems(tmp_path: Path) -> None:
    assert problems(files.write(tmp_path, files.study(), {"rater-01": "crowd"})) == []


def test_conversations_of_one_line_and_of_a_list_are_both_read(tmp_path: Path) -> None:
    found = records(files.write(tmp_path, files.study()), ConversationRecord)
    places = [(record.person, record.source_id, record.position) for record in found]
    cupid, demo = PersonRef("cupid", "7"), PersonRef("demo", "7")
    assert places == [(cupid, "7_0", 0), (cupid, "7_1", 1), (demo, "a", 0), (demo, "b", 1)]
    assert [turn.role for turn in found[0].turns] == ["user", "assistant", "user"]


def test_votes_of_task_3_take_their_prompt_from_the_answers(tmp_path: Path) -> None:
    parts = files.study()
    del parts["task3_relevance_clf.jsonl"]
    found = [
        record for record in records(files.write(tmp_path, parts), VotesRecord) if record.person.source_id == files.KIM
    ]
    assert [record.prompt.source_id for record in found] == ["0"]


def test_open_answers_are_counted_and_an_empty_page_is_none(tmp_path: Path) -> None:
    folder = files.write(tmp_path, files.study())
    assert [(r.rater, r.index) for r in records(folder, PageAnswersRecord) if r.prompt] == [
        ("rater-01", 0),
        ("rater-02", 0),
    ]
    left_out: dict[str, int] = {}
    for item in read(folder):
        if isinstance(item, NotImported):
            left_out[item.reason] = left_out.get(item.reason, 0) + item.count
    assert left_out["questions that a rater left open (null is no judgment)"] == 3
    assert left_out["pages without any answer (pilot-relevance)"] == 1
    assert left_out["answers of task 2 (a five-point scale that no instrument has)"] == 2
    assert left_out["relevances proposed by an unnamed model (task 5, items)"] == 3


def test_packed_files_are_read_as_they_are_unpacked(tmp_path: Path) -> None:
    """Order included: what a record refers to comes before it. Names in places apart."""
    plain = files.write(tmp_path / "plain", files.study(), {"rater-01": "crowd"})
    packed = files.write(tmp_path / "packed", files.study(), {"rater-01": "crowd"})
    for file in sorted(packed.rglob("*.jsonl")):
        file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    assert [item.record for item in read(packed) if isinstance(item, Located)] == [
        item.record for item in read(plain) if isinstance(item, Located)
    ]
    assert problems(packed) == []


def test_a_single_file_may_be_named(tmp_path: Path) -> None:
    folder = files.write(tmp_path, files.study())
    assert len(records(folder / "cupid_personas.jsonl", ConversationRecord)) == 2


def test_blank_lines_and_byte_order_mark_are_passed_over(tmp_path: Path) -> None:
    line = json.dumps(files.chat("1", "c", "Hi"))
    (tmp_path / "cupid_personas.jsonl").write_bytes(b"\xef\xbb\xbf" + line.encode() + b"\r\n\r\n")
    assert len(records(tmp_path, ConversationRecord)) == 1


def test_evidence_is_left_out_where_a_conversation_line_is_unreadable(tmp_path: Path) -> None:
    parts = files.study()
    parts["cupid_personas.jsonl"].insert(0, '{"hashed_ip": "7", "conv')
    found = read(files.write(tmp_path, parts))
    assert any(isinstance(item, NotImported) and item.reason.startswith("evidence") for item in found)


def test_position_counts_a_bad_conversation_of_a_known_person(tmp_path: Path) -> None:
    parts = files.study()
    parts["cupid_personas.jsonl"][0]["conversation"][0]["role"] = "narrator"
    found = records(files.write(tmp_path, parts), ConversationRecord)
    assert [(record.source_id, record.position) for record in found if record.person.corpus == "cupid"] == [("7_1", 1)]


def test_unknown_corpus_must_be_called_human_or_synthetic(tmp_path: Path) -> None:
    files.write(tmp_path, {"mine_personas.jsonl": [files.chat("1", "c", "Hi")]})
    (message,) = problems(tmp_path)
    assert message == (
        "mine_personas.jsonl: nobody knows whether the people of corpus 'mine' are human or synthetic"
        " - say which with --kind mine=human or --kind mine=synthetic"
    )
    assert not [item for item in read(tmp_path, kinds={"mine": "synthetic"}) if isinstance(item, Problem)]


def changed(name: str, **changes: Any) -> dict[str, list[Any]]:
    """The first line of one file of the study, with some fields replaced; None takes a field away."""
    line = files.study()[name][0] | changes
    return {name: [{key: value for key, value in line.items() if value is not None}]}


def turn(**changes: Any) -> dict[str, list[Any]]:
    return changed("cupid_personas.jsonl", conversation=[{"role": "user", "content": "Hi"} | changes])


def attribute(**changes: Any) -> dict[str, list[Any]]:
    return changed("cupid_attrs_merged.jsonl", merged_attributes=[files.merged("Keeps bees.", **changes)])


PERSONAS, ATTRS, ANSWERS = "cupid_personas.jsonl", "cupid_attrs_merged.jsonl", "annotations/rater-01_task3.jsonl"
BAD: dict[str, tuple[dict[str, list[Any]], str]] = {
    "broken JSON": (
        {PERSONAS: ['{"hashed_ip": "7", ']},
        f"{PERSONAS}:1: broken JSON at character 21: Expecting property name",
    ),
    "a list": ({PERSONAS: [[1, 2]]}, f"{PERSONAS}:1: expected an object, found a list ([1, 2]) - this file must be"),
    "empty file": ({PERSONAS: []}, f"{PERSONAS}: the file is empty - leave it out"),
    "wrong layout": ({PERSONAS: [{"id": 3}]}, f"{PERSONAS}:1: hashed_ip: missing; the record has id - add hashed_ip"),
    "missing field": (changed(PERSONAS, conversation_hash=None), f"{PERSONAS}:1: conversation_hash: missing"),
    "wrong type": (changed(PERSONAS, conversation="Hi"), f"{PERSONAS}:1: conversation: expected a list, found a text"),
    "no turns": (changed(PERSONAS, conversation=[]), f"{PERSONAS}:1: conversation: not a list of turns ([])"),
    "empty id": (changed(PERSONAS, hashed_ip=" "), f"{PERSONAS}:1: hashed_ip: not a name of 1 to 200 characters (' ')"),
    "unknown role": (turn(role="bot"), f"{PERSONAS}:1: conversation[0].role: unknown role ('bot') - use one of user"),
    "number as text": (turn(content=3), f"{PERSONAS}:1: conversation[0].content: expected a text, found a number (3)"),
    "NUL": (turn(content="a\0b"), f"{PERSONAS}:1: conversation[0].content: holds a NUL character"),
    "surrogate": (turn(content="a\ud800b"), f"{PERSONAS}:1: conversation[0].content: holds half a character"),
    "hashes": (
        changed(PERSONAS, conversation=[files.turns("Hi")], conversation_hash=["a", "b"]),
        f"{PERSONAS}:1: conversation_hash: 2 hashes for 1 conversations",
    ),
    "NaN": (attribute(confidence=float("nan")), f"{ATTRS}:1: a number that is none ('NaN')"),
    "confidence": (attribute(confidence=1.2), f"{ATTRS}:1: merged_attributes[0].confidence: outside 0 to 1 (1.2)"),
    "original": (
        attribute(original_confidences=[0.5, -1]),
        f"{ATTRS}:1: merged_attributes[0].original_confidences[1]: outside 0 to 1 (-1)",
    ),
    "lengths": (
        attribute(original_reasons=[]),
        f"{ATTRS}:1: merged_attributes[0].original_attributes: lists of different length: 2 attributes, 0 reasons",
    ),
    "empty attribute": (attribute(attribute=" "), f"{ATTRS}:1: merged_attributes[0].attribute: empty (' ')"),
    "relevant": (
        changed(ANSWERS, relevance_judgments=[{"attribute": "Keeps bees.", "relevant": "yes"}]),
        f"{ANSWERS}:1: relevance_judgments[0].relevant: expected true or false, found a text ('yes')",
    ),
    "time": (changed(ANSWERS, timestamp="yesterday"), f"{ANSWERS}:1: timestamp: not a time ('yesterday') - write it"),
    "judgment": (
        changed("annotations/rater-01_task1.jsonl", attr_judgments=[{"judgment": "great", "note": ""}]),
        "annotations/rater-01_task1.jsonl:1: attr_judgments[0].judgment: unknown judgment ('great') - use one of ok",
    ),
    "negative index": (changed(ANSWERS, index=-1), f"{ANSWERS}:1: index: not a whole number from 0 (-1)"),
    "no prompt": (
        changed("relevance_task3/judge-1.jsonl"),
        "relevance_task3/judge-1.jsonl:1: sample_index: nothing says which prompt this sample is (0) - import it with",
    ),
    "prompt id": (
        changed("extracted/task6_items.jsonl", prompt_id="p-bo_0"),
        "extracted/task6_items.jsonl:1: prompt_id: not <user_id>_<prompt_index> ('p-bo_0')",
    ),
    "whose sample": (
        changed("task3_relevance_clf.jsonl"),
        "task3_relevance_clf.jsonl:1: sample_index: nothing says whose sample this is (0)",
    ),
    "mode": (
        changed("task6_responses/attributes_writer-1.jsonl", mode="no_context"),
        "task6_responses/attributes_writer-1.jsonl:1: mode: the file is named for attributes ('no_context')",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_record_is_named_with_its_place_and_remedy(name: str, tmp_path: Path) -> None:
    parts, start = BAD[name]
    (message,) = problems(files.write(tmp_path, parts))
    assert message.startswith(start)
    assert len(message.partition(" - ")[2]) > 5


def test_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / PERSONAS).write_bytes(b'{"hashed_ip": "\xff"}\n')
    assert problems(tmp_path) == [f"{PERSONAS}:1: not UTF-8 at byte 16 of the line (b'\\xff') - save the file as UTF-8"]


def test_every_bad_record_is_named(tmp_path: Path) -> None:
    parts: dict[str, list[Any]] = {PERSONAS: ["{", files.chat("1", "c", "Hi"), "[]", {"hashed_ip": None}]}
    assert [message.split(":")[1] for message in problems(files.write(tmp_path, parts))] == ["1", "3", "4"]


def test_folder_without_known_files_says_what_is_sought(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    (message,) = problems(tmp_path)
    assert "none of the study's files is here - give the folder that holds some of: cupid_personas.jsonl" in message
    (message,) = problems(tmp_path / "missing")
    assert message.endswith("there is no such file or folder - check the path")
