from __future__ import annotations

import pytest

from pipeline.stages.parsing import explanation_of, parse_json, parse_rating, parse_yes_no


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("YES\nIt would.", "yes"),
        ("no", "no"),
        ("**No.** It would not.", "no"),
        ("  \n- Yes, because", "yes"),
        ('"YES"', "yes"),
        ("Nothing here matters", None),
        ("Yesterday", None),
        ("I think yes", None),
        ("YES/NO", None),
        ("yes or no, hard to say", None),
        ("", None),
    ],
)
def test_parse_yes_no_takes_the_first_word_and_nothing_doubtful(text: str, value: str | None) -> None:
    assert parse_yes_no(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4\nThe right one plans for it.", "4"),
        ("**5**", "5"),
        ("3.", "3"),
        ("2. The left one", "2"),
        ("1 - left is much better", "1"),
        ("4.5", None),
        ("4,5", None),
        ("4/5", None),
        ("3-4", None),
        ("3 or 4", None),
        ("10", None),
        ("0", None),
        ("6", None),
        ("50%", None),
        ("Rating: 4", None),
        ("", None),
    ],
)
def test_parse_rating_takes_one_whole_number_and_nothing_doubtful(text: str, value: str | None) -> None:
    assert parse_rating(text) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("YES\nThe menu would change.", "The menu would change."),
        ("**4** - The right one fits.", "The right one fits."),
        ("NO", ""),
        ("Perhaps.", ""),
    ],
)
def test_explanation_of_is_what_follows_the_value(text: str, reason: str) -> None:
    assert explanation_of(text) == reason


@pytest.mark.parametrize(
    "text", ['{"a": [1]}', 'Here it is:\n```json\n{"a": [1]}\n```\nDone.', 'Sure! {"a": [1]} Bye.']
)
def test_parse_json_finds_it_among_words(text: str) -> None:
    assert parse_json(text) == {"a": [1]}


@pytest.mark.parametrize("text", ["", "no json", '{"a": [1', '{"a": NaN}', "[" * 100_000])
def test_parse_json_says_that_there_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        parse_json(text)
