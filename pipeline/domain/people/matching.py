"""A random way of putting prompts to people that keeps both ranges, or the reason why there is none. No database.

Numbers for people and for prompts are drawn each within its range and then made to add up. Whether a graph with these
numbers exists is Gale's and Ryser's test; where it does not, the prompts' numbers are evened out one by one: even ones
always pass (they are majorized by every other list of the same sum), so the search ends. The graph is then built by
giving each person the prompts that want most people still, which never fails where a graph exists, and mixed by swaps
that change nobody's number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from itertools import accumulate
from random import Random
from typing import NamedTuple

from pipeline.domain.errors import RunError
from pipeline.domain.people.parameters import MatchParameters

SWAPS_PER_PAIR = 10


class Range(NamedTuple):
    low: int
    high: int

    def clamp(self, value: int) -> int:
        return min(max(value, self.low), self.high)


def match(n_people: int, n_prompts: int, parameters: MatchParameters, chance: Random) -> list[list[int]]:
    """For each person the places of their prompts, among ``n_prompts``; the prompts used are the first so many.

    Raises RunError where the ranges cannot both be met, with what would meet them.
    """
    used = _prompts_used(n_people, n_prompts, parameters, chance)
    people = Range(parameters.prompts_per_person_min, min(parameters.prompts_per_person_max, used))
    prompts = Range(parameters.people_per_prompt_min, min(parameters.people_per_prompt_max, n_people))
    total = Range(max(n_people * people.low, used * prompts.low), min(n_people * people.high, used * prompts.high))
    wanted = [chance.randint(*people) for _ in range(n_people)]
    n_pairs = total.clamp(sum(wanted))
    wanted = _adding_up(wanted, people, n_pairs, chance)
    offered = _adding_up([chance.randint(*prompts) for _ in range(used)], prompts, n_pairs, chance)
    return _mixed(_built(wanted, evened(wanted, offered), chance), chance)


def prompts_possible(n_people: int, parameters: MatchParameters) -> Range:
    """How many prompts may be in use; empty (low above high) where no number fits.

    With m prompts there are between people x low and people x high pairs, seen from the people, and between m x low and
    m x high, seen from the prompts. A person gets a prompt once, so m is at least what each person gets.
    """
    most = min(parameters.people_per_prompt_max, n_people)
    low = max(parameters.prompts_per_person_min, -(-n_people * parameters.prompts_per_person_min // most))
    return Range(low, n_people * parameters.prompts_per_person_max // parameters.people_per_prompt_min)


def _prompts_used(n_people: int, n_prompts: int, parameters: MatchParameters, chance: Random) -> int:
    _check(n_people, n_prompts, parameters)
    possible = prompts_possible(n_people, parameters)
    if parameters.n_prompts is not None:
        return parameters.n_prompts
    pairs = n_people * (parameters.prompts_per_person_min + parameters.prompts_per_person_max) / 2
    middle = (parameters.people_per_prompt_min + min(parameters.people_per_prompt_max, n_people)) / 2
    return Range(possible.low, min(possible.high, n_prompts)).clamp(round(pairs / middle))


def _check(n_people: int, n_prompts: int, parameters: MatchParameters) -> None:
    per_person = Range(parameters.prompts_per_person_min, parameters.prompts_per_person_max)
    per_prompt = Range(parameters.people_per_prompt_min, parameters.people_per_prompt_max)
    for name, bounds in (("prompts_per_person", per_person), ("people_per_prompt", per_prompt)):
        if bounds.low > bounds.high:
            raise RunError(f"{name}_min={bounds.low} is above {name}_max={bounds.high}")
    if n_people < per_prompt.low:
        raise RunError(
            f"a prompt is to be put to {per_prompt.low} people at least, and there are {n_people}: draw more people, "
            f"or set people_per_prompt_min={max(n_people, 1)}"
        )
    possible = prompts_possible(n_people, parameters)
    if possible.low > possible.high:
        raise RunError(
            f"{n_people} people with {_words(per_person)} prompts each, and prompts with {_words(per_prompt)} people "
            f"each, cannot both be met by any number of prompts: widen one of the ranges by one"
        )
    if n_prompts < possible.low:
        raise RunError(
            f"{n_people} people with {per_person.low} prompts each at least, and no prompt put to more than "
            f"{per_prompt.high}, need {possible.low} prompts, and {n_prompts} are free: "
            f"import more{_ease(n_people, n_prompts, parameters)}"
        )
    if parameters.n_prompts is not None and not possible.low <= parameters.n_prompts <= min(possible.high, n_prompts):
        raise RunError(
            f"n_prompts={parameters.n_prompts}: {n_people} people can take {possible.low} to {possible.high} prompts "
            f"within these ranges, and {n_prompts} are free"
        )


def _ease(n_people: int, n_prompts: int, parameters: MatchParameters) -> str:
    """The change of one number that would do as well, where there is one."""
    per_person = parameters.prompts_per_person_min
    fewer = min(n_prompts, n_prompts * min(parameters.people_per_prompt_max, n_people) // n_people)
    if fewer:
        return f", or set prompts_per_person_min={fewer}"
    return f", or set people_per_prompt_max={-(-n_people * per_person // n_prompts)}" if n_prompts >= per_person else ""


def _words(bounds: Range) -> str:
    return str(bounds.low) if bounds.low == bounds.high else f"{bounds.low} to {bounds.high}"


def _adding_up(numbers: Sequence[int], bounds: Range, total: int, chance: Random) -> list[int]:
    """The numbers raised or lowered by ones at random places, within the bounds, until they sum to ``total``."""
    result = list(numbers)
    step = 1 if sum(result) < total else -1
    end = bounds.high if step > 0 else bounds.low
    movable = [place for place, number in enumerate(result) if number != end]
    for _ in range(abs(total - sum(result))):
        turn = chance.randrange(len(movable))
        place = movable[turn]
        result[place] += step
        if result[place] == end:
            movable[turn] = movable[-1]
            movable.pop()
    return result


def is_graphic(left: Sequence[int], right: Sequence[int]) -> bool:
    """Whether a simple bipartite graph has these numbers of edges on its two sides (Gale 1957, Ryser 1957)."""
    if sum(left) != sum(right):
        return False
    counts = Counter(right).items()
    sums = accumulate(sorted(left, reverse=True))
    return all(total <= sum(min(number, k) * times for number, times in counts) for k, total in enumerate(sums, 1))


def evened(wanted: Sequence[int], offered: Sequence[int]) -> list[int]:
    """``offered``, made more even by ones, as little as makes the two numbers of a graph; they have the same sum."""
    result = list(offered)
    while not is_graphic(wanted, result):
        result[result.index(max(result))] -= 1
        result[result.index(min(result))] += 1
    return result


def _built(wanted: Sequence[int], offered: Sequence[int], chance: Random) -> list[list[int]]:
    """People in random order; each takes the prompts with most places left, ties by lot."""
    free = [(-places, chance.random(), prompt) for prompt, places in enumerate(offered)]
    heapify(free)
    given: list[list[int]] = [[] for _ in wanted]
    people = list(range(len(wanted)))
    chance.shuffle(people)
    for person in people:
        taken = [heappop(free) for _ in range(wanted[person])]
        given[person] = [prompt for _, _, prompt in taken]
        for places, _, prompt in taken:
            if places < -1:
                heappush(free, (places + 1, chance.random(), prompt))
    return given


def _mixed(given: list[list[int]], chance: Random) -> list[list[int]]:
    """Two people trade a prompt that neither has twice then, again and again: all numbers stay."""
    pairs = [(person, prompt) for person, prompts in enumerate(given) for prompt in prompts]
    has = [set(prompts) for prompts in given]
    for _ in range(SWAPS_PER_PAIR * len(pairs)):
        one, other = chance.randrange(len(pairs)), chance.randrange(len(pairs))
        (a, x), (b, y) = pairs[one], pairs[other]
        if a == b or x == y or y in has[a] or x in has[b]:
            continue
        has[a] = has[a] - {x} | {y}
        has[b] = has[b] - {y} | {x}
        pairs[one], pairs[other] = (a, y), (b, x)
    return [sorted(prompts) for prompts in has]
