from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.bootstrap import replicated, summed
from analysis.jackknife import Spread, Way, groups_within, jackknife, jackknife_of_parts, left_out, part_of, ways_of

EACH = np.arange(30)


def mean_of(answers: np.ndarray, ways: list[Way], people: int) -> Spread:
    def mean(weights: np.ndarray) -> np.ndarray:
        return np.asarray(summed(answers, weights)[:, None] / weights.sum(axis=0)[:, None])

    return jackknife([replicated(left_out(way, 8), [mean])[0] for way in ways], ways, people)


def test_jackknife_of_a_mean_is_its_textbook_standard_error() -> None:
    answers = np.random.default_rng(5).normal(size=30)
    ways = ways_of(EACH, EACH)
    se, df = mean_of(answers, ways, 30)
    assert (se[0], df[0]) == pytest.approx((answers.std(ddof=1) / math.sqrt(30), 29))
    assert np.isnan(mean_of(answers, ways, 9).se[0])  # of nine people


def test_many_people_are_left_out_in_groups_of_one_size() -> None:
    people = np.repeat(np.arange(1000), 2)
    gone = 1 - np.concatenate(list(left_out(ways_of(people, np.arange(2000))[0], 64)), axis=1)
    assert gone.shape == (2000, 250)
    assert (gone.sum(axis=0) == 8).all()
    assert (gone.sum(axis=1) == 1).all()
    assert (gone[::2] == gone[1::2]).all()


@pytest.mark.parametrize(("of_person", "of_prompt"), [(1.0, 0.0), (0.0, 1.0), (0.7, 0.7)])
def test_people_and_the_prompts_that_they_share_both_widen(of_person: float, of_prompt: float) -> None:
    # a mean over n people x m prompts of u_p + v_q + e has variance var(u) / n + var(v) / m + var(e) / (n m)
    rng, n, m = np.random.default_rng(7), 30, 20
    person, prompt = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    ways = ways_of(person, prompt)
    squares = []
    for _ in range(60):
        own = rng.normal(0, of_person, n)[person] + rng.normal(0, of_prompt, m)[prompt] + rng.normal(0, 0.5, n * m)
        squares.append(mean_of(own, ways, n).se[0] ** 2)
    expected = of_person**2 / n + of_prompt**2 / m + 0.25 / (n * m)
    assert np.mean(squares) == pytest.approx(expected, rel=0.15)


def test_degrees_of_freedom_lie_between_those_of_people_and_prompts_and_their_sum() -> None:
    rng, person, prompt = np.random.default_rng(8), np.repeat(np.arange(40), 12), np.tile(np.arange(12), 40)
    both = rng.normal(size=40)[person] + rng.normal(size=12)[prompt]
    (alone,) = mean_of(rng.normal(size=40)[person], ways_of(person, np.arange(480)), 40).df
    (df,) = mean_of(both, ways_of(person, prompt), 40).df
    assert alone == 39
    assert 11 <= df < 50


def test_prompts_add_nothing_where_each_is_one_persons_or_there_is_but_one() -> None:
    person = np.repeat(np.arange(30), 2)
    for prompt in (np.arange(60), person, np.zeros(60, dtype=np.int64)):
        assert len(ways_of(person, prompt)) == 1
    assert len(ways_of(person, np.tile(np.arange(2), 30))) == 3
    assert ways_of(EACH[:0], EACH[:0])[0].groups == 0


def test_a_figure_that_some_prompts_leave_undefined_keeps_the_width_of_its_people() -> None:
    person, prompt = np.repeat(np.arange(20), 10), np.tile(np.arange(10), 20)
    ways = ways_of(person, prompt)
    rng = np.random.default_rng(9)
    moved = [rng.normal(size=(way.groups, 2)) for way in ways]
    by_person = jackknife(moved[:1], ways[:1], 20)
    moved[1][:, 0] = moved[2][:, 0] = np.nan
    found = jackknife(moved, ways, 20)
    assert (found.se[0], found.df[0]) == (by_person.se[0], by_person.df[0])
    assert found.se[1] >= by_person.se[1]


def test_people_are_left_out_within_their_corpora() -> None:
    # two corpora far apart, 12 and 18 people: a mean over all varies as the means of both do, not by how far apart
    rng, corpus = np.random.default_rng(10), np.repeat([0, 1], [12, 18])
    answers = rng.normal(size=30) + 10 * corpus
    se, df = mean_of(answers, ways_of(EACH, EACH, corpus), 30)
    parts = [(len(own) / 30) ** 2 * own.var(ddof=1) / len(own) for own in (answers[:12], answers[12:])]
    # leaving one of 12 out moves the mean of all by 1/29 and not by 12/30 of what it moves its own
    assert se[0] == pytest.approx(math.sqrt(sum(parts)), rel=0.06)
    assert df[0] == 28
    assert mean_of(answers, ways_of(EACH, EACH), 30).se[0] > 3 * se[0]


def test_a_corpus_of_one_person_goes_with_the_largest() -> None:
    (way,) = ways_of(np.arange(5), np.arange(5), np.array([4, 4, 4, 7, 9]))
    assert way.stratum.tolist() == [4, 4, 4, 4, 4]
    group, stratum = groups_within(np.repeat([0, 1], [900, 100]))
    assert (len(stratum), (stratum == 1).sum()) == (250, 25)
    assert set(np.bincount(group)) == {4}


def test_a_figure_of_some_people_has_the_standard_error_of_their_mean() -> None:
    # the mean over the first 12 of 30 people: leaving out others moves nothing
    answers = np.random.default_rng(11).normal(size=30)
    moved = np.full((30, 2), answers[:12].mean())
    moved[:12, 0] = [np.delete(answers[:12], one).mean() for one in range(12)]
    se, df = jackknife_of_parts([moved], [np.array([12, 9])])
    assert se[0] == pytest.approx(answers[:12].std(ddof=1) / math.sqrt(12), rel=0.02)
    assert (df[0], np.isnan(se[1])) == (11, True)


def test_a_mean_over_figures_of_two_people_each_varies_as_it_should() -> None:
    # 200 means of two people, nobody in two of them: their mean varies as that of 400 people
    answers = np.random.default_rng(12).normal(size=(200, 2))
    itself = answers.mean(axis=1)
    moved = np.repeat(itself[:, None], 400, axis=1)
    for pair in range(200):
        moved[pair, 2 * pair], moved[pair, 2 * pair + 1] = answers[pair, 1], answers[pair, 0]
    plain, put_right = (
        (each.mean(axis=0) - itself.mean()) for each in (moved, part_of(moved, itself, np.full(200, 2)))
    )
    assert math.sqrt((put_right**2).sum()) == pytest.approx(1 / math.sqrt(400), rel=0.1)
    assert (plain**2).sum() == pytest.approx(2 * (put_right**2).sum())
