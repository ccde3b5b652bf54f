from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.importing import Importer
from pipeline.domain.importing_writers import MATERIAL_WRITERS, write_records
from pipeline.enums import Condition, Stage, VoteStatus
from pipeline.models import (
    Attribute,
    Conversation,
    Corpus,
    Evidence,
    Label,
    Person,
    Prompt,
    Response,
    ResponsePair,
    Run,
    Vote,
)
from pipeline.sources import SOURCES
from pipeline.sources.base import Located, ReadOptions
from studies.models import Study
from tests.pipeline.sources import study_files as files

pytestmark = pytest.mark.django_db


def load(study: Study, folder: Path) -> Importer:
    """Everything but the raters' answers, which the people's side writes."""
    source = SOURCES["study"]
    importer = Importer(study, "study", source.files(folder))
    items = source.read(folder, ReadOptions())
    known = (i for i in items if not isinstance(i, Located) or type(i.record) in MATERIAL_WRITERS)
    write_records(importer, known, MATERIAL_WRITERS)
    importer.save_counts()
    return importer


def problems(importer: Importer) -> list[str]:
    return [str(problem) for problem in importer.report.problems]


@pytest.fixture
def loaded(study: Study, tmp_path: Path) -> Importer:
    return load(study, files.write(tmp_path, files.study()))


def test_same_source_id_in_two_corpora_is_two_people(loaded: Importer) -> None:
    assert problems(loaded) == []
    assert Person.objects.filter(source_id="7").count() == 2


def test_conversations_belong_to_a_run_that_names_the_files(loaded: Importer) -> None:
    (run,) = Run.objects.filter(conversations__isnull=False).distinct()
    assert run.stage == Stage.IMPORT
    assert run.n_units == Conversation.objects.count() == 4
    assert any(name.startswith("cupid_personas.jsonl ") for name in run.parameters["files"])


def test_merged_attributes_keep_their_originals_in_order(loaded: Importer) -> None:
    row = Attribute.objects.get(person__corpus__slug="cupid", run__stage=Stage.MERGE, position=1)
    origins = [(link.source.text, link.source.run.stage) for link in row.origins.all()]
    assert origins == [(files.TEXTS[1], Stage.EXTRACT), (f"Perhaps: {files.TEXTS[1]}", Stage.EXTRACT)]
    assert list(row.run.inputs.all()) == [row.origins.first().source.run]  # type: ignore[union-attr]


def test_profile_repeated_for_each_prompt_is_written_once(loaded: Importer) -> None:
    merged = Attribute.objects.filter(run__stage=Stage.MERGE, run__parameters__name="merged wildchat")
    assert merged.count() == 4
    units = merged.values("person__prompts", "pk").distinct()
    assert units.count() == 6


def test_evidence_names_whole_turns(loaded: Importer) -> None:
    rows = Evidence.objects.order_by("attribute__position", "turn")
    assert [(row.conversation.source_id, row.turn, row.start) for row in rows] == [
        ("7_0", 0, None),
        ("7_0", 2, None),
        ("7_1", 0, None),
    ]


def test_unreadable_vote_is_an_outcome_with_its_raw_answer(loaded: Importer) -> None:
    (vote,) = Vote.objects.filter(status=VoteStatus.UNPARSEABLE)
    assert (vote.value, vote.reason, vote.run.model_name) == (None, "MAYBE", "judge-1")
    assert Vote.objects.filter(run=vote.run).count() == 4


def test_pilot_votes_are_about_quoted_attributes_of_a_run_of_their_own(loaded: Importer) -> None:
    rows = Attribute.objects.filter(person__source_id=files.KIM)
    assert {row.run.parameters["name"] for row in rows} == {"pilot-task3 wildchat"}
    assert Vote.objects.filter(attribute__in=rows).count() == Label.objects.filter(attribute__in=rows).count() == 2


