from __future__ import annotations

import random

import numpy as np
import pytest

from pipeline.domain.people.languages import language_code
from pipeline.domain.people.openings import (
    LONGEST,
    SHINGLE,
    SHORTEST,
    groups_alike,
    normalised,
    signatures_of,
    similarity,
)

TEMPLATE = "As a prompt generator for a model that paints pictures you write concise prompts about {}."


def groups_of(*openings: str, threshold: float = 0.7) -> list[list[int]]:
    signatures, usable = signatures_of(openings)
    rows = np.flatnonzero(usable)
    labels = groups_alike(signatures, rows, np.arange(len(openings)), threshold)
    found: dict[int, list[int]] = {}
    for row, label in zip(rows.tolist(), labels.tolist(), strict=True):
        found.setdefault(label, []).append(row)
    return sorted(found.values())


def jaccard(left: str, right: str) -> float:
    one, other = (
        {text[place : place + SHINGLE] for place in range(len(text) - SHINGLE + 1)}
        for text in map(normalised, (left, right))
    )
    return len(one & other) / len(one | other)


def test_normalised_ignores_case_numbers_and_marks():
    assert normalised("  Write 1,000 words --\n on *Figs*_2  ") == "write 0 0 words on figs 0"


def test_openings_that_differ_in_a_slot_are_one_group():
    assert groups_of(TEMPLATE.format("cats"), "How do I prune a fig tree in winter?", TEMPLATE.format("boats")) == [
        [0, 2],
        [1],
    ]


def test_openings_that_differ_only_in_numbers_and_marks_are_one_group():
    assert groups_of("Translate line 17 of the letter, please!", "translate line 2045 of the letter - please") == [
        [0, 1]
    ]


def test_what_is_short_is_like_nothing_else():
    assert groups_of("hello", "hello") == []
    assert groups_of("a" * (SHORTEST - 1), "b" * SHORTEST) == [[1]]


def test_what_follows_the_opening_of_an_opening_does_not_count():
    words = " ".join(random.Random(1).choices(["figs", "dates", "plums", "pears", "limes", "kiwis"], k=LONGEST))
    assert groups_of(words, words + " " + "something else " * 50) == [[0, 1]]


def test_groups_of_text_without_spaces_and_of_lone_surrogates():
    han = "请帮我写一篇关于春天的文章要求八百字左右语言优美结构完整感情真挚谢谢你的帮助"
    assert groups_of(han, han + "吧", "fig \ud800" * SHORTEST, "x" * SHORTEST) == [[0, 1], [2], [3]]


def test_no_opening_at_all():
    assert groups_of() == []
    assert groups_of("") == []


def test_similarity_estimates_jaccard():
    """Against Jaccard itself on pairs from near to far: the estimate's error is 0.07 at most, so 4 times that never."""
    lots = random.Random(7)
    base = [lots.choice("abcdefghijklmnopqrstuvwxyz ") for _ in range(250)]
    for changed in (0, 2, 5, 10, 20, 60):
        other = base[:]
        for place in lots.sample(range(len(other)), changed):
            other[place] = "#"
        left, right = "".join(base), "".join(other).replace("#", "q")
        signatures, _ = signatures_of([left, right])
        assert similarity(signatures[:1], signatures[1:])[0] == pytest.approx(jaccard(left, right), abs=0.25)
    assert jaccard(left, left) == 1


def test_groups_find_what_comparing_all_with_all_finds():
    """Three hundred openings from a hundred templates, and as many that stand alone, all compared with all."""
    lots = random.Random(3)
    words = ["".join(lots.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(500)]
    templates = [" ".join(lots.choices(words, k=25)) for _ in range(100)]
    texts = [f"{lots.choice(templates)} {lots.choice(words)}" for _ in range(300)]
    texts += [" ".join(lots.choices(words, k=25)) for _ in range(300)]
    signatures, _ = signatures_of(texts)
    near = [np.flatnonzero(similarity(np.repeat(row[None], 600, axis=0), signatures) >= 0.7) for row in signatures]
    found = {row: set(group) for group in groups_of(*texts) for row in group}
    assert all(set(near[row].tolist()) <= found[row] for row in range(300))
    assert all(len(found[row]) == 1 for row in range(300, 600))


def test_groups_do_not_depend_on_the_order_of_the_rows():
    texts = [TEMPLATE.format(word) for word in ["cats", "boats", "dogs", "trees"]] + [
        "How are figs pruned in winter, then?"
    ]
    signatures, _ = signatures_of(texts)
    back = signatures[::-1].copy()
    rank = np.arange(len(texts))
    here = groups_alike(signatures, rank, rank, 0.7)
    there = groups_alike(back, rank, rank[::-1].copy(), 0.7)[::-1]
    assert [(a == here).tolist() for a in here] == [(a == there).tolist() for a in there]


@pytest.mark.parametrize("name", ["English", "english", "en", "EN", "en-GB", "en_us", " English "])
def test_language_is_compared_leniently(name):
    assert language_code(name) == "en"


def test_chinese_is_one_language_by_whatever_name():
    assert {language_code(name) for name in ("Chinese", "zh", "zh-CN", "Simplified Chinese", "zh_Hant")} == {"zh"}


@pytest.mark.parametrize("name", ["", "Engl", "German", "de", "Klingon", "enm"])
def test_another_language_is_another(name):
    assert language_code(name) != "en"
