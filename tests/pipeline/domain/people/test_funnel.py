from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from pipeline.domain.people.funnel import FILTERS, run_funnel
from pipeline.domain.people.openings import signatures_of
from pipeline.domain.people.parameters import PeopleParameters
from pipeline.domain.people.reading import Conversations, opening_of, read_conversations, turns_of
from pipeline.models import Conversation, Person
from tests import factories
from tests.pipeline.domain.people.crowd import crowd, opening, say

NAMES = ["ada", "bob", "cyd", "dee", "eva", "fay"]


@pytest.fixture
def corpus(study):
    return factories.make_corpus(study, "chats")


@pytest.fixture
def imported(study):
    return factories.make_run(study, "import")


@pytest.fixture
def people(corpus, imported):
    return crowd(corpus, imported, NAMES)


def taken(corpus, **parameters) -> dict[str, tuple[int, int]]:
    """Conversations and people that each filter took, where it took any."""
    rules = PeopleParameters(n_people=1, **parameters)
    _, steps = run_funnel(read_conversations(corpus, rules, lambda _: None), rules)
    counts = {step.filter: (step.conversations_taken, step.people_taken) for step in steps}
    return {name: count for name, count in counts.items() if any(count)}


def test_people_who_differ_pass_every_filter(corpus, people):
    assert taken(corpus) == {}


def test_language_takes_conversations_in_others_and_in_none(corpus, people, imported):
    say(people["ada"], imported, opening("feigen"), language="German")
    say(people["ada"], imported, opening("unknown"), language="")
    say(people["ada"], imported, opening("figs"), language="en-GB")
    assert taken(corpus) == {"language": (2, 0)}
    assert taken(corpus, language="de")["language"] == (20, 5)
    assert taken(corpus, language="") == {}


def test_marks_take_conversations_that_carry_them_and_not_those_that_say_nothing(corpus, people, imported):
    say(people["ada"], imported, opening("rude"), toxic=True)
    say(people["bob"], imported, opening("blacked"), redacted=True)
    say(people["bob"], imported, opening("polite"), toxic=False, redacted=False)
    say(people["cyd"], imported, opening("silent"), toxic=None, redacted=None)
    assert taken(corpus) == {"toxic": (1, 0), "redacted": (1, 0)}


def test_duplicate_takes_every_copy_but_one_also_of_another_person(corpus, people, imported):
    first = Conversation.objects.filter(person=people["ada"]).first()
    say(people["ada"], imported, opening_of(first.turns), sha256=first.sha256)
    say(people["bob"], imported, opening_of(first.turns), sha256=first.sha256)
    assert taken(corpus) == {"duplicate": (2, 0)}


def test_template_takes_openings_that_many_people_share(corpus, people, imported):
    said = "You paint pictures and I name the thing to be painted in great detail: {}"
    for place, person in enumerate(people.values()):
        say(person, imported, said.format(f"cat {place}"))
    assert taken(corpus, template_people=6) == {"template": (6, 0)}
    assert taken(corpus, template_people=7) == {}


def test_scripted_takes_people_most_of_whose_openings_are_alike(corpus, people, imported):
    """Ada: 4 of 7 alike, above a half. Bob: 3 of 6, just a half."""
    said = "Here is line {} of the log of the server, say what is wrong with it and nothing else"
    say(people["ada"], imported, *(said.format(f"1{place} a") for place in range(4)))
    told = "Please proofread the next chapter of my novel about lighthouses, it is chapter {}"
    say(people["bob"], imported, *(told.format(place) for place in range(3)))
    assert taken(corpus) == {"scripted": (7, 1)}
    assert taken(corpus, scripted_share=0.49) == {"scripted": (13, 2)}
    assert taken(corpus, scripted_share=1) == {}


def test_scripted_counts_every_opening_that_has_a_twin(corpus, people, imported):
    """Cyd opens two pairs of conversations alike: 4 of 7."""
    for said in ("Tell me the weather in the town of number {} please", "Which birds are seen on the {} of the month?"):
        say(people["cyd"], imported, said.format(1), said.format(2))
    assert taken(corpus) == {"scripted": (7, 1)}


def test_greetings_are_no_script(corpus, people, imported):
    for person in people.values():
        say(person, imported, *["hello"] * 9, sha256="")
        for row in Conversation.objects.filter(sha256="", person=person):
            Conversation.objects.filter(pk=row.pk).update(sha256=f"{row.pk:016x}")
    assert taken(corpus) == {}


def test_people_need_enough_conversations(corpus, people):
    assert taken(corpus, min_conversations=4) == {"conversations": (18, 6)}
    Conversation.objects.filter(person=people["ada"]).first().delete()
    assert taken(corpus) == {"conversations": (2, 1)}


