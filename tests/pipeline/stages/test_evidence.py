from __future__ import annotations

import json

import pytest

from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.models import Attribute, Conversation, Evidence, Run
from pipeline.requests import ModelRequest
from pipeline.stages.base import Answer, UnitFailed
from pipeline.stages.evidence import SCHEMA, FindEvidence, NamedEvidence, NamedTurns, parse_places
from pipeline.stages.histories import Bounded, History
from pipeline.stages.places import Place
from studies.models import Study
from tests import factories
from tests.pipeline.backing import Scripted, run_stage
from tests.pipeline.stages.driving import drive

RUN = Run(
    stage="evidence", model_name="model-a", parameters={"temperature": 0.0, "max_tokens": 99, "max_characters": 1000}
)
CHATS = (
    Conversation(pk=7, turns=[{"role": "user", "content": "My bees swarmed."}]),
    Conversation(pk=9, turns=[{"role": "user", "content": "Rye?"}, {"role": "assistant", "content": "Yes."}]),
)
HISTORY = History(Attribute(text="Keeps bees."), CHATS)


def answer(*places: tuple[int, list[int]]) -> str:
    """As models that know no quotes answer."""
    return json.dumps({"evidence": [{"conversation": number, "turns": turns} for number, turns in places]})


def test_evidence_sends_the_statement_and_numbered_conversations_and_turns() -> None:
    result, asked = drive(FindEvidence(), RUN, HISTORY, answer((0, [0]), (1, [1, 0, 1])))
    assert result == Bounded([Place(7, 0), Place(9, 0), Place(9, 1)])
    content = asked[0].messages[0].content
    assert "Statement about the person:\n\nKeeps bees." in content
    assert "=== Conversation 0 ===\n\n[0] user: My bees swarmed." in content
    assert content.endswith("=== Conversation 1 ===\n\n[0] user: Rye?\n\n[1] assistant: Yes.")
    assert asked[0].sampling.temperature == 0.0
    assert asked[0].response_schema == SCHEMA


def test_evidence_takes_a_statement_that_nothing_shows() -> None:
    assert drive(FindEvidence(), RUN, HISTORY, answer())[0].result == []


def test_evidence_asks_once_more_showing_what_is_wrong() -> None:
    result, asked = drive(FindEvidence(), RUN, HISTORY, answer((2, [0])), answer((1, [0])))
    assert result.result == [Place(9, 0)]
    assert "there is no conversation 2 (0, 1)" in asked[1].messages[2].content
    assert asked[1].messages[:1] == asked[0].messages


def test_evidence_fails_after_one_repair() -> None:
    with pytest.raises(UnitFailed, match="unparseable after one repair"):
        drive(FindEvidence(), RUN, HISTORY, "Turn 0.", "Turn 0!", answer())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (answer((-1, [0])), "no conversation -1"),
        (answer((0, [1])), r"evidence.0.turns: there is no turn 1 \(0 to 0\)"),
        (answer((1, [-1])), "no turn -1"),
        ('{"evidence": [{"conversation": 0}]}', "evidence.0.turns"),
        ('{"turns": []}', "evidence"),
        ("none", "no JSON"),
    ],
)
def test_parse_places_names_the_field(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_places(Answer(text), dict(enumerate(CHATS)))


def test_parse_places_refuses_what_was_cut_off_even_if_it_parses() -> None:
    with pytest.raises(ValueError, match="cut off"):
        parse_places(Answer(answer(), finish_reason="length"), dict(enumerate(CHATS)))


def quoted(*quotes: tuple[int, str], turns: tuple[int, ...] = (0,)) -> str:
    """An answer about conversation 1."""
    rows = [{"turn": turn, "text": text} for turn, text in quotes]
    return json.dumps({"evidence": [{"conversation": 1, "turns": turns, "quotes": rows}]})


def test_parse_places_makes_spans_of_quotes_and_leaves_other_turns_whole() -> None:
    """ "Yes." is turn 1 of conversation 9; its turn 0 is named and not quoted."""
    found = parse_places(Answer(quoted((1, "\u201cYes\u201d"), (1, "Yes."), turns=(0, 1))), dict(enumerate(CHATS)))
    assert found == [Place(9, 0), Place(9, 1, 0, 4)]  # of two that begin at one point the longer


def test_parse_places_takes_a_quote_as_naming_its_turn() -> None:
    assert parse_places(Answer(quoted((1, "es"), turns=())), dict(enumerate(CHATS))) == [Place(9, 1, 1, 3)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (quoted((0, "Wheat?")), r"evidence.0.quotes.0.text: turn 0 does not say 'Wheat\?'; quote it word for word"),
        (quoted((0, "")), "does not say ''"),
        (quoted((1, "Rye?")), "turn 1 does not say"),
        (quoted((2, "Rye?")), r"quotes.0.turn: there is no turn 2 \(0 to 1\)"),
        (quoted((0, "Rye?"), (-1, "Rye?")), "quotes.1.turn: there is no turn -1"),
        ('{"evidence": [{"conversation": 0, "turns": [], "quotes": ["Rye?"]}]}', "quotes.0"),
        ('{"evidence": [{"conversation": 0, "turns": [0], "quote": "Rye?"}]}', "quote: Extra"),
    ],
)
def test_parse_places_names_the_quote_that_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_places(Answer(text), dict(enumerate(CHATS)))


