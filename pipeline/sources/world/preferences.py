"""How much better one response serves such a person than another: the truth, and how models judge it."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.sources.world.catalogue import words_of
from pipeline.sources.world.characters import Character
from pipeline.sources.world.draws import gauss
from pipeline.sources.world.world import RELEVANT_ABOVE, World

AS_GOOD = -0.03  # what a personalized response gains before anything else: a little less focus
FORCED = 0.07  # what each trait costs that is taken up where it does not matter
ORDINARY_MENTION = -0.08  # what people make of an open mention


class Difference(NamedTuple):
    """``side``: 1 where the right response is the personalized one, -1 where the left, 0 where neither can be told.
    ``gain``: how much better the personalized one is, on the raters' scale. ``open``: it mentions the trait.
    """

    side: int
    gain: float
    open: bool


def difference(world: World, prompt: str, attribute: str, left: str, right: str) -> Difference:
    """The truth about two responses for a person with this attribute; 5 and 1 lie two steps from no difference."""
    uses_left, uses_right = world.uses_in(left), world.uses_in(right)
    if len(uses_left) == len(uses_right):
        return Difference(0, 0.0, False)
    side = 1 if len(uses_right) > len(uses_left) else -1
    personalized, generic = (right, left) if side > 0 else (left, right)
    uses = uses_right if side > 0 else uses_left
    gain = AS_GOOD + 0.45 * gauss(world.seed, "pair", words_of(generic), words_of(personalized))
    use = world.use_of(personalized, attribute)
    if use:
        gain += 0.15 + 0.30 * min(max(world.affinity(prompt, attribute) - RELEVANT_ABOVE + 0.3, -1.0), 1.5)
    gain -= FORCED * max(0, len(uses) - 4)
    return Difference(side, gain + ORDINARY_MENTION * (use == "open"), use == "open")


def judged(world: World, who: Character, prompt: str, attribute: str, left: str, right: str) -> int:
    """A model's rating, 1 (left) to 5 (right)."""
    texts = (prompt, attribute, left, right)
    found = difference(world, *texts)
    score = who.leans + 0.55 * gauss(world.seed, who.name, "judge", *map(words_of, texts))
    towards = who.judge_mean - 3 + who.sees * found.gain + who.likes_mention * (found.open - who.opens)
    return to_scale(score + found.side * towards)


def to_scale(score: float) -> int:
    """From a difference around 0 to 1 .. 5."""
    return min(5, max(1, round(3 + score)))