def test_people_need_enough_turns_counted_as_messages_or_as_rounds(corpus, people):
    """Three conversations of six messages, three of them the person's: 18 and 9."""
    assert taken(corpus, min_turns=18) == {}
    assert taken(corpus, min_turns=19) == {"turns": (18, 6)}
    assert taken(corpus, min_turns=9, turns_counted="rounds") == {}
    assert taken(corpus, min_turns=10, turns_counted="rounds") == {"turns": (18, 6)}


def test_turns_leave_out_what_nobody_said_to_anybody():
    talk = [{"role": role, "content": role} for role in ("system", "user", "assistant", "tool", "user")]
    assert (turns_of(talk, "messages"), turns_of(talk, "rounds"), opening_of(talk)) == (3, 2, "user")
    assert opening_of(talk[:1]) == ""


def test_filter_looks_only_at_what_those_before_it_left(corpus, people, imported):
    """Four of Ada's are scripted but German: gone with the language, they make no script."""
    said = "Here is line {} of the log of the server, say what is wrong with it and nothing else"
    say(people["ada"], imported, *(said.format(f"1{place} a") for place in range(4)), language="German")
    assert taken(corpus) == {"language": (4, 0)}


def test_other_corpora_are_not_looked_at(study, corpus, people, imported):
    other = factories.make_corpus(study, "others")
    crowd(other, imported, ["gus"])
    Person.objects.create(corpus=corpus, source_id="silent")
    table = read_conversations(corpus, PeopleParameters(n_people=1), lambda _: None)
    assert (len(table), len(table.person_keys)) == (18, 7)


def test_conversations_that_come_in_while_it_reads_are_refused(corpus, people, imported, monkeypatch):
    from pipeline.domain.errors import RunError

    monkeypatch.setattr("pipeline.domain.people.reading.PEOPLE_AT_ONCE", 1)
    arrived = iter([people["fay"]])

    def late(*_args):
        for person in arrived:
            say(person, imported, opening("late"))
        return 1

    monkeypatch.setattr("pipeline.domain.people.reading.turns_of", late)
    with pytest.raises(RunError, match="let the import end"):
        read_conversations(corpus, PeopleParameters(n_people=1), lambda _: None)


TEXTS = [opening(word) for word in ("figs", "boats")] + ["hello", ""]


@st.composite
def tables(draw) -> Conversations:
    sizes = draw(st.lists(st.integers(0, 5), min_size=1, max_size=6))
    person = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    n = len(person)

    def column(values: st.SearchStrategy, dtype: type) -> np.ndarray:
        return np.array(draw(st.lists(values, min_size=n, max_size=n)), dtype=dtype)

    signatures, comparable = signatures_of(draw(st.lists(st.sampled_from(TEXTS), min_size=n, max_size=n)))
    return Conversations(
        person=person,
        key=np.arange(n, dtype=np.int64),
        content=column(st.integers(0, 6), np.uint64),
        turns=column(st.integers(0, 9), np.int32),
        language=column(st.booleans(), np.bool_),
        toxic=column(st.booleans(), np.bool_),
        redacted=column(st.booleans(), np.bool_),
        opening=signatures.reshape(n, -1) if n else signatures,
        comparable=comparable,
        rank=np.array(draw(st.permutations(range(n))), dtype=np.int64),
        person_keys=np.arange(len(sizes), dtype=np.int64),
        import_runs=frozenset(),
    )


@given(tables(), st.integers(1, 4), st.integers(0, 20), st.integers(2, 4), st.floats(0, 1))
def test_funnel_adds_up_whatever_comes(table, conversations, turns, template_people, share):
    rules = PeopleParameters(
        n_people=1,
        min_conversations=conversations,
        min_turns=turns,
        template_people=template_people,
        scripted_share=share,
    )
    kept, steps = run_funnel(table, rules)
    assert [step.filter for step in steps] == [each.name for each in FILTERS]
    rows, people = len(table), len(set(table.person.tolist()))
    for step in steps:
        assert step.conversations_taken >= step.people_taken >= 0
        assert step.conversations_left >= step.people_left >= 0
        assert step.conversations_left == rows - step.conversations_taken
        assert step.people_left == people - step.people_taken
        rows, people = step.conversations_left, step.people_left
    assert (int(kept.sum()), len(set(table.person[kept].tolist()))) == (rows, people)
    for person in set(table.person[kept].tolist()):
        mine = kept & (table.person == person)
        assert mine.sum() >= conversations
        assert table.turns[mine].sum() >= turns
        assert not (table.toxic | table.redacted | ~table.language)[mine].any()
    assert len(set(table.content[kept].tolist())) == kept.sum()
