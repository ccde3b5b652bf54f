"""What the world's models write to a prompt: for anybody, or for somebody of whom they were told something."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.sources.world.characters import Character
from pipeline.sources.world.draws import draw, pick, shuffled
from pipeline.sources.world.world import World

MOST_USES = 8
TAKES_UP = 0.93  # share of what it was given that a response takes up
ANY_TIPS = (
    "Begin with the part that is due first.",
    "Write it down in one line before you do anything.",
    "Ask somebody who did it last year.",
    "Try the smallest version and look at it again tomorrow.",
    "Leave out whatever nobody would miss.",
    "Set an end, so that it does not grow.",
)


def generic_response(world: World, who: Character, prompt: str) -> str:
    return _written(world, who, prompt, [], "generic")


def personalized_response(world: World, who: Character, prompt: str, given: Sequence[str]) -> str:
    """Takes up most of what it was given, some of it openly."""
    uses = []
    families: set[str] = set()
    for statement in given:
        family = world.concept_of(statement).family
        if not family or family in families or draw(world.seed, who.name, "takes", prompt, statement) > TAKES_UP:
            continue
        families.add(family)
        uses.append(_use(world, who, prompt, statement))
    return _written(world, who, prompt, uses[:MOST_USES], "\n".join(given))


def _use(world: World, who: Character, prompt: str, statement: str) -> str:
    concept = world.concept_of(statement)
    kind = world.catalogue.families[concept.family]
    value = concept.value or _value_in(kind.values, statement)
    use = kind.use.format(x=value or "suitable")
    if not concept.value or draw(world.seed, who.name, "opens", prompt, statement) > who.opens:
        return use
    lead = pick(who.leads, world.seed, prompt, statement)
    return lead.format(you=kind.you.format(x=value), use=use[0].lower() + use[1:])


def _value_in(values: Sequence[str], statement: str) -> str:
    return next((value for value in values if value in statement), "")


def _written(world: World, who: Character, prompt: str, uses: Sequence[str], salt: str) -> str:
    """Introduction, tips with the uses among them, a last line."""
    known = world.prompt_of(prompt)
    tips = shuffled(known.kind.tips if known else ANY_TIPS, who.name, prompt, salt)
    room = max(2, who.n_tips - len(uses) // 2)
    lines = shuffled([*tips[:room], *uses], who.name, prompt, salt, "order")
    numbered = who.bullet == "1. "
    points = [f"{f'{place}. ' if numbered else who.bullet}{line}" for place, line in enumerate(lines, 1)]
    parts = [pick(who.intros, who.name, prompt, salt), "\n".join(points), pick(who.outros, who.name, prompt, salt)]
    return "\n\n".join(part for part in parts if part)
