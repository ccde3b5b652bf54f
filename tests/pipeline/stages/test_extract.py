from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.domain.errors import RunError
from pipeline.domain.planning import inputs_for, plan_run
from pipeline.models import Attribute, Conversation, Run, SampledPerson
from pipeline.stages.base import Answer, UnitFailed
from pipeline.stages.extract import SCHEMA, Chat, Extract, ExtractedAttributes, parse_attributes
from studies.models import Study
from tests import factories
from tests.pipeline.backing import run_stage
from tests.pipeline.stages.driving import drive

TURNS = [{"role": "user", "content": "My bees swarmed."}, {"role": "assistant", "content": "Oh."}]
RUN = Run(stage="extract", model_name="model-a", parameters={"temperature": 0.8, "max_tokens": 99})
CHAT = Chat(Conversation(turns=TURNS), 2)


def answer(**changes: Any) -> str:
    found = {"attribute": "Keeps bees.", "reason": "They say so.", "confidence": 0.9, "evidence_turns": [0]}
    return json.dumps({"attributes": [found | changes]})


def test_extract_sends_numbered_turns_and_its_schema() -> None:
    result, asked = drive(Extract(), RUN, CHAT, answer())
    assert [attribute.attribute for attribute in result] == ["Keeps bees."]
    assert "[0] user: My bees swarmed.\n\n[1] assistant: Oh." in asked[0].messages[0].content
    assert asked[0].sampling.temperature == 0.8
    assert asked[0].response_schema is not None


def test_extract_takes_a_conversation_that_shows_nothing() -> None:
    assert drive(Extract(), RUN, CHAT, '{"attributes": []}')[0] == []


def test_extract_asks_once_more_showing_what_is_wrong() -> None:
    _, asked = drive(Extract(), RUN, CHAT, answer(evidence_turns=[2]), answer())
    first, second = asked
    assert second.messages[: len(first.messages)] == first.messages
    assert second.messages[1].content == answer(evidence_turns=[2])
    assert "there is no turn 2 (0 to 1)" in second.messages[2].content
    assert second.cache_key != first.cache_key


def test_extract_fails_after_one_repair() -> None:
    with pytest.raises(UnitFailed, match=r"unparseable after one repair: .*no JSON"):
        drive(Extract(), RUN, CHAT, "Bees!", "More bees!", answer())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"evidence_turns": [-1]}, "no turn -1"),
        ({"confidence": 1.2}, "confidence"),
        ({"confidence": "high"}, "confidence"),
        ({"attribute": ""}, "attribute"),
        ({"evidence_turns": None}, "evidence_turns"),
        ({"certainty": 1}, "certainty"),
    ],
)
def test_parse_attributes_names_the_field(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_attributes(Answer(answer(**changes)), 2)


def test_parse_attributes_refuses_what_was_cut_off_even_if_it_parses() -> None:
    with pytest.raises(ValueError, match="cut off"):
        parse_attributes(Answer(answer(), finish_reason="length"), 2)


def test_schema_and_model_agree() -> None:
    item = SCHEMA["properties"]["attributes"]["items"]
    fields = ExtractedAttributes.model_json_schema()["$defs"]["Extracted"]
    assert set(item["properties"]) == set(fields["properties"]) == set(item["required"])
    assert {name: part["type"] for name, part in item["properties"].items()} == {
        name: part["type"] for name, part in fields["properties"].items()
    }


@pytest.mark.parametrize(
    ("second", "kind"),
    [
        (Answer("Bees!"), "unparseable"),
        (Answer(" \n"), "empty"),
        (Answer('{"attributes": [', finish_reason="length"), "cut_off"),
        (Answer('{"attributes": []}', finish_reason="content_filter"), "cut_off"),
    ],
)
def test_extract_fails_by_the_kind_of_its_last_answer(second: Answer, kind: str) -> None:
    with pytest.raises(UnitFailed) as failed:
        drive(Extract(), RUN, CHAT, "Bees!", second)
    assert failed.value.kind == kind


def test_parse_attributes_refuses_a_blank_and_cleans_what_no_database_stores() -> None:
    with pytest.raises(ValueError, match=r"attributes\.0\.attribute"):
        parse_attributes(Answer(answer(attribute=" \n ")), 2)
    (found,) = parse_attributes(Answer(answer(attribute=" Keeps\x00 bees \ud83d. ")), 2)
    assert found.attribute == "Keeps\ufffd bees \ufffd."


@pytest.fixture
def chats(study: Study) -> list[Conversation]:
    """Of two people, two each."""
    corpus, imported = factories.make_corpus(study), factories.make_run(study, "import")
    people = [factories.make_person(corpus) for _ in range(2)]
    words = [[{"role": "user", "content": f"Chat {number}."}] for number in range(4)]
    return [factories.make_conversation(people[place // 2], imported, turns) for place, turns in enumerate(words)]


def test_extract_of_selected_people_reads_their_conversations_only(study: Study, chats: list[Conversation]) -> None:
    people = factories.make_run(study, "people", backend="seeded")
    SampledPerson.objects.create(run=people, person=chats[2].person, position=0)
    run, backend = run_stage(study, "extract", [people], lambda _: answer(evidence_turns=[]))
    assert ["Chat 2." in request.messages[0].content for request in backend.sent] == [True, False]
    assert run.n_units == run.n_done == 2
    assert set(Attribute.objects.filter(run=run).values_list("person", flat=True)) == {chats[2].person_id}
    assert list(run.inputs.all()) == [people]


def test_extract_takes_everybody_unless_selected_people_are_named(study: Study, chats: list[Conversation]) -> None:
    factories.make_run(study, "people", backend="seeded")
    assert inputs_for(study, "extract", "recorded") == []
    assert plan_run(study=study, stage="extract", backend="recorded", model="m").n_units == len(chats)


def test_extract_reads_no_other_run(study: Study, chats: list[Conversation]) -> None:
    with pytest.raises(RunError, match="extract reads a run of people, not of merge"):
        run_stage(study, "extract", [factories.make_run(study, "merge")], lambda _: answer())
