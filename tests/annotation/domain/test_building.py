"""Campaigns from runs: every unit once, pages even, wording frozen, sides in balance."""

from __future__ import annotations

from collections import Counter

import pytest

from annotation.domain.building import build_campaign
from annotation.domain.errors import AnnotationError, MaterialMissing
from annotation.enums import CampaignState, Origin
from annotation.instruments import Material
from annotation.instruments.base import even_parts
from annotation.models import Campaign, Question, Seat
from pipeline.enums import InstrumentName, LabelMethod, Stage
from pipeline.models import Attribute, Conversation, Label, Person, Run
from pipeline.units import unit_key
from studies.models import Study
from tests import factories


@pytest.fixture
def run(study: Study) -> Run:
    return factories.make_run(study, Stage.MERGE)


@pytest.fixture
def people(study: Study, run: Run) -> list[Person]:
    """Three people with 5, 3 and 9 attributes."""
    corpus = factories.make_corpus(study)
    people = [factories.make_person(corpus) for _ in range(3)]
    for person, n in zip(people, (5, 3, 9), strict=True):
        factories.make_conversation(person, run)
        for position in range(n):
            factories.make_attribute(person, run, f"Likes number {position}.", position=position)
    return people


def build(study: Study, instrument: str, material: Material, **fields: object) -> Campaign:
    defaults: dict[str, object] = {"slug": "one", "title": "One", "k": 3, "seed": "seed"}
    return build_campaign(study=study, instrument=instrument, material=material, **defaults | fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(("n", "most", "sizes"), [(0, 4, []), (4, 4, [4]), (5, 4, [3, 2]), (9, 4, [3, 3, 3])])
def test_even_parts_are_few_and_even(n: int, most: int, sizes: list[int]) -> None:
    parts = even_parts(list(range(n)), most)
    assert [len(part) for part in parts] == sizes
    assert [thing for part in parts for thing in part] == list(range(n))


def test_attribute_quality_pages_hold_one_person_each(study: Study, run: Run, people: list[Person]) -> None:
    campaign = build(study, InstrumentName.ATTRIBUTE_QUALITY, Material((run,)), questions_per_item=4)
    assert campaign.state == CampaignState.DRAFT
    assert [item.questions.count() for item in campaign.items.all()] == [3, 2, 3, 3, 3, 3]
    assert all(item.people.count() == 1 for item in campaign.items.all())
    assert Question.objects.values("unit_key").distinct().count() == 17
    assert Counter(Seat.objects.values_list("number", flat=True)) == {0: 6, 1: 6, 2: 6}
    assert set(campaign.items.values_list("open_seats", flat=True)) == {3}


def test_relevance_pools_people_and_spreads_each_evenly(study: Study, run: Run, people: list[Person]) -> None:
    factories.make_prompt(study, people=(people[0], people[2]))
    factories.make_prompt(study, people=(people[1],))
    campaign = build(study, InstrumentName.RELEVANCE, Material((run,)), questions_per_item=7)
    pages = [Counter(item.questions.values_list("attribute__person", flat=True)) for item in campaign.items.all()]
    assert [sum(page.values()) for page in pages] == [7, 7, 3]
    first, second = pages[:2]
    assert all(abs(first[person.pk] - second[person.pk]) <= 1 for person in (people[0], people[2]))
    assert Question.objects.count() == 5 + 9 + 3


def test_preference_asks_only_what_labels_call_relevant(study: Study, run: Run, people: list[Person]) -> None:
    prompt = factories.make_prompt(study, people=(people[0],))
    respond = factories.make_run(study, Stage.RESPOND)
    factories.make_pair(people[0], prompt, respond)
    factories.make_pair(people[1], prompt, respond)  # no label: no question
    labels = factories.make_run(study, Stage.LABEL)
    for attribute, value in zip(Attribute.objects.filter(person=people[0]), ("yes", "no", "yes", None), strict=False):
        Label.objects.create(
            run=labels,
            instrument=InstrumentName.RELEVANCE,
            attribute=attribute,
            prompt=prompt,
            unit_key=unit_key(InstrumentName.RELEVANCE, attribute, prompt),
            method=LabelMethod.MAJORITY,
            value=value,
            n=3,
            share=0.5,
        )
    campaign = build(study, InstrumentName.PREFERENCE, Material((run,), (respond,), (labels,)))
    texts = list(campaign.items.get().questions.values_list("text", flat=True))
    assert texts == ["Likes number 0.", "Likes number 2."]


def test_preference_sides_alternate_within_and_over_items(study: Study, run: Run, people: list[Person]) -> None:
    respond = factories.make_run(study, Stage.RESPOND)
    for _ in range(4):
        pair = factories.make_pair(people[0], factories.make_prompt(study, people=(people[0],)), respond)
        attribute = Attribute.objects.filter(person=people[0])[0]
        pair.personalized.given_rows.create(attribute=attribute, position=0)
    campaign = build(study, InstrumentName.PREFERENCE, Material((run,), (respond,)), k=3)
    for item in campaign.items.all():
        sides = [seat.side for seat in item.seats.all()]
        assert abs(sides.count("left") - sides.count("right")) == 1
    assert Counter(Seat.objects.values_list("side", flat=True)) == {"left": 6, "right": 6}


def test_build_is_the_same_for_the_same_seed(study: Study, run: Run, people: list[Person]) -> None:
    factories.make_prompt(study, people=tuple(people))
    build(study, InstrumentName.RELEVANCE, Material((run,)), slug="a", questions_per_item=4)
    build(study, InstrumentName.RELEVANCE, Material((run,)), slug="b", questions_per_item=4)
    build(study, InstrumentName.RELEVANCE, Material((run,)), slug="c", questions_per_item=4, seed="another")

    def pages(slug: str) -> list[tuple[int, list[str]]]:
        items = Campaign.objects.get(slug=slug).items.all()
        return [(item.sort_key, list(item.questions.values_list("unit_key", flat=True))) for item in items]

    assert pages("a") == pages("b")
    assert pages("a") != pages("c")


def test_build_freezes_the_wording(study: Study, run: Run, people: list[Person]) -> None:
    campaign = build(study, InstrumentName.ATTRIBUTE_QUALITY, Material((run,)))
    Attribute.objects.update(text="Reworded.")
    assert not Question.objects.filter(campaign=campaign, text="Reworded.").exists()


def test_build_leaves_out_attributes_whose_text_is_unknown(study: Study, run: Run, people: list[Person]) -> None:
    Attribute.objects.filter(person=people[0]).update(text=None)
    campaign = build(study, InstrumentName.ATTRIBUTE_QUALITY, Material((run,)))
    assert campaign.questions.count() == 12


def test_attribute_quality_leaves_out_people_whose_conversations_are_not_here(
    study: Study, run: Run, people: list[Person]
) -> None:
    Conversation.objects.filter(person=people[2]).delete()
    campaign = build(study, InstrumentName.ATTRIBUTE_QUALITY, Material((run,)))
    assert campaign.questions.count() == 8


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"slug": "taken"}, "has a campaign 'taken' already; choose another"),
        ({"origin": Origin.IMPORTED}, "comes from import_corpus"),
        ({"k": 0}, "must be at least 1"),
        ({"questions_per_item": 0}, "must be at least 1"),
    ],
)
def test_build_of_nonsense_says_so_and_makes_nothing(
    study: Study, run: Run, people: list[Person], fields: dict[str, object], says: str
) -> None:
    factories.make_campaign(study, slug="taken")
    with pytest.raises(AnnotationError, match=says):
        build(study, InstrumentName.ATTRIBUTE_QUALITY, Material((run,)), **fields)
    assert Campaign.objects.count() == 1


def test_build_from_nothing_names_the_runs(study: Study, run: Run) -> None:
    with pytest.raises(MaterialMissing, match=run.public_id[:6]):
        build(study, InstrumentName.ATTRIBUTE_QUALITY, Material((run,)))
    assert not Campaign.objects.exists()