def test_evidence_repairs_a_quote_and_fails_where_it_stays_wrong() -> None:
    right, wrong = quoted((0, "Rye")), quoted((0, "Wheat"))
    result, asked = drive(FindEvidence(), RUN, HISTORY, wrong, right)
    assert result.result == [Place(9, 0, 0, 3)]
    assert "turn 0 does not say 'Wheat'" in asked[1].messages[2].content
    with pytest.raises(UnitFailed, match="does not say 'Wheat'") as failed:
        drive(FindEvidence(), RUN, HISTORY, wrong, wrong)
    assert failed.value.kind == "unparseable"


def test_schema_asks_for_what_is_parsed() -> None:
    assert set(SCHEMA["properties"]) == set(NamedEvidence.model_fields)
    assert set(SCHEMA["properties"]["evidence"]["items"]["required"]) == set(NamedTurns.model_fields)


@pytest.fixture
def merged(study: Study) -> Run:
    """Two people; Ann's attribute has one turn marked, a text is unknown, and Cleo has no conversations."""
    corpus = factories.make_corpus(study)
    ann, bea, cleo = (factories.make_person(corpus) for _ in range(3))
    imported, run = factories.make_run(study, "import"), factories.make_run(study, "merge")
    chat = factories.make_conversation(ann, imported)
    factories.make_conversation(ann, imported)
    factories.make_conversation(bea, imported)
    bees = factories.make_attribute(ann, run, "Keeps bees.", position=0)
    Evidence.objects.create(attribute=bees, conversation=chat, turn=0)
    factories.make_attribute(ann, run, None, position=1)
    factories.make_attribute(bea, run, "Sails.", position=0)
    factories.make_attribute(cleo, run, "Sings.", position=0)
    return run


def marked(run: Run) -> dict[str, list[tuple[int, int]]]:
    places: dict[str, list[tuple[int, int]]] = {}
    for row in Evidence.objects.filter(attribute__run=run).order_by("conversation__position", "turn"):
        places.setdefault(row.attribute.text or "", []).append((row.conversation.position, row.turn))
    return places


def test_evidence_adds_turns_and_keeps_those_marked_before(merged: Run) -> None:
    first, second, third = Conversation.objects.order_by("pk").values_list("position", flat=True)

    def say(request: object) -> str:
        return answer((0, [0, 1]), (1, [1])) if "Keeps bees." in str(request) else answer((0, [1]))

    run, backend = run_stage(merged.study, "evidence", [merged], say)
    assert (run.state, run.n_units, len(backend.sent)) == ("complete", 2, 2)
    assert marked(merged) == {"Keeps bees.": [(first, 0), (first, 1), (second, 1)], "Sails.": [(third, 1)]}


def test_evidence_stores_quotes_once_beside_turns_marked_before(merged: Run) -> None:
    text = json.dumps({"evidence": [{"conversation": 0, "turns": [0], "quotes": [{"turn": 0, "text": "a fig tree"}]}]})
    for model in ("model-a", "model-b"):
        run = plan_run(study=merged.study, stage="evidence", backend="recorded", model=model, inputs=[merged])
        execute_run(run=start_run(run=run), backend=Scripted(lambda request: text))
    places = Evidence.objects.filter(attribute__text="Keeps bees.").order_by("pk")
    assert list(places.values_list("start", "end")) == [(None, None), (15, 25)]
    assert places[1].conversation.turns[0]["content"][15:25] == "a fig tree"


def test_evidence_says_what_it_left_out_and_refuses_what_was_not_shown(merged: Run) -> None:
    ann = merged.attributes.filter(text="Keeps bees.").get().person
    turns = [{"role": "user", "content": "Queens and drones. " * 30}]
    factories.make_conversation(ann, factories.make_run(merged.study, "import"), turns)

    def say(request: ModelRequest) -> str:
        return answer((2, [0])) if len(request.messages) == 1 and "Keeps bees." in str(request) else answer()

    run, backend = run_stage(merged.study, "evidence", [merged], say, max_characters=200)
    (repair,) = (request for request in backend.sent if len(request.messages) > 1)
    assert "there is no conversation 2 (0, 1)" in repair.messages[2].content
    assert run.outcome == {"units_shown_a_part": 1, "conversations_left_out": 1}
    assert run.state == "complete"


def test_evidence_shows_each_person_their_own_conversations_only(merged: Run) -> None:
    _, backend = run_stage(merged.study, "evidence", [merged], lambda request: answer())
    numbers = [request.messages[0].content.count("=== Conversation") for request in backend.sent]
    assert numbers == [2, 1]


def test_evidence_of_a_second_model_adds_to_the_first(merged: Run) -> None:
    run_stage(merged.study, "evidence", [merged], lambda request: answer((0, [0])))
    other = plan_run(study=merged.study, stage="evidence", backend="recorded", model="model-b", inputs=[merged])
    execute_run(run=start_run(run=other), backend=Scripted(lambda request: answer((0, [0, 1]))))
    assert [len(places) for places in marked(merged).values()] == [2, 2]


def test_evidence_that_cannot_be_read_leaves_the_marks_alone(merged: Run) -> None:
    before = marked(merged)
    run, _ = run_stage(merged.study, "evidence", [merged], lambda request: "I do not know.")
    assert run.state == "incomplete"
    assert marked(merged) == before


def test_evidence_loads_in_a_number_of_queries_that_does_not_grow(
    merged: Run, django_assert_num_queries: object
) -> None:
    run = plan_run(study=merged.study, stage="evidence", backend="recorded", model="model-a", inputs=[merged])
    units = list(run.work_units.order_by("position"))
    FindEvidence().load(run, units[:1])  # what stands behind the run is looked up once
    with django_assert_num_queries(4):  # type: ignore[operator]
        FindEvidence().load(run, units[:1])
    with django_assert_num_queries(4):  # type: ignore[operator]
        assert len(FindEvidence().load(run, units)) == 2
