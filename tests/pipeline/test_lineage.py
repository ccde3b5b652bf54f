from __future__ import annotations

import itertools

import pytest

from pipeline.enums import Stage
from pipeline.lineage import conversations_behind
from pipeline.models import Attribute, Conversation, Run, RunInput
from pipeline.stages.histories import histories_of
from studies.models import Study
from tests import factories


def chain(study: Study, *stages: Stage) -> list[Run]:
    runs = [factories.make_run(study, stage) for stage in stages]
    for source, run in itertools.pairwise(runs):
        RunInput.objects.create(run=run, source=source)
    return runs


@pytest.fixture
def drawn(study: Study) -> tuple[Attribute, Attribute, list[Conversation]]:
    """An attribute three runs behind a selection that took out the second of three conversations, and one of the same
    person with no selection behind it."""
    people, extract, merge = chain(study, Stage.PEOPLE, Stage.EXTRACT, Stage.MERGE)
    alone = factories.make_run(study, Stage.EXTRACT)
    person = factories.make_person(factories.make_corpus(study))
    chats = [factories.make_conversation(person, extract) for _ in range(3)]
    Run.objects.filter(pk=people.pk).update(outcome={"conversations_left_out": [chats[1].public_id]})
    return factories.make_attribute(person, merge), factories.make_attribute(person, alone), chats


def test_conversations_that_a_selection_took_out_are_not_shown_again(drawn) -> None:
    selected, alone, chats = drawn
    assert list(conversations_behind([selected])) == [chats[0], chats[2]]
    assert list(conversations_behind([alone])) == chats
    assert histories_of([selected])[0].conversations == (chats[0], chats[2])


def test_rater_sees_what_the_attribute_was_made_from(drawn) -> None:
    from annotation.instruments import INSTRUMENTS
    from annotation.models import Assignment, Question

    selected, _, chats = drawn
    question = Question(attribute=selected, text="Keeps a garden.")
    page = INSTRUMENTS["attribute_quality"].page(Assignment(), [question])
    assert len(page.conversations or ()) == len(chats) - 1


def test_lineage_is_looked_up_once(drawn, django_assert_num_queries) -> None:
    selected, _, _ = drawn
    list(conversations_behind([selected]))
    with django_assert_num_queries(2):  # the runs' ids, and the conversations
        list(conversations_behind([selected]))
