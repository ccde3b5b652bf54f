from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from pipeline.domain.people.diversity import diversity_of, draw_apart, least_distance, mean_distance
from pipeline.domain.seeding import chance

EAST, NORTH, WEST = [1, 0], [0, 1], [-1, 0]


def rows(*vectors: Sequence[float]) -> np.ndarray:
    matrix = np.array(vectors, dtype=np.float64).reshape(len(vectors), -1)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    units: np.ndarray = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    return units.astype(np.float32)


@st.composite
def people(draw) -> np.ndarray:
    """Up to seven people in three dimensions, on a grid, so that ties and zeros come often."""
    vector = st.lists(st.integers(-2, 2), min_size=3, max_size=3)
    return rows(*draw(st.lists(vector, min_size=1, max_size=7)))


def farthest_first(vectors: np.ndarray, first: int, n: int) -> list[int]:
    """The same greedy rule, written down without any cleverness."""
    drawn = [first]
    while len(drawn) < n:
        others = [place for place in range(len(vectors)) if place not in drawn]
        nearest = {here: min(1 - float(vectors[here] @ vectors[there]) for there in drawn) for here in others}
        drawn.append(min(place for place in others if nearest[place] >= max(nearest.values()) - 1e-5))
    return drawn


@given(people(), st.integers(1, 7), st.integers())
def test_draw_is_farthest_first_and_then_those_without_a_direction(vectors, n, seed):
    drawn = draw_apart(vectors, n, chance(seed))
    assert len(drawn) == len(set(drawn)) == min(n, len(vectors))
    directed = [place for place in range(len(vectors)) if vectors[place].any()]
    places = [directed.index(place) for place in drawn if place in directed]
    assert drawn[: len(places)] == [directed[place] for place in places]
    assert len(places) == min(n, len(directed))
    if places:
        assert places == farthest_first(vectors[directed], places[0], len(places))


@given(people(), st.integers(2, 4), st.integers())
def test_no_other_draw_is_four_times_as_far_apart(vectors, n, seed):
    vectors = vectors[vectors.any(axis=1)]
    if len(vectors) >= n:
        best = max(least_distance(vectors[list(others)]) for others in combinations(range(len(vectors)), n))
        assert least_distance(vectors[draw_apart(vectors, n, chance(seed))]) >= best / 4 - 1e-5


def test_draw_starts_by_the_seed():
    starts = {draw_apart(rows(EAST, NORTH, WEST), 1, chance(seed))[0] for seed in range(30)}
    assert starts == {0, 1, 2}
    assert draw_apart(rows(EAST, NORTH, WEST), 3, chance("a")) == draw_apart(rows(EAST, NORTH, WEST), 3, chance("a"))


def test_draw_among_equals_takes_the_earliest():
    drawn = draw_apart(rows(*[EAST] * 5), 4, chance("a"))
    assert drawn[1:] == [place for place in range(5) if place != drawn[0]][:3]


def test_draw_of_people_without_any_direction():
    assert sorted(draw_apart(rows([0, 0], [0, 0]), 5, chance("a"))) == [0, 1]
    assert draw_apart(np.zeros((3, 0), np.float32), 1, chance("a"))[0] in (0, 1, 2)


def test_mean_distance_of_three():
    """East to north 1, north to west 1, east to west 2: 4 / 3 over the three pairs."""
    assert mean_distance(rows(EAST, NORTH, WEST)) == pytest.approx(4 / 3)
    assert least_distance(rows(EAST, NORTH, WEST)) == pytest.approx(1)


@given(people())
def test_mean_distance_is_that_of_all_pairs(vectors):
    vectors = vectors[vectors.any(axis=1)]
    pairs = [1 - float(one @ other) for one, other in combinations(vectors, 2)]
    expected = pytest.approx(sum(pairs) / len(pairs), abs=1e-5) if pairs else None
    assert mean_distance(vectors) == expected


def test_figures_of_one_person_are_undefined():
    figures = diversity_of(rows(EAST, [0, 0]), [0, 1], chance("a"))
    assert (figures.drawn_mean, figures.drawn_min, figures.eligible_mean, figures.random_mean) == (None,) * 4
    assert figures.without_direction == 1


def test_figures_of_equal_people_are_zero():
    figures = diversity_of(rows(*[EAST] * 5), [0, 1, 2], chance("a"))
    assert (figures.drawn_mean, figures.drawn_min, figures.eligible_mean, figures.random_min) == (0, 0, 0, 0)


def test_figures_set_the_draw_beside_all_and_beside_chance():
    crowd = np.random.default_rng(1).normal(loc=[2, 0, 0], size=(60, 3))
    vectors = rows(*crowd.tolist())
    figures = diversity_of(vectors, draw_apart(vectors, 8, chance("a")), chance("b"))
    assert figures.drawn_mean > figures.eligible_mean
    assert figures.drawn_min > figures.random_min
    assert figures.random_mean == pytest.approx(figures.eligible_mean, abs=0.1)
