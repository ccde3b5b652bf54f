from __future__ import annotations

import pytest

from annotation.domain.errors import AnnotationError
from annotation.domain.screening.making import make_check_item, restore_check, retire_check
from annotation.enums import ItemRole
from annotation.models import Campaign, Expected, Item, ItemPerson, Question
from pipeline.enums import InstrumentName
from studies.models import AuditEvent, Study, User
from tests import factories


def test_make_check_item_copies_the_page_and_nothing_of_its_seats(campaign: Campaign, pilot: Campaign) -> None:
    source = pilot.items.get(position=1)
    Item.objects.filter(pk=source.pk).update(words=120, lease_seconds=900)
    source.refresh_from_db()
    made = make_check_item(source=source, role=ItemRole.GOLD, expected={1: ["no"]}, campaign=campaign)
    assert (made.prompt_id, made.pair_id, made.words, made.lease_seconds) == (source.prompt_id, None, 120, 900)
    assert (made.open_seats, made.seats.count(), made.position) == (0, 0, 30)
    asked = [(each.position, each.text, each.unit_key) for each in made.questions.all()]
    assert asked == [(each.position, each.text, each.unit_key) for each in source.questions.all()]
    assert set(made.questions.values_list("campaign", "role")) == {(campaign.pk, "gold")}
    people = ItemPerson.objects.filter(item=source).values_list("person", flat=True)
    assert list(ItemPerson.objects.filter(item=made).values_list("person", flat=True)) == list(people)
    assert list(Expected.objects.values_list("question__position", "values")) == [(1, ["no"])]
    assert AuditEvent.objects.get(verb="add_checks").detail["gold"] == 1


def test_attention_item_says_itself_what_to_choose(campaign: Campaign, pilot: Campaign) -> None:
    source = pilot.items.get(position=0)
    made = [
        make_check_item(source=source, role=ItemRole.ATTENTION, expected={0: ["no"]}, campaign=campaign)
        for _ in range(3)
    ]
    texts = [Question.objects.get(item=item, position=0).text for item in made]
    assert all("“No”" in text for text in texts)
    assert len(set(texts)) == 3, "a text does not come back unchanged"
    assert Question.objects.get(item=made[0], position=1).text == source.questions.get(position=1).text


def test_attention_item_speaks_the_campaign_language(campaign: Campaign, pilot: Campaign) -> None:
    words = {0: "Bitte hier „Ja“ wählen."}
    own = make_check_item(
        source=pilot.items.get(position=0),
        role=ItemRole.ATTENTION,
        expected={0: ["yes"]},
        texts=words,
        campaign=campaign,
    )
    assert own.questions.get(position=0).text == words[0]


WRONG = {
    "no_answer": ({"expected": {}}, "No answer is expected"),
    "no_such_question": ({"expected": {7: ["yes"]}}, "no question 8; it has 2"),
    "no_such_value": ({"expected": {0: ["accepted"]}}, "expects 'accepted'; use no, yes"),
    "every_value": ({"expected": {0: ["yes", "no"]}}, "expects every answer"),
    "work": ({"role": ItemRole.WORK}, "'work' is no role of a check item"),
    "feedback_of_gold": ({"feedback": {0: "Because."}}, "Feedback is shown after training only"),
    "attempt_of_gold": ({"attempt": 2}, "Attempts belong to qualification"),
    "text_of_gold": ({"texts": {0: "Choose yes."}}, "Only attention items have a text"),
    "feedback_alone": ({"role": ItemRole.TRAINING, "feedback": {1: "Because."}}, "Question 2 has words"),
    "all_instructions": ({"role": ItemRole.ATTENTION, "expected": {0: ["yes"], 1: ["no"]}}, "Leave one question"),
}


@pytest.mark.parametrize("name", WRONG)
def test_make_check_item_refuses(campaign: Campaign, pilot: Campaign, name: str) -> None:
    options, message = WRONG[name]
    given = {"role": ItemRole.GOLD, "expected": {0: ["yes"]}} | options
    with pytest.raises(AnnotationError, match=message):
        make_check_item(source=pilot.items.get(position=0), campaign=campaign, **given)
    assert not Item.objects.exclude(role=ItemRole.WORK).exists()


def test_make_check_item_refuses_a_page_of_elsewhere(campaign: Campaign, other_study: Study, study: Study) -> None:
    elsewhere = factories.make_campaign(other_study, n_items=1)
    quality = factories.make_campaign(study, n_items=1, instrument=InstrumentName.ATTRIBUTE_QUALITY)
    for source in (elsewhere.items.get(), quality.items.get()):
        with pytest.raises(AnnotationError, match="is no page of main"):
            make_check_item(source=source, role=ItemRole.GOLD, expected={0: ["yes"]}, campaign=campaign)


def test_retired_check_is_deleted_only_where_nobody_was_given_it(check, rater, lead: User) -> None:
    unmet, met = check(), check()
    factories.make_given(met, rater)
    assert retire_check(item=unmet, actor=lead) is True
    assert retire_check(item=met, actor=lead) is False
    assert list(Item.objects.filter(role=ItemRole.GOLD).values_list("pk", "priority")) == [(met.pk, -1)]
    assert Expected.objects.count() == 1
    restore_check(item=met, actor=lead)
    met.refresh_from_db()
    assert met.priority == 0


def test_work_is_not_retired(campaign: Campaign, lead: User) -> None:
    with pytest.raises(AnnotationError, match="is work"):
        retire_check(item=campaign.items.filter(role=ItemRole.WORK)[0], actor=lead)
