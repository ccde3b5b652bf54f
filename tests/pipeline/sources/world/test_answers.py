"""What the models of the world say, and that the real stages' own parsers take it."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from random import Random
from statistics import mean

import pytest
from sklearn.metrics import cohen_kappa_score

from pipeline import prompts
from pipeline.sources.world import World, make_world
from pipeline.sources.world.answers import BROKEN, embedding, model_answer
from pipeline.sources.world.characters import CHARACTERS
from pipeline.sources.world.world import Chat, WorldPerson
from pipeline.stages.base import Answer
from pipeline.stages.evidence import NamedEvidence
from pipeline.stages.extract import parse_attributes, written_out
from pipeline.stages.parsing import explanation_of, parse_rating, parse_yes_no
from pipeline.stages.repairing import read_form


def ask(world: World, model: str, content: str, *more: dict[str, str]) -> str:
    return model_answer(world, model, [{"role": "user", "content": content}, *more])


def extraction_of(chat: Chat) -> str:
    return prompts.render("extract", conversation=written_out(chat.turns))


def history_of(person: WorldPerson) -> str:
    chats = enumerate(person.chats)
    return "\n\n".join(f"=== Conversation {place} ===\n\n{written_out(chat.turns)}" for place, chat in chats)


def chats_of(world: World) -> list[Chat]:
    return [chat for person in world.people for chat in person.chats]


def relevance_pages(world: World, n: int) -> list[tuple[str, str]]:
    people = {person.source_id: person for person in world.people}
    pages = [
        (prompt.text, concept.wordings[0])
        for prompt in world.prompts
        for person in prompt.people
        for concept in people[person].concepts().values()
    ]
    return Random(1).sample(pages, min(n, len(pages)))


def votes_of(world: World, model: str, pages: list[tuple[str, str]]) -> list[str | None]:
    said = [ask(world, model, prompts.render("select", prompt=prompt, attribute=text)) for prompt, text in pages]
    return [parse_yes_no(text) for text in said]


@pytest.mark.parametrize("model", CHARACTERS)
def test_extractions_parse_as_the_stage_wants_them_or_after_one_repair(world: World, model: str) -> None:
    broken = 0
    for chat in chats_of(world)[:300]:
        text = ask(world, model, extraction_of(chat))
        try:
            found = parse_attributes(Answer(text), len(chat.turns))
        except ValueError as problem:
            broken += 1
            repair = prompts.render("extract_repair", problem=str(problem))
            more = ({"role": "assistant", "content": text}, {"role": "user", "content": repair})
            found = parse_attributes(Answer(ask(world, model, extraction_of(chat), *more)), len(chat.turns))
        assert {entry.attribute for entry in found} <= {text for show in chat.shows for text in show.concept.wordings}
    assert broken < 300 * BROKEN * 4


def test_llama_extracts_all_that_shows_and_others_less(world: World) -> None:
    found = {
        model: sum(ask(world, model, extraction_of(chat)).count('"attribute":') for chat in chats_of(world)[:200])
        for model in CHARACTERS
    }
    assert found["world-llama-70b"] == sum(len(chat.shows) for chat in chats_of(world)[:200])
    assert all(n < found["world-llama-70b"] for model, n in found.items() if model != "world-llama-70b")
    assert all(n > 0.5 * found["world-llama-70b"] for n in found.values())


def test_extractions_hold_some_that_the_filter_drops(world: World) -> None:
    shares = [show.confidence < 0.4 for chat in chats_of(world) for show in chat.shows]
    assert 0.04 < mean(shares) < 0.15


def test_a_repeated_trait_comes_in_another_wording(world: World) -> None:
    wordings: dict[tuple[str, str], list[str]] = {}
    for person in world.people:
        for chat in person.chats:
            text = ask(world, "world-llama-70b", extraction_of(chat))
            body = text.removeprefix("```json\n").removesuffix("\n```")
            try:
                entries = json.loads(body)["attributes"]
            except ValueError:
                continue
            for entry in entries:
                concept = world.concept_of(entry["attribute"]).name
                wordings.setdefault((person.source_id, concept), []).append(entry["attribute"])
    repeated = [texts for texts in wordings.values() if len(texts) > 1]
    assert len(repeated) > 500
    assert mean(len(set(texts)) > 1 for texts in repeated) > 0.7


def test_extraction_of_a_conversation_of_elsewhere_is_empty(world: World) -> None:
    text = ask(world, "world-gpt", prompts.render("extract", conversation="[0] user: Who keeps bees?"))
    assert parse_attributes(Answer(text), 1) == []


def test_evidence_names_the_turns_in_which_it_showed(world: World) -> None:
    exact = []
    for person in world.people[:20]:
        history = history_of(person)
        for concept in person.concepts().values():
            content = prompts.render("evidence", attribute=concept.wordings[-1], conversations=history)
            named = read_form(Answer(ask(world, "world-llama-70b", content)), NamedEvidence).evidence
            said = {(entry.conversation, turn) for entry in named for turn in entry.turns}
            true = {
                (place, turn)
                for place, chat in enumerate(person.chats)
                for show in chat.shows
                for turn in show.turns
                if show.concept.name == concept.name
            }
            assert all(turn < len(person.chats[place].turns) for place, turn in said)
            exact.append(said == true)
    assert 0.75 < mean(exact) < 0.99


def test_votes_select_too_much_and_agree_more_with_each_other_than_with_the_truth(world: World) -> None:
    pages = relevance_pages(world, 1500)
    votes = {model: [vote or "no" for vote in votes_of(world, model, pages)] for model in CHARACTERS}
    truth = ["yes" if world.is_relevant(*page) else "no" for page in pages]
    shares = {model: mean(vote == "yes" for vote in own) for model, own in votes.items()}
    assert all(0.4 <= share <= 0.6 for share in shares.values()), shares
    assert len({round(share, 2) for share in shares.values()}) >= 4
    among = mean(cohen_kappa_score(one, other) for one, other in combinations(votes.values(), 2))
    with_truth = mean(cohen_kappa_score(own, truth) for own in votes.values())
    assert 0.52 < among < 0.7
    assert with_truth < among - 0.15


def test_a_few_votes_cannot_be_parsed(world: World) -> None:
    votes = votes_of(world, "world-qwen-27b", relevance_pages(world, 3000))
    assert 0 < votes.count(None) < 30


def test_votes_bring_a_reason(world: World) -> None:
    prompt, text = relevance_pages(world, 1)[0]
    assert explanation_of(ask(world, "world-claude", prompts.render("select", prompt=prompt, attribute=text)))


@pytest.fixture(scope="module")
def pairs(world: World) -> list[tuple[str, str, str, str, str]]:
    """(generator, prompt, relevant statement, generic, personalized)"""
    people = {person.source_id: person for person in world.people}
    found = []
    for prompt in world.prompts:
        for person in prompt.people[:2]:
            texts = [concept.wordings[0] for concept in people[person].concepts().values()]
            given = [text for text in texts if world.is_relevant(prompt.text, text)]
            for model in CHARACTERS:
                known = "\n".join(f"- {text}" for text in given)
                request = prompts.render("respond", attributes=known, prompt=prompt.text)
                generic, own = ask(world, model, prompt.text), ask(world, model, request)
                found += [(model, prompt.text, text, generic, own) for text in given]
    return found


def test_generic_responses_take_up_nobody_and_personalized_ones_do(
    world: World, pairs: list[tuple[str, str, str, str, str]]
) -> None:
    assert not [pair for pair in pairs if world.uses_in(pair[3])]
    assert mean(bool(world.use_of(own, text)) for _, _, text, _, own in pairs) > 0.7
    assert all(generic != own for _, _, _, generic, own in pairs)


def test_generators_differ_in_how_often_they_mention_openly(
    world: World, pairs: list[tuple[str, str, str, str, str]]
) -> None:
    rates = {
        model: mean(world.use_of(own, text) == "open" for generator, _, text, _, own in pairs if generator == model)
        for model in CHARACTERS
    }
    assert sorted(rates, key=lambda model: rates[model]) == [
        "world-claude",
        "world-gpt",
        "world-gemma-31b",
        "world-llama-70b",
        "world-qwen-27b",
    ]
    assert rates["world-qwen-27b"] > 3 * rates["world-claude"]


def test_judges_are_inflated_and_differ_in_what_a_mention_brings(
    world: World, pairs: list[tuple[str, str, str, str, str]]
) -> None:
    sample, random = Random(2).sample(pairs, 700), Random(3)
    brought, means = {}, {}
    for model in CHARACTERS:
        scores: dict[bool, list[int]] = {True: [], False: []}
        for _, prompt, text, generic, own in sample:
            on_right = random.random() < 0.5
            left, right = (generic, own) if on_right else (own, generic)
            request = prompts.render("judge", prompt=prompt, left=left, right=right, attribute=text)
            value = parse_rating(ask(world, model, request))
            if value:
                score = int(value) if on_right else 6 - int(value)
                scores[world.use_of(own, text) == "open"].append(score)
        brought[model] = mean(scores[True]) - mean(scores[False])
        means[model] = mean(scores[True] + scores[False])
    assert all(value > 3.25 for value in means.values()), means
    assert max(means, key=lambda model: means[model]) == "world-llama-70b"
    assert brought["world-claude"] < -0.2
    assert min(brought["world-llama-70b"], brought["world-qwen-27b"]) > 0.2


def test_model_answer_follows_from_seed_model_and_words_alone(world: World) -> None:
    prompt, text = relevance_pages(world, 1)[0]
    contents = [
        extraction_of(world.people[0].chats[0]),
        prompts.render("select", prompt=prompt, attribute=text),
        prompts.render("respond", attributes=f"- {text}", prompt=prompt),
        prompts.render("judge", prompt=prompt, left="one", right="two", attribute=text),
        prompt,
    ]
    again = make_world(world.seed)
    first = [ask(world, model, content) for model in CHARACTERS for content in contents]
    assert first == [ask(again, model, content) for model in CHARACTERS for content in contents]
    assert len(Counter(ask(world, model, prompt) for model in CHARACTERS)) > 1


def test_model_answer_to_unheard_words_is_an_answer(world: World) -> None:
    assert ask(world, "world-gpt", "What is the tallest building?")
    request = prompts.render("respond", attributes="- Keeps bees.", prompt="What is the tallest building?")
    assert ask(world, "world-gpt", request)
    vote = ask(world, "world-gpt", prompts.render("select", prompt="Honey?", attribute="Keeps bees."))
    assert parse_yes_no(vote)


def test_model_answer_refuses_a_model_of_elsewhere(world: World) -> None:
    with pytest.raises(ValueError, match="world-claude"):
        ask(world, "gpt-2", "Hello")


def test_embeddings_of_one_meaning_are_near_and_of_others_far(world: World) -> None:
    concepts = list(world.people[0].concepts().values())
    vectors = {text: embedding(world, text) for concept in concepts for text in concept.wordings}
    names = {text: concept.name for concept in concepts for text in concept.wordings}
    for one, other in combinations(vectors, 2):
        distance = 1 - sum(a * b for a, b in zip(vectors[one], vectors[other], strict=True))
        assert (distance < 0.3) == (names[one] == names[other]), (one, other, distance)
