"""A world on disk: the corpus as any other study's files, and the truth beside it, which no release ever holds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.sources.world.characters import CHARACTERS
from pipeline.sources.world.draws import draw
from pipeline.sources.world.people import REAL, SYNTHETIC
from pipeline.sources.world.raters import STANDING
from pipeline.sources.world.world import RELEVANT_ABOVE, World, WorldPerson, WorldPrompt, make_world

TRUTH = "truth.json"
TRUTH_VERSION = 1


def write_world(world: World, folder: Path) -> None:
    """``corpus/`` for ``import_corpus``, ``truth.json`` beside it. The same world gives the same bytes."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for slug in (REAL.slug, SYNTHETIC.slug):
        people = [person for person in world.people if person.corpus == slug]
        _write_lines(corpus / f"{slug}_personas.jsonl", _conversations(people))
    _write_lines(corpus / f"{REAL.slug}_prompts.jsonl", map(_prompt, world.prompts))
    text = json.dumps(truth_of(world), ensure_ascii=False, indent=1)
    (folder / TRUTH).write_text(text + "\n", encoding="utf-8")


def read_world(folder: Path) -> World:
    """The world that was written there, made anew from its seed. Raises ValueError where it is none, or another's."""
    path = folder / TRUTH
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
        seed, scale = str(truth["seed"]), float(truth["scale"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: no world was written here ({error}); write one with write_world") from error
    world = make_world(seed, scale)
    if truth.get("mark") != mark_of(world):
        raise ValueError(f"{path}: written by other code than this; write the world again into an empty folder")
    return world


def mark_of(world: World) -> str:
    """Changes whenever a word of the world does."""
    texts = [turn["content"] for person in world.people for chat in person.chats for turn in chat.turns]
    return format(draw(world.seed, *texts, *(prompt.text for prompt in world.prompts)), ".16f")


def truth_of(world: World) -> dict[str, Any]:
    """Described in the package's docstring."""
    return {
        "version": TRUTH_VERSION,
        "simulated": True,
        "seed": world.seed,
        "scale": world.scale,
        "mark": mark_of(world),
        "relevant_above": RELEVANT_ABOVE,
        "models": {name: vars(who) for name, who in CHARACTERS.items()},
        "standing": STANDING,
        "people": [_person(world, person) for person in world.people],
        "prompts": [_relevance(world, prompt) for prompt in world.prompts],
    }


def _person(world: World, person: WorldPerson) -> dict[str, Any]:
    statements = []
    for name, concept in person.concepts().items():
        shows = [
            {"conversation": chat.source_id, "turns": list(show.turns), "confidence": show.confidence}
            for chat in person.chats
            for show in chat.shows
            if show.concept.name == name
        ]
        truth = world.truth_about(person, concept.wordings[0])
        statements.append({"concept": name, "truth": truth, "wordings": list(concept.wordings), "shows": shows})
    return {
        "person": person.source_id,
        "corpus": person.corpus,
        "register": person.register,
        "traits": person.traits,
        "statements": statements,
    }


def _relevance(world: World, prompt: WorldPrompt) -> dict[str, Any]:
    people = [person for person in world.people if person.source_id in prompt.people]
    affinity = {
        person.source_id: {
            name: round(world.affinity(prompt.text, concept.wordings[0]), 6)
            for name, concept in person.concepts().items()
        }
        for person in people
    }
    return {"prompt": prompt.index, "text": prompt.text, "topics": list(prompt.kind.topics), "affinity": affinity}


def _conversations(people: Iterable[WorldPerson]) -> Iterable[dict[str, Any]]:
    for person in people:
        for chat in person.chats:
            yield {
                "hashed_ip": person.source_id,
                "conversation_hash": chat.source_id,
                "conversation": chat.turns,
            }


def _prompt(prompt: WorldPrompt) -> dict[str, Any]:
    return {"prompt_index": prompt.index, "prompt_text": prompt.text, "user_ids": list(prompt.people)}


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
