"""What the world's models find when they read: whether a statement fits, how it fails, what is mentioned openly."""

from __future__ import annotations

import json

from pipeline.sources.world.catalogue import OVERGENERALIZED, TRUE
from pipeline.sources.world.characters import Character
from pipeline.sources.world.draws import draw, gauss
from pipeline.sources.world.raters import REASONS, STANDING, VALUES
from pipeline.sources.world.requests import conversations_in, opening_of
from pipeline.sources.world.world import World, WorldPerson

MISREAD = 0.1  # share of categories and mentions that a model takes for another


def verify(world: World, who: Character, conversations: str, attribute: str) -> str:
    """As careful readers judge it, somewhat more kindly."""
    standing = STANDING[world.truth_about(_person_in(world, conversations), attribute)]
    seen = standing + 0.2 + 0.45 * gauss(world.seed, who.name, "verify", attribute)
    value = VALUES[min(2, max(0, round(seen)))]
    return f"{value.upper()}\n{_VERDICTS[value]}"


_VERDICTS = {
    "accepted": "The conversations show it of the person.",
    "uncertain": "There is something to it, but it goes further than the conversations do.",
    "rejected": "The conversations do not show this of the person.",
}


def refine(world: World, attribute: str, conversations: str) -> str:
    """What is made too big becomes the trait behind it; what is true stays; the rest is withdrawn."""
    person, concept = _person_in(world, conversations), world.concept_of(attribute)
    truth = world.truth_about(person, attribute)
    value = person.traits.get(concept.family, "") if person and truth in (OVERGENERALIZED, TRUE) else ""
    text = world.catalogue.trait(concept.family, value).wordings[0] if value else ""
    answer = {
        "withdraw": not text,
        "attribute": text,
        "reason": "It is what they write about themselves." if text else "Nothing that they write shows it.",
        "confidence": 0.9 if text else 0.0,
    }
    return json.dumps(answer, ensure_ascii=False)


def why(world: World, who: Character, conversations: str, attribute: str) -> str:
    truth = world.truth_about(_person_in(world, conversations), attribute)
    misread = draw(world.seed, who.name, "why", attribute) < MISREAD
    return f"{'other' if misread else REASONS[truth]}\nThat is what the conversations come to."


def mention(world: World, who: Character, response: str, attribute: str) -> str:
    opens = world.use_of(response, attribute) == "open"
    misread = draw(world.seed, who.name, "mention", response, attribute) < MISREAD / 2
    return "YES\nIt says so to them." if opens != misread else "NO\nIt does not say so."


def _person_in(world: World, conversations: str) -> WorldPerson | None:
    return world.person_of(opening_of(text) for _, text in conversations_in(conversations))
