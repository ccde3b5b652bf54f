"""PrefEval, CUPID and PersonaLens in their own layouts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.pipeline.sources.trying import conversations, corpora, jsonl, left_out, problems, prompts, said


def raw_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The records of PrefEval by file, in the order of reading."""
    return {
        path.relative_to(folder).as_posix(): json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))
    }


def test_prefeval_sample_has_its_dialogues_and_questions(study_data: Path) -> None:
    folder = study_data / "prefeval"
    raw = raw_of(folder)
    found = {record.source_id: record for record in conversations("prefeval", folder)}
    wanted = {
        f"{Path(name).parent.name}/{Path(name).stem}/{number}": row["conversation"]
        for name, rows in raw.items()
        for number, row in enumerate(rows)
        if "conversation" in row
    }
    assert found.keys() == wanted.keys()
    assert len(wanted) == 32
    for name, chat in wanted.items():
        texts = [text for said in chat.values() for text in (said.values() if isinstance(said, dict) else [said])]
        assert [content for _, content in said(found[name])] == texts
        assert {role for role, _ in said(found[name])[::2]} == {"user"}
        assert {role for role, _ in said(found[name])[1::2]} == {"assistant"}
    assert len(prompts("prefeval", folder)) == sum(map(len, raw.values())) == 64


def test_prefeval_people_are_personas_or_records(study_data: Path) -> None:
    folder = study_data / "prefeval"
    personas = {row["persona"] for rows in raw_of(folder).values() for row in rows if "persona" in row}
    people = {record.person.source_id for record in conversations("prefeval", folder)}
    assert personas < people
    assert len(people) == len(personas) + 16  # a person for each choice-based record
    assert {corpus.kind for corpus in corpora("prefeval", folder, kinds={})} == {"synthetic"}
    for person in people:
        places = [r.position for r in conversations("prefeval", folder) if r.person.source_id == person]
        assert places == list(range(len(places)))


def test_prefeval_question_is_put_to_its_person(tmp_path: Path) -> None:
    row = {"preference": "No figs.", "question": "What to bake?", "explanation": "Figs are out."}
    chat = {str(i): {"user": f"u{i}", "assistant": f"a{i}"} for i in (10, 9)}
    path = tmp_path / "cooking.json"
    path.write_text(json.dumps([row, row | {"persona": "p" * 201, "conversation": chat}]))
    (record,) = conversations("prefeval", path)
    assert [content for _, content in said(record)] == ["u9", "a9", "u10", "a10"]
    assert len(record.person.source_id) == 32  # too long to be a name
    first, second = prompts("prefeval", path)
    assert (first.people, second.people) == ((), (record.person,))
    assert first.prompt == second.prompt
    assert left_out("prefeval", path) == {"preferences with their explanations (no run inferred them)": 2}


def instance(person: str, request: str, *dialogues: str) -> dict[str, Any]:
    chats = [[{"role": "user", "content": text}, {"role": "assistant", "content": "Yes."}] for text in dialogues]
    prior = [{"context_factor": "c", "contextual_preference": "p", "dialogue": chat} for chat in chats]
    return {"persona_id": person, "instance_type": "changing", "current_request": request, "prior_interactions": prior}


def test_cupid_instances_of_a_person_share_their_dialogues(tmp_path: Path) -> None:
    rows = [instance("1", "Plan.", "a", "b"), instance("1", "Write.", "b", "c"), instance("2", "Plan.", "a")]
    path = jsonl(tmp_path / "a.jsonl", rows)
    found = [(r.person.source_id, r.position, said(r)[0][1]) for r in conversations("cupid", path)]
    assert found == [("1", 0, "a"), ("1", 1, "b"), ("1", 2, "c"), ("2", 0, "a")]
    asked = [(record.text, record.people[0].source_id) for record in prompts("cupid", path)]
    assert asked == [("Plan.", "1"), ("Write.", "1"), ("Plan.", "2")]
    assert left_out("cupid", path)["dialogues that another instance of the same person repeats"] == 1
    assert corpora("cupid", path, kinds={})[0].licence == "MIT"


def test_cupid_sample_in_the_layout_of_the_study_is_read_too(study_data: Path) -> None:
    path = study_data / "personas" / "cupid_personas.jsonl"
    raw = [json.loads(line) for line in path.read_text().splitlines()]
    found = conversations("cupid", path)
    assert [(r.person.source_id, r.source_id) for r in found] == [(r["hashed_ip"], r["conversation_hash"]) for r in raw]
    assert len({record.person for record in found}) == 10


def test_cupid_bad_dialogue_is_a_problem(tmp_path: Path) -> None:
    row = instance("1", "Plan.", "a")
    row["prior_interactions"][0]["dialogue"][1]["role"] = "oracle"
    (found,) = problems("cupid", jsonl(tmp_path / "a.jsonl", [row]))
    assert found.startswith("a.jsonl:1: prior_interactions[0].dialogue[1].role: unknown role ('oracle') - use one of")


def test_personalens_sample_has_people_and_prompts_and_says_what_not(study_data: Path) -> None:
    folder = study_data / "personalens"
    wanted = set()
    for path in folder.glob("profile/*/tasks*.json"):
        wanted |= {(path.parent.name, t["task_id"], t["User Intent"]) for t in json.loads(path.read_text()).values()}
    listed = sum(len(path.read_text().splitlines()) for path in folder.glob("task/*/task.jsonl"))
    found = prompts("personalens", folder)
    put = {(person.source_id, r.prompt.source_id, r.text) for r in found for person in r.people}
    assert put == wanted
    assert (len(put), {person for person, _, _ in put}) == (175, {"user0", "user1"})
    assert len([record for record in found if not record.people]) == listed == 38
    texts: dict[str, str] = {}
    assert all(texts.setdefault(record.prompt.source_id, record.text) == record.text for record in found)
    assert len(texts) == 111  # the tasks of people and of lists are called alike
    assert conversations("personalens", folder) == []
    said_of = left_out("personalens", folder)
    assert said_of["profiles: demographics, affinities, interests (no run inferred them)"] == 2
    assert said_of["dialogues of a person (the repository has none; its own script makes them)"] == 2


def test_personalens_person_is_called_as_in_the_profile(tmp_path: Path) -> None:
    folder = tmp_path / "someone"
    folder.mkdir()
    (folder / "profile.json").write_text(json.dumps({"demographics": {"user_id": "user7"}, "affinities": {}}))
    (folder / "tasks.json").write_text(json.dumps({"Task 1": {"User Intent": "Go.", "task_id": "t1"}}))
    assert [record.people[0].source_id for record in prompts("personalens", tmp_path)] == ["user7"]
    assert [record.people[0].source_id for record in prompts("personalens", folder / "tasks.json")] == ["someone"]


def test_personalens_task_without_an_intent_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "user7" / "tasks.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"Task 1": {"User Intent": "Go.", "task_id": "t1"}, "Task 2": {"task_id": "t2"}}))
    assert problems("personalens", path) == [
        "tasks.json:1: Task 2.User Intent: missing; the record has task_id"
        " - add User Intent, or check that this is the right file"
    ]
