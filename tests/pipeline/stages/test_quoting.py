from __future__ import annotations

import pytest

from pipeline.stages.quoting import find_quote

TURN = "I said \u201cbees\u201d,\n\n  twice.  \U0001f41d Don\u2019t laugh: I keep bees."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("twice", "twice"),
        ('said "bees", twice.', "said \u201cbees\u201d,\n\n  twice."),
        ("Don't laugh", "Don\u2019t laugh"),
        ("\U0001f41d Don`t", "\U0001f41d Don\u2019t"),
        ("  I keep\tbees. ", "I keep bees."),
        ("\u00abI keep bees\u00bb", "I keep bees"),
        ('"bees"', "\u201cbees\u201d"),  # with its marks where they stand in the turn
        ("bees", "bees"),
    ],
)
def test_find_quote_gives_code_points_of_the_original(quote: str, found: str) -> None:
    span = find_quote(TURN, quote)
    assert span is not None
    assert TURN[slice(*span)] == found


@pytest.mark.parametrize(
    "quote", ["I keep wasps", "i keep bees", "said bees", "laugh ... bees", "", " ", '""', "''", "\u2019"]
)
def test_find_quote_finds_no_other_words(quote: str) -> None:
    assert find_quote(TURN, quote) is None


def test_find_quote_takes_the_first_of_several_and_any_part_of_a_text() -> None:
    assert find_quote("bees bees", "bees") == (0, 4)
    for start in range(len(TURN)):
        for end in range(start + 1, len(TURN) + 1):
            if TURN[start:end].strip("\u201c\u201d \n\u2019"):
                assert find_quote(TURN, TURN[start:end]) is not None, (start, end)