def test_labels_keep_split_number_and_share(loaded: Importer) -> None:
    rows = Label.objects.filter(run__parameters__split__in=["train", "test"]).order_by("-score")
    assert [(row.value, row.n, row.share) for row in rows] == [("yes", 4, 0.75), ("no", 4, 0.75)]
    unknown = Label.objects.filter(run__parameters__split="")
    assert {(row.n, row.share) for row in unknown} == {(0, 0.0)}
    assert unknown.count() == 2


def test_pairs_are_given_the_relevant_attributes_and_responses_are_not_doubled(loaded: Importer) -> None:
    pair = ResponsePair.objects.get(generator="writer-1")
    assert [row.attribute.text for row in pair.personalized.given_rows.all()] == [files.TEXTS[0]]
    assert pair.generic.run == pair.personalized.run
    assert Response.objects.filter(text=pair.generic.text).count() == 1
    alone = Response.objects.filter(condition=Condition.PERSONALIZED).exclude(
        pk__in=ResponsePair.objects.values("personalized")
    )
    assert [row.run.parameters["modes"] for row in alone] == [["attributes"]]


def test_generic_responses_of_one_prompt_stand_side_by_side(loaded: Importer) -> None:
    rows = Response.objects.filter(condition=Condition.GENERIC, generator="writer-1")
    assert sorted(rows.values_list("position", flat=True)) == [0, 1]


def test_second_import_adds_nothing(loaded: Importer, study: Study, tmp_path: Path) -> None:
    again = load(study, tmp_path)
    assert problems(again) == []
    assert again.report.adds_nothing
    assert Run.objects.filter(stage=Stage.IMPORT).count() == 1


def test_file_that_has_grown_adds_only_what_is_new(loaded: Importer, study: Study, tmp_path: Path) -> None:
    parts = files.study()
    parts["cupid_personas.jsonl"].append(files.chat("7", "7_2", "One more"))
    again = load(study, files.write(tmp_path, parts))
    assert +again.report.new == {"conversations": 1}
    assert Conversation.objects.get(source_id="7_2").position == 2


def _evidence(**place: Any) -> dict[str, list[Any]]:
    line = files.study()["attr_evidence.jsonl"][0]
    return {"attr_evidence.jsonl": [line | {"evidence": [line["evidence"][0] | place, line["evidence"][1]]}]}


def _other(name: str, number: int = 0, **changes: Any) -> dict[str, list[Any]]:
    return {name: [files.study()[name][number] | changes]}


