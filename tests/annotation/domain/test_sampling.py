"""Samples: exact numbers, the same for the same seed, and a campaign that asks just what was drawn."""

from __future__ import annotations

from collections import Counter

import pytest

from annotation.domain.building import build_campaign
from annotation.domain.errors import AnnotationError
from annotation.domain.sampling import sample_units
from annotation.instruments import Material
from pipeline.enums import InstrumentName, Stage
from pipeline.models import Attribute, Person, Run, SampledUnit
from studies.models import Study
from tests import factories


@pytest.fixture
def merged(study: Study) -> Run:
    return factories.make_run(study, Stage.MERGE)


@pytest.fixture
def people(study: Study, merged: Run) -> list[Person]:
    corpus = factories.make_corpus(study)
    people = [factories.make_person(corpus) for _ in range(3)]
    for person in people:
        factories.make_conversation(person, merged)
        for position in range(6):
            factories.make_attribute(person, merged, f"Likes number {position}.", position=position)
    return people


def keys(run: Run) -> list[str]:
    return sorted(run.sampled_units.values_list("unit_key", flat=True))


def test_sample_of_attributes_is_exact_and_seeded(study: Study, merged: Run, people: list[Person]) -> None:
    runs = [
        sample_units(
            study=study,
            instrument=InstrumentName.ATTRIBUTE_QUALITY,
            material=Material((merged,)),
            n=7,
            seed=seed,
        )
        for seed in ("a", "a", "b")
    ]
    assert [run.sampled_units.count() for run in runs] == [7, 7, 7]
    assert keys(runs[0]) == keys(runs[1]) != keys(runs[2])
    assert list(runs[0].inputs.all()) == [merged]
    assert runs[0].parameters["seed"] == "a"


def test_campaign_asks_only_what_was_drawn(study: Study, merged: Run, people: list[Person]) -> None:
    factories.make_prompt(study, people=tuple(people))
    material = Material((merged,))
    sample = sample_units(study=study, instrument=InstrumentName.RELEVANCE, material=material, n=10, seed="a")
    campaign = build_campaign(
        study=study,
        slug="drawn",
        title="Drawn",
        instrument=InstrumentName.RELEVANCE,
        k=3,
        material=Material((merged,), sample_runs=(sample,)),
        questions_per_item=4,
        seed="a",
    )
    assert sorted(campaign.questions.values_list("unit_key", flat=True)) == keys(sample)
    assert [item.questions.count() for item in campaign.items.all()] == [4, 3, 3]


def test_sample_of_pairs_has_so_many_pairs_and_so_many_questions(
    study: Study, merged: Run, people: list[Person]
) -> None:
    respond = factories.make_run(study, Stage.RESPOND)
    for n_given in (1, 1, 2, 5, 6):
        person = people[0]
        pair = factories.make_pair(person, factories.make_prompt(study, people=(person,)), respond)
        for position, attribute in enumerate(Attribute.objects.filter(person=person)[:n_given]):
            pair.personalized.given_rows.create(attribute=attribute, position=position)
    material = Material((merged,), (respond,))
    for seed in ("a", "b", "c", "d"):
        run = sample_units(
            study=study, instrument=InstrumentName.PREFERENCE, material=material, n=9, n_pages=3, seed=seed
        )
        per_pair = Counter(run.sampled_units.values_list("pair", flat=True))
        assert (len(per_pair), sum(per_pair.values())) == (3, 9)
    for n, n_pages in ((14, 3), (9, 6), (2, 3)):
        with pytest.raises(AnnotationError, match="wanted"):
            sample_units(
                study=study,
                instrument=InstrumentName.PREFERENCE,
                material=material,
                n=n,
                n_pages=n_pages,
                seed="a",
            )


def test_sample_of_more_than_there_is_says_how_many_there_are(study: Study, merged: Run, people: list[Person]) -> None:
    with pytest.raises(AnnotationError, match="99 units are wanted and there are 18"):
        sample_units(
            study=study,
            instrument=InstrumentName.ATTRIBUTE_QUALITY,
            material=Material((merged,)),
            n=99,
            seed="a",
        )
    assert not SampledUnit.objects.exists()
