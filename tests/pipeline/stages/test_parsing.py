from __future__ import annotations

import pytest

from pipeline.stages.parsing import (
    explanation_of,
    parse_failure,
    parse_json,
    parse_rating,
    parse_verdict,
    parse_yes_no,
)


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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ACCEPTED\nIt does.", "accepted"),
        ("**Uncertain** - perhaps", "uncertain"),
        ("- rejected: no", "rejected"),
        ("Acceptable", None),
        ("Not accepted", None),
        ("ACCEPTED/UNCERTAIN", None),
        ("accepted or rejected", None),
        ("Verdict: ACCEPTED", None),
        ("", None),
    ],
)
def test_parse_verdict_takes_the_first_word_and_nothing_doubtful(text: str, value: str | None) -> None:
    assert parse_verdict(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no_evidence\nNothing.", "no_evidence"),
        ("No evidence", "no_evidence"),
        ("**Task-mistaken**", "task_mistaken"),
        ("NOT LASTING.", "not_lasting"),
        ("overgeneralized: it says more", "overgeneralized"),
        ("other", "other"),
        ("Otherwise fine", None),
        ("no_evidence, other", None),
        ("overgeneralized or no_evidence", None),
        ("no evidence_of_that", None),
        ("evidence", None),
        ("", None),
    ],
)
def test_parse_failure_takes_one_category_however_it_is_spelled(text: str, value: str | None) -> None:
    assert parse_failure(text) == value


@pytest.mark.parametrize("head", ["REJECTED", "no_evidence", "YES", "4"])
def test_explanation_of_is_what_follows_any_value(head: str) -> None:
    assert explanation_of(f"**{head}**\n- Because \x00 of \udc00 it.") == "Because \ufffd of \ufffd it."


def test_parse_json_takes_out_what_no_database_stores_at_any_depth() -> None:
    assert parse_json('{"a\\u0000": [{"b": "x\\ud800y"}, 1, null]}') == {"a\ufffd": [{"b": "x\ufffdy"}, 1, None]}
    assert parse_json('{"whole": "\\ud83d\\udc1d"}') == {"whole": "\U0001f41d"}