CONTRADICTIONS = {
    "conversation": (
        {"cupid_personas.jsonl": [files.chat("7", "7_0", "Something else")]},
        "cupid_personas.jsonl:1: conversation_hash: a conversation of this id stands already with other content",
    ),
    "place": (
        {"cupid_personas.jsonl": [files.chat("7", "7_9", "Something else")]},
        "cupid_personas.jsonl:1: conversation_hash: '7_0' stands already as conversation 0 of '7' ('7_9')",
    ),
    "attributes": (
        {"cupid_attrs_merged.jsonl": [{"user_id": "7", "merged_attributes": [files.merged("Keeps bees.")]}]},
        "cupid_attrs_merged.jsonl:1: attributes: '7' stands already with other attributes - attributes never change",
    ),
    "evidence": (_evidence(turn_idxs=[1]), "attr_evidence.jsonl:1: evidence: attribute 0 of '7' stands already with"),
    "outside turns": (
        _evidence(turn_idxs=[0, 3]),
        "attr_evidence.jsonl:1: evidence[0].turn_idxs: conversation 0 has only 3 turns ([3]) - count turns from 0",
    ),
    "evidence for a strange corpus": (
        _other("attr_evidence.jsonl", source="nobody's"),
        "attr_evidence.jsonl:1: evidence: 2 entries for 0 attributes of '7' of nobody's - give one entry per merged",
    ),
    "outside conversations": (
        _evidence(conv_idx=2),
        "attr_evidence.jsonl:1: evidence[0].conv_idx: '7' has no conversation 2 (2) - count from 0",
    ),
    "prompt": (
        _other("demo_prompts.jsonl", prompt_text="Another wording."),
        "demo_prompts.jsonl:1: prompt_text: prompt 0 has another text ('Another wording.') - one index",
    ),
    "vote": (
        {"relevance_task5/copy.jsonl": [files.votes("judge-1", files.ANNA, [False, False], prompt_index=0)]},
        "relevance_task5/copy.jsonl:1: items: judge-1 answered one of these attributes otherwise before (yes) ('no')",
    ),
    "vote on a strange attribute": (
        {
            "relevance_task5/x.jsonl": [
                files.votes("x", files.ANNA, [True, True], prompt_index=0)
                | {"items": [{"attribute": "Keeps bees.", "relevant": True}]}
            ]
        },
        "relevance_task5/x.jsonl:1: attribute: is no attribute of 'p-anna' of wildchat ('Keeps bees.') - check",
    ),
    "vote on one attribute twice": (
        {
            "relevance_task5/x.jsonl": [
                files.votes("x", files.ANNA, [True, True], prompt_index=0)
                | {"items": [{"attribute": files.TEXTS[0], "relevant": True}] * 2}
            ]
        },
        "relevance_task5/x.jsonl:1: attribute: named twice in one record ('Keeps a garden.') - name it once",
    ),
    "vote on an unknown prompt": (
        {"relevance_task5/x.jsonl": [files.votes("x", files.ANNA, [True, True], prompt_index=8)]},
        "relevance_task5/x.jsonl:1: prompt_index: no file gives the text of this prompt ('8') - import it with",
    ),
    "label": (
        _other("extracted/task6_items.jsonl", attributes=[{"attribute": files.TEXTS[1], "is_relevant": True}]),
        "extracted/task6_items.jsonl:1: items: the labels gave one of these attributes otherwise before (no) ('yes')",
    ),
    "response": (
        _other("extracted/task6_items.jsonl", response_personalized="Another answer."),
        "extracted/task6_items.jsonl:1: response: writer-1 stands already with another response for 'p-anna'",
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradiction_is_a_problem_and_changes_nothing(
    name: str, loaded: Importer, study: Study, tmp_path_factory: pytest.TempPathFactory
) -> None:
    parts, start = CONTRADICTIONS[name]
    again = load(study, files.write(tmp_path_factory.mktemp("second"), parts))
    assert problems(again)[0].startswith(start)
    assert not again.report.new.keys() & {
        "conversations",
        "attributes",
        "model votes",
        "response pairs",
        "prompts",
    } or (again.report.adds_nothing)


def test_corpus_of_another_kind_is_refused(
    loaded: Importer, study: Study, tmp_path_factory: pytest.TempPathFactory
) -> None:
    Corpus.objects.filter(slug="cupid").update(kind="human")
    folder = files.write(tmp_path_factory.mktemp("x"), _other("cupid_personas.jsonl"))
    assert problems(load(study, folder)) == [
        "cupid_personas.jsonl: corpus 'cupid' stands as human ('synthetic') - import it into another study, or give the"
        " kind that stands"
    ]


def test_records_are_written_in_batches(study: Study, tmp_path: Path, django_assert_max_num_queries: Any) -> None:
    chats = [files.chat(f"p{i % 40}", f"c{i}", "Hello", "Hi") for i in range(1000)]
    files.write(tmp_path, {"cupid_personas.jsonl": chats})
    with django_assert_max_num_queries(60):
        load(study, tmp_path)
    assert Conversation.objects.count() == 1000
    assert Person.objects.count() == 40


def test_prompts_are_put_to_their_people(loaded: Importer) -> None:
    texts = {prompt.text: prompt.people.count() for prompt in Prompt.objects.all()}
    assert Prompt.objects.count() == 3
    assert texts[files.PROMPT_1] == 3
