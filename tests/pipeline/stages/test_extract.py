from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.models import Conversation, Run
from pipeline.stages.base import Answer, UnitFailed
from pipeline.stages.extract import SCHEMA, Chat, Extract, ExtractedAttributes, parse_attributes
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
