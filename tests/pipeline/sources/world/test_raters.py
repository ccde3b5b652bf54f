from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from random import Random
from statistics import mean

import pytest
from sklearn.metrics import cohen_kappa_score

from analysis.schema import VALUES
from annotation.enums import RejectReason
from pipeline.sources.world import World
from pipeline.sources.world.catalogue import TRUE
from pipeline.sources.world.characters import CHARACTERS
from pipeline.sources.world.preferences import difference
from pipeline.sources.world.raters import SimulatedRater
from pipeline.sources.world.responses import generic_response, personalized_response
from pipeline.sources.world.world import WorldPerson

RATERS = range(8)


@pytest.fixture(scope="module")
def relevance_pages(world: World) -> list[tuple[str, str]]:
    people = {person.source_id: person for person in world.people}
    pages = [
        (prompt.text, concept.wordings[0])
        for prompt in world.prompts
        for person in prompt.people
        for concept in people[person].concepts().values()
    ]
    return Random(1).sample(pages, 800)


def turns_of(person: WorldPerson) -> list[str]:
    return [turn["content"] for turn in person.chats[0].turns if turn["role"] == "user"]


def test_rater_answers_a_page_the_same_whenever_it_is_asked(world: World) -> None:
    person, prompt = world.people[0], world.prompts[0]
    statement = next(iter(person.concepts().values())).wordings[0]
    first, again = SimulatedRater(world, 3), SimulatedRater(world, 3)
    again.relevance("something else", "in between")
    assert first.quality(statement, turns_of(person)) == again.quality(statement, turns_of(person))
    assert first.relevance(prompt.text, statement) == again.relevance(prompt.text, statement)
    assert first.preference(prompt.text, statement, "a", "b") == again.preference(prompt.text, statement, "a", "b")
    assert first.seconds(12) == again.seconds(12)


def test_raters_differ_in_ability_speed_and_side(world: World) -> None:
    raters = [SimulatedRater(world, number) for number in range(40)]
    for trait in ("noise", "pace", "leans", "eager"):
        assert len({getattr(rater, trait) for rater in raters}) == 40
    assert 0 < sum(rater.careless for rater in raters) < 8
    assert len({rater.seconds(12) for rater in raters}) > 30
    assert all(10 < rater.seconds(12) < 600 for rater in raters)


def test_quality_follows_the_truth_and_gives_reasons_of_the_platform(world: World) -> None:
    rater = next(rater for rater in (SimulatedRater(world, number) for number in RATERS) if not rater.careless)
    answers: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for person in world.people:
        for concept in person.concepts().values():
            text, turns = concept.wordings[0], turns_of(person)
            value = rater.quality(text, turns)
            reason = rater.quality_reason(text, value, turns)
            assert value in VALUES["attribute_quality"]
            assert reason in RejectReason.values
            assert value != "accepted" or reason == ""
            answers[world.truth_about(person, text) == TRUE][value] += 1
    share = {truth: found["accepted"] / found.total() for truth, found in answers.items()}
    assert share[True] > 0.75
    assert share[False] < 0.3


def test_synthetic_people_are_described_better_by_about_22_points(world: World) -> None:
    problematic = {}
    for corpus in ("world", "synthetic"):
        values = [
            SimulatedRater(world, number).quality(concept.wordings[0], turns_of(person))
            for number in range(3)
            for person in world.people
            if person.corpus == corpus
            for concept in person.concepts().values()
        ]
        problematic[corpus] = mean(value != "accepted" for value in values)
    assert 0.17 < problematic["world"] - problematic["synthetic"] < 0.29


def test_relevance_is_said_of_a_fifth_and_agreed_on_moderately(
    world: World, relevance_pages: list[tuple[str, str]]
) -> None:
    raters = [rater for rater in (SimulatedRater(world, number) for number in RATERS) if not rater.careless]
    answers = [[rater.relevance(*page) for page in relevance_pages] for rater in raters]
    assert {value for row in answers for value in row} == set(VALUES["relevance"])
    assert 0.15 < mean(value == "yes" for row in answers for value in row) < 0.26
    kappas = [cohen_kappa_score(one, other) for one, other in combinations(answers, 2)]
    assert 0.33 < mean(kappas) < 0.52


@pytest.fixture(scope="module")
def comparisons(world: World) -> list[tuple[str, str, str, str]]:
    """(prompt, statement, generic, personalized) of all generators, the relevant statements of some people."""
    people = {person.source_id: person for person in world.people}
    found = []
    for prompt in world.prompts:
        statements = [concept.wordings[0] for concept in people[prompt.people[0]].concepts().values()]
        relevant = [text for text in statements if world.is_relevant(prompt.text, text)]
        for who in CHARACTERS.values():
            generic = generic_response(world, who, prompt.text)
            personalized = personalized_response(world, who, prompt.text, relevant)
            found += [(prompt.text, text, generic, personalized) for text in relevant]
    return found


def test_preference_leans_a_little_to_the_personalized_response(
    world: World, comparisons: list[tuple[str, str, str, str]]
) -> None:
    scores = []
    for number in range(5):
        rater = SimulatedRater(world, number)
        for prompt, text, generic, personalized in comparisons:
            right = int(rater.preference(prompt, text, generic, personalized))
            left = 6 - int(rater.preference(prompt, text, personalized, generic))
            scores.append((right + left) / 2)
    assert 3.05 < mean(scores) < 3.3


def test_preference_has_a_side_bias_of_its_own_for_each_rater(
    world: World, comparisons: list[tuple[str, str, str, str]]
) -> None:
    biases = []
    for number in range(20):
        rater = SimulatedRater(world, number)
        values = [int(rater.preference(p, t, g, x)) for p, t, g, x in comparisons[:200]]
        values += [int(rater.preference(p, t, x, g)) for p, t, g, x in comparisons[:200]]
        biases.append((rater.leans, mean(values) - 3))
    most, least = max(biases), min(biases)
    assert most[1] > least[1] + 0.1


def test_difference_is_the_same_from_either_side(world: World, comparisons: list[tuple[str, str, str, str]]) -> None:
    told = 0
    for prompt, text, generic, personalized in comparisons[:100]:
        one, other = (
            difference(world, prompt, text, generic, personalized),
            difference(world, prompt, text, personalized, generic),
        )
        assert (one.side, one.gain, one.open) == (-other.side, other.gain, other.open)
        told += one.side == 1
    assert told > 95


def test_preference_is_the_same_of_markdown_and_of_the_page_that_shows_it(
    world: World, comparisons: list[tuple[str, str, str, str]]
) -> None:
    rater = SimulatedRater(world, 1)
    for prompt, text, *responses in comparisons[:100]:
        shown = [re.sub(r"^(\* |- |\d+\. )|\*\*", "", response, flags=re.MULTILINE) for response in responses]
        assert rater.preference(prompt, text, *shown) == rater.preference(prompt, text, *responses)


def test_difference_of_a_response_and_itself_is_none(world: World) -> None:
    assert difference(world, "Any?", "Keeps bees.", "same", "same") == (0, 0.0, False)
