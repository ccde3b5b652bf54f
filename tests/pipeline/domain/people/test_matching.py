from __future__ import annotations

from collections import Counter
from itertools import combinations, product

import hypothesis.strategies as st
import pytest
from hypothesis import given

from pipeline.domain.errors import RunError
from pipeline.domain.people.matching import evened, is_graphic, match, prompts_possible
from pipeline.domain.people.parameters import MatchParameters
from pipeline.domain.seeding import chance


def rules(per_person: tuple[int, int] = (2, 5), per_prompt: tuple[int, int] = (2, 4), **more) -> MatchParameters:
    return MatchParameters(
        prompts_per_person_min=per_person[0],
        prompts_per_person_max=per_person[1],
        people_per_prompt_min=per_prompt[0],
        people_per_prompt_max=per_prompt[1],
        **more,
    )


def holds(given_: list[list[int]], parameters: MatchParameters) -> bool:
    used = Counter(prompt for prompts in given_ for prompt in prompts)
    return (
        all(len(set(prompts)) == len(prompts) for prompts in given_)
        and all(
            parameters.prompts_per_person_min <= len(prompts) <= parameters.prompts_per_person_max for prompts in given_
        )
        and all(
            parameters.people_per_prompt_min <= times <= parameters.people_per_prompt_max for times in used.values()
        )
        and set(used) == set(range(len(used)))
    )


def exists(n_people: int, n_prompts: int, parameters: MatchParameters) -> bool:
    """By trying every way of giving each person a set of prompts; prompts that nobody gets are not used."""
    sizes = range(parameters.prompts_per_person_min, parameters.prompts_per_person_max + 1)
    sets = [list(chosen) for size in sizes for chosen in combinations(range(n_prompts), size)]
    allowed = range(parameters.people_per_prompt_min, parameters.people_per_prompt_max + 1)
    return any(
        all(times in allowed for times in Counter(prompt for prompts in ways for prompt in prompts).values())
        for ways in product(sets, repeat=n_people)
    )


ranges = st.tuples(st.integers(1, 4), st.integers(1, 4)).map(sorted).map(tuple)


@given(st.integers(1, 4), st.integers(0, 4), ranges, ranges, st.integers())
def test_match_keeps_both_ranges_exactly_where_that_is_possible(n_people, n_prompts, per_person, per_prompt, seed):
    parameters = rules(per_person, per_prompt)
    if exists(n_people, n_prompts, parameters):
        given_ = match(n_people, n_prompts, parameters, chance(seed))
        assert len(given_) == n_people
        assert holds(given_, parameters)
    else:
        with pytest.raises(RunError):
            match(n_people, n_prompts, parameters, chance(seed))


wide = st.tuples(st.integers(1, 9), st.integers(1, 9)).map(sorted).map(tuple)


@given(st.integers(1, 60), st.integers(1, 200), wide, wide, st.integers())
def test_match_of_many_keeps_both_ranges_or_says_why_not(n_people, n_prompts, per_person, per_prompt, seed):
    parameters = rules(per_person, per_prompt)
    possible = prompts_possible(n_people, parameters)
    try:
        given_ = match(n_people, n_prompts, parameters, chance(seed))
    except RunError:
        assert n_people < per_prompt[0] or possible.low > min(possible.high, n_prompts)
    else:
        assert holds(given_, parameters)


@given(st.integers(1, 30), st.integers(1, 30), wide, wide)
def test_number_that_a_refusal_names_is_enough(n_people, n_prompts, per_person, per_prompt):
    parameters = rules(per_person, per_prompt)
    try:
        match(n_people, n_prompts, parameters, chance("a"))
    except RunError as error:
        name, _, value = error.message.partition("or set ")[2].partition("=")
        if name and "draw more people" not in error.message:
            eased = parameters.model_copy(update={name: int(value)})
            assert holds(match(n_people, n_prompts, eased, chance("a")), eased)


@given(st.lists(st.integers(0, 3), max_size=4), st.lists(st.integers(0, 4), max_size=3))
def test_is_graphic_is_whether_such_a_graph_exists(left, right):
    ways = product(*(combinations(range(len(right)), number) for number in left))
    counts = (Counter(place for way in each for place in way) for each in ways)
    assert is_graphic(left, right) == any([count[place] for place in range(len(right))] == right for count in counts)


def test_numbers_that_make_no_graph_are_evened_out():
    """Two people want four prompts each, and a prompt offered once cannot go to both: [3, 3, 2, 1] will not do."""
    assert not is_graphic([4, 4, 1], [3, 3, 2, 1])
    assert sorted(evened([4, 4, 1], [3, 3, 2, 1])) == [2, 2, 2, 3]
    assert evened([4, 4, 1], [2, 3, 2, 2]) == [2, 3, 2, 2]


def test_match_of_the_study_has_numbers_like_its_own():
    """50 people, LIMA's thousand prompts: 164 pairs on 41 prompts there; here the middle of both ranges."""
    given_ = match(50, 1000, rules(), chance("study"))
    used = Counter(prompt for prompts in given_ for prompt in prompts)
    assert holds(given_, rules())
    assert 150 <= used.total() <= 200
    assert set(map(len, given_)) == {2, 3, 4, 5}
    assert set(used.values()) == {2, 3, 4}
    exactly = match(50, 1000, rules(n_prompts=41), chance("study"))
    assert len({prompt for prompts in exactly for prompt in prompts}) == 41
    assert holds(exactly, rules(n_prompts=41))


def test_match_follows_its_seed():
    one, same, other = (match(20, 100, rules(), chance(seed)) for seed in ("a", "a", "b"))
    assert one == same != other


@pytest.mark.parametrize(
    ("n_people", "n_prompts", "parameters", "message"),
    [
        (1, 9, rules(), "put to 2 people at least, and there are 1: draw more people, or set people_per_prompt_min=1"),
        (20, 9, rules(), "need 10 prompts, and 9 are free: import more, or set prompts_per_person_min=1"),
        (20, 3, rules(), "need 10 prompts, and 3 are free: import more, or set people_per_prompt_max=14"),
        (20, 0, rules(), "need 10 prompts, and 0 are free: import more"),
        (3, 9, rules((1, 1), (2, 2)), "3 people with 1 prompts each, and prompts with 2 people each, cannot both be"),
        (9, 9, rules((3, 2)), "prompts_per_person_min=3 is above prompts_per_person_max=2"),
        (20, 90, rules(n_prompts=51), "n_prompts=51: 20 people can take 10 to 50 prompts within these ranges"),
        (20, 90, rules(n_prompts=9), "n_prompts=9: 20 people can take 10 to 50 prompts"),
    ],
)
def test_match_that_cannot_be_says_which_number_and_what_would_do(n_people, n_prompts, parameters, message):
    with pytest.raises(RunError) as refused:
        match(n_people, n_prompts, parameters, chance("a"))
    assert message in refused.value.message
