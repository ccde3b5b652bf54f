"""What the world's models answer: from the words of the request alone, and always the same to the same request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.sources.world import reading
from pipeline.sources.world.catalogue import TRUE
from pipeline.sources.world.characters import Character, character
from pipeline.sources.world.draws import draw, gauss, pick
from pipeline.sources.world.people import Show
from pipeline.sources.world.preferences import judged
from pipeline.sources.world.requests import asked_by, conversations_in, opening_of
from pipeline.sources.world.responses import generic_response, personalized_response
from pipeline.sources.world.vectors import embed
from pipeline.sources.world.world import World

BROKEN = 0.01  # share of extractions whose JSON is broken the first time
ODD = 0.003  # share of votes and ratings that answer something else


def model_answer(world: World, model: str, messages: Sequence[Mapping[str, str]]) -> str:
    """The text that ``model`` answers. Raises ValueError for a model that does not live here, or no user's message."""
    who = character(model)
    content = next((message["content"] for message in messages if message["role"] == "user"), None)
    if content is None:
        raise ValueError("there is no message of role user")
    stage, material = asked_by(content)
    if stage == "extract":
        return _extract(world, who, material["conversation"], repaired=len(messages) > 1)
    if stage == "evidence":
        return _evidence(world, who, material["attribute"], material["conversations"])
    if stage in ("verify", "refine", "mention", "why"):
        return _read(world, who, stage, material)
    if stage == "select":
        return _select(world, who, material["prompt"], material["attribute"])
    if stage == "judge":
        return _judge(world, who, **material)
    if stage == "respond":
        given = [line.removeprefix("- ") for line in material["attributes"].splitlines()]
        return personalized_response(world, who, material["prompt"], given)
    return generic_response(world, who, material["prompt"])


def _read(world: World, who: Character, stage: str, material: Mapping[str, str]) -> str:
    attribute = material["attribute"]
    if stage == "mention":
        return reading.mention(world, who, material["response"], attribute)
    if stage == "refine":
        return reading.refine(world, attribute, material["conversations"])
    judge = reading.verify if stage == "verify" else reading.why
    return judge(world, who, material["conversations"], attribute)


def embedding(world: World, text: str) -> list[float]:
    """A vector of length 1: wordings of one statement within 0.3 (cosine distance) of each other, others farther."""
    return embed(world, text)


def _extract(world: World, who: Character, conversation: str, *, repaired: bool) -> str:
    opening = opening_of(conversation)
    found = world.chat_opening_with(opening)
    shows = found[0].chats[found[1]].shows if found else []
    kept = [show for show in shows if _keeps(world, who, show, opening)]
    text = json.dumps({"attributes": [_extracted(world, who, show, opening) for show in kept]}, ensure_ascii=False)
    if not repaired and draw(world.seed, who.name, "broken", opening) < BROKEN:
        return text[:-2]
    fenced = draw(world.seed, who.name, "fenced", opening) < 0.3
    return f"```json\n{text}\n```" if fenced else text


def _keeps(world: World, who: Character, show: Show, opening: str) -> bool:
    share = who.keeps_true if show.concept.kind == TRUE and show.cue else who.keeps_wrong
    return draw(world.seed, who.name, "keeps", opening, show.concept.name) < share


def _extracted(world: World, who: Character, show: Show, opening: str) -> dict[str, Any]:
    start = int(3 * draw(world.seed, who.name, show.concept.name))
    wordings = show.concept.wordings
    own = draw(world.seed, who.name, "wording", opening, show.concept.name) < 0.06
    text = wordings[-1] if own else wordings[(start + show.number) % max(1, len(wordings) - 1)]
    return {
        "attribute": text,
        "reason": _reason(show, world.seed, who.name),
        "confidence": show.confidence,
        "evidence_turns": list(show.turns),
    }


def _reason(show: Show, *parts: str) -> str:
    if show.cue:
        return f'They write: "{show.cue}".'
    if show.misread:
        return pick(("It follows from what they ask for.", "The request suggests it.", "They bring it up."), *parts)
    return pick(
        ("The way they write suggests it.", "It is typical of people who ask this.", "It seems likely."), *parts
    )


def _evidence(world: World, who: Character, attribute: str, history: str) -> str:
    """Where the person showed it, seldom overlooking a turn, seldom naming one too many."""
    concept, places = world.concept_of(attribute), []
    for number, conversation in conversations_in(history):
        opening = opening_of(conversation)
        found = world.chat_opening_with(opening)
        shows = found[0].chats[found[1]].shows if found else []
        turns = {turn for show in shows if show.concept.name == concept.name for turn in show.turns}
        if draw(world.seed, who.name, "overlooks", opening, concept.name) < 0.06:
            turns = set()
        if turns and draw(world.seed, who.name, "adds", opening, concept.name) < 0.08:
            turns.add(0)
        if turns:
            places.append({"conversation": number, "turns": sorted(turns)})
    return json.dumps({"evidence": places})


def _select(world: World, who: Character, prompt: str, attribute: str) -> str:
    name = world.concept_of(attribute).name
    if draw(world.seed, who.name, "odd", prompt, attribute) < ODD:
        return "It depends on what else is known about the person."
    shared = 0.75 * gauss(world.seed, "models", prompt, name)
    own = 0.55 * gauss(world.seed, who.name, prompt, name)
    if world.affinity(prompt, attribute) + shared + own > who.yes_above:
        return f"YES\n{pick(_YES, who.name, prompt, name)}"
    return f"NO\n{pick(_NO, who.name, prompt, name)}"


_YES = (
    "It would change what is suggested.",
    "An answer that knew this could choose better examples.",
    "Some of the usual advice would not fit such a person.",
)
_NO = (
    "The answer would be the same.",
    "Bringing it in would feel forced.",
    "It has nothing to do with the request.",
)


def _judge(world: World, who: Character, prompt: str, left: str, right: str, attribute: str) -> str:
    if draw(world.seed, who.name, "odd", prompt, left, right, attribute) < ODD:
        return "3.5, since both have something to offer."
    rating = judged(world, who, prompt, attribute, left, right)
    return f"{rating}\n{_WHY[rating]}"


_WHY = {
    1: "The left one fits such a person far better.",
    2: "The left one is somewhat closer to what they need.",
    3: "For such a person there is no difference that matters.",
    4: "The right one takes their situation into account a little more.",
    5: "The right one can be used as it stands, the left one cannot.",
}
