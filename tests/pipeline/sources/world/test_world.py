from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from pipeline.enums import CorpusKind
from pipeline.sources.base import Located, ReadOptions
from pipeline.sources.records import ConversationRecord, PromptRecord
from pipeline.sources.study import StudySource
from pipeline.sources.world import World, make_world, read_world, write_world
from pipeline.sources.world.catalogue import PROBLEMS, TRUE, catalogue
from pipeline.sources.world.world import WorldPerson

KINDS = {"world": CorpusKind.HUMAN, "synthetic": CorpusKind.SYNTHETIC}


def written(world: World, folder: Path) -> dict[str, bytes]:
    write_world(world, folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.json*"))}


def of_corpus(world: World, corpus: str) -> list[WorldPerson]:
    return [person for person in world.people if person.corpus == corpus]


def passing_concepts(person: WorldPerson) -> set[str]:
    return {show.concept.name for chat in person.chats for show in chat.shows if show.confidence >= 0.4}


def test_make_world_of_one_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first = written(make_world("a", 0.05), tmp_path / "1")
    assert first == written(make_world("a", 0.05), tmp_path / "2")
    other = written(make_world("b", 0.05), tmp_path / "3")
    same = {name for name in first if first[name] == other[name]}
    assert not same - {"corpus/world_prompts.jsonl"}  # so few people get every prompt


def test_make_world_at_scale_1_has_the_studys_size(world: World) -> None:
    sizes = [len(person.chats) for person in of_corpus(world, "world")]
    assert (len(sizes), sum(sizes)) == (50, 550)
    assert 5 <= min(sizes) <= 7
    assert 15 <= max(sizes) <= 20
    assert len(set(sizes)) > 5
    assert len(of_corpus(world, "synthetic")) == 20
    assert len(world.prompts) == 41


def test_make_world_puts_each_prompt_to_two_to_four_people_and_each_person_to_two_to_five(world: World) -> None:
    per_prompt = [len(prompt.people) for prompt in world.prompts]
    per_person = Counter(person for prompt in world.prompts for person in prompt.people)
    assert sum(per_prompt) == 164
    assert {min(per_prompt), max(per_prompt)} <= {2, 3, 4}
    assert set(per_person.values()) <= {2, 3, 4, 5}
    assert set(per_person) == {person.source_id for person in of_corpus(world, "world")}
    assert all(len(set(prompt.people)) == len(prompt.people) for prompt in world.prompts)


@pytest.mark.parametrize("seed", ["tests", "another", "7"])
def test_make_world_has_room_for_the_studys_samples(seed: str) -> None:
    """1,983 attributes of both corpora and 3,973 (attribute, prompt) are drawn after the merge."""
    own = make_world(seed)
    merged = {person.source_id: len(passing_concepts(person)) for person in own.people}
    assert sum(merged.values()) >= 2300
    assert min(merged[person.source_id] for person in of_corpus(own, "world")) >= 26
    assert sum(merged[person] for prompt in own.prompts for person in prompt.people) >= 4200


@pytest.mark.parametrize(("scale", "people", "prompts"), [(0.02, 4, 2), (0.05, 4, 2), (0.2, 10, 8), (2, 100, 82)])
def test_make_world_at_other_scales_keeps_the_proportions(scale: float, people: int, prompts: int) -> None:
    own = make_world("tests", scale)
    assert len(of_corpus(own, "world")) == people
    assert len(own.prompts) == prompts == len({prompt.text for prompt in own.prompts})
    assert sum(len(person.chats) for person in of_corpus(own, "world")) == 11 * people
    assert set(Counter(person for prompt in own.prompts for person in prompt.people).values()) <= {2, 3, 4, 5}
    assert all(2 <= len(prompt.people) <= 4 for prompt in own.prompts)


@pytest.mark.parametrize("scale", [0, -1, 101])
def test_make_world_refuses_a_scale_that_is_none(scale: float) -> None:
    with pytest.raises(ValueError, match="study's size"):
        make_world("tests", scale)


@pytest.mark.parametrize("scale", [1, 8])
def test_no_two_conversations_of_the_world_are_alike(scale: float) -> None:
    world = make_world("tests", scale)
    openings = [chat.turns[0]["content"] for person in world.people for chat in person.chats]
    whole = [json.dumps(chat.turns) for person in world.people for chat in person.chats]
    assert len(set(openings)) == len(openings)
    assert len(set(whole)) == len(whole)


def test_evidence_turns_exist_and_are_the_persons_own(world: World) -> None:
    for person in world.people:
        for chat in person.chats:
            for show in chat.shows:
                assert all(chat.turns[turn]["role"] == "user" for turn in show.turns)


def test_a_trait_shows_in_the_turn_that_is_its_evidence(world: World) -> None:
    """Registers change capitals and typos a letter or two, so words are compared loosely."""
    for person in world.people:
        for chat in person.chats:
            for show in (show for show in chat.shows if show.cue):
                said = set(chat.turns[show.turns[0]]["content"].lower().split())
                words = show.cue.lower().split()
                assert sum(word in said for word in words) >= len(words) / 2, (show.cue, chat.turns[show.turns[0]])


def test_turns_alternate_and_hold_no_open_slot(world: World) -> None:
    for person in world.people:
        for chat in person.chats:
            assert [turn["role"] for turn in chat.turns] == ["user", "assistant"] * (len(chat.turns) // 2)
            assert not [turn for turn in chat.turns if "{name}" in turn["content"] or "{x}" in turn["content"]]


def test_statements_of_different_meaning_are_worded_differently(world: World) -> None:
    """A text stands for one concept, whoever it is said of."""
    meanings: dict[str, set[str]] = {}
    for person in world.people:
        for concept in person.concepts().values():
            for wording in concept.wordings:
                meanings.setdefault(wording, set()).add(concept.name)
    assert not {text: names for text, names in meanings.items() if len(names) > 1}


def test_real_people_are_misread_more_often_than_synthetic_ones(world: World) -> None:
    wrong = {}
    for corpus in ("world", "synthetic"):
        truths = [
            world.truth_about(person, concept.wordings[0])
            for person in of_corpus(world, corpus)
            for concept in person.concepts().values()
            if concept.name in passing_concepts(person)
        ]
        assert set(truths) == {TRUE, *PROBLEMS}
        wrong[corpus] = sum(truth != TRUE for truth in truths) / len(truths)
    assert 0.15 < wrong["world"] - wrong["synthetic"] < 0.35


def test_overgeneralization_is_the_commonest_way_to_be_wrong(world: World) -> None:
    truths = Counter(
        world.truth_about(person, concept.wordings[0])
        for person in world.people
        for concept in person.concepts().values()
    )
    assert [kind for kind, _ in truths.most_common()] == [
        TRUE,
        "overgeneralized",
        "unsupported",
        "task_context",
        "not_standalone",
    ]


def test_truth_about_depends_on_the_person(world: World) -> None:
    one = world.people[0]
    family, value = next(iter(one.traits.items()))
    other = next(person for person in world.people if person.traits.get(family) != value)
    statement = catalogue().trait(family, value).wordings[1]
    assert world.truth_about(one, statement) == TRUE
    assert world.truth_about(other, statement) == "unsupported"
    assert world.truth_about(None, statement) == "unsupported"
    assert world.person_of(["no such turn", f"  {one.chats[3].turns[0]['content']}\n"]) is one


def test_about_a_fifth_of_statements_is_relevant_to_a_prompt(world: World) -> None:
    people = {person.source_id: person for person in world.people}
    relevant = [
        world.is_relevant(prompt.text, concept.wordings[0])
        for prompt in world.prompts
        for person in prompt.people
        for concept in people[person].concepts().values()
    ]
    assert 0.16 < sum(relevant) / len(relevant) < 0.25


def test_write_world_is_read_by_the_studys_source(small_world: World, tmp_path: Path) -> None:
    write_world(small_world, tmp_path)
    found = list(StudySource().read(tmp_path / "corpus", ReadOptions(kinds=KINDS)))
    assert all(isinstance(item, Located) for item in found)
    records = [item.record for item in found if isinstance(item, Located)]
    chats = [record for record in records if isinstance(record, ConversationRecord)]
    prompts = [record for record in records if isinstance(record, PromptRecord)]
    assert len(chats) == sum(len(person.chats) for person in small_world.people)
    assert [record.text for record in prompts] == [prompt.text for prompt in small_world.prompts]
    assert all(record.people for record in prompts)


def test_read_world_is_the_world_that_was_written(small_world: World, tmp_path: Path) -> None:
    write_world(small_world, tmp_path)
    assert read_world(tmp_path).people == small_world.people


def test_read_world_refuses_a_folder_without_one_and_a_file_of_another(small_world: World, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no world was written here"):
        read_world(tmp_path)
    write_world(small_world, tmp_path)
    truth = json.loads((tmp_path / "truth.json").read_text())
    (tmp_path / "truth.json").write_text(json.dumps(truth | {"seed": "another"}))
    with pytest.raises(ValueError, match="write the world again"):
        read_world(tmp_path)


def test_truth_json_says_what_its_docstring_promises(small_world: World, tmp_path: Path) -> None:
    write_world(small_world, tmp_path)
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert (truth["version"], truth["simulated"], truth["seed"], truth["scale"]) == (1, True, "tests", 0.05)
    person = truth["people"][0]
    hashes = {chat.source_id for chat in small_world.people[0].chats}
    for statement in person["statements"]:
        assert set(statement) == {"concept", "truth", "wordings", "shows"}
        assert {show["conversation"] for show in statement["shows"]} <= hashes
    said = {statement["concept"] for statement in person["statements"] if statement["truth"] == TRUE}
    assert said == {f"{family}/{value}" for family, value in person["traits"].items()}
    prompt = truth["prompts"][0]
    assert set(prompt["affinity"]) == set(small_world.prompts[0].people)


def test_world_of_the_studys_size_is_made_and_written_in_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    write_world(make_world("fast"), tmp_path)
    assert time.monotonic() - began < 10
