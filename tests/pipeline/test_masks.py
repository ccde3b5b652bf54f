from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.enums import MaskKind
from pipeline.masks import Shown, Span, shown, united

MAIL = "Write to ada@example.org, or call."


def test_span_is_covered_by_a_word_for_what_it_is() -> None:
    found = shown(MAIL, [Span(9, 24, MaskKind.EMAIL)])
    assert found.text == "Write to [e-mail address], or call."


def test_offsets_behind_a_mask_move_and_those_within_name_the_whole_token() -> None:
    found = shown(MAIL, [Span(9, 24, MaskKind.EMAIL)])
    assert found.quote(MAIL.index("call"), len(MAIL)) == "call."
    assert found.quote(0, 5) == "Write"
    assert found.quote(6, 12) == "to [e-mail address]"
    assert found.quote(20, 25) == "[e-mail address],"


def test_spans_of_several_runs_become_one() -> None:
    spans = [Span(0, 4, MaskKind.PHONE), Span(2, 9, MaskKind.EMAIL), Span(9, 11, MaskKind.NAME)]
    assert united(spans) == (Span(0, 9, MaskKind.EMAIL), Span(9, 11, MaskKind.NAME))


def test_token_before_a_bracket_is_no_link() -> None:
    assert shown("ada@example.org(work)", [Span(0, 15, MaskKind.EMAIL)]).text == "[e-mail address]\u2060(work)"


@st.composite
def masked_texts(draw: st.DrawFn) -> tuple[str, list[Span], Shown]:
    """Letters that say their own place, so that what is shown tells where it came from."""
    text = "".join(chr(0x4E00 + place) for place in range(draw(st.integers(1, 60))))
    ends = st.tuples(st.integers(0, len(text) + 5), st.integers(0, len(text) + 5)).filter(
        lambda ends: ends[0] < ends[1]
    )
    spans = [Span(*found, draw(st.sampled_from(MaskKind.values))) for found in draw(st.lists(ends, max_size=6))]
    return text, spans, shown(text, spans)


@given(masked_texts())
def test_every_uncovered_letter_is_where_its_offset_says_and_no_covered_one_is_shown(
    drawn: tuple[str, list[Span], Shown],
) -> None:
    text, spans, found = drawn
    covered = {place for span in spans for place in range(span.start, min(span.end, len(text)))}
    for place, letter in enumerate(text):
        start, end = found.place(place, place + 1)
        if place in covered:
            assert letter not in found.text
            assert (found.text[start], found.text[:end].rstrip("\u2060")[-1]) == ("[", "]")
        else:
            assert found.text[start:end] == letter


@given(masked_texts(), st.data())
def test_quote_holds_exactly_the_uncovered_letters_of_its_range(
    drawn: tuple[str, list[Span], Shown], data: st.DataObject
) -> None:
    text, spans, found = drawn
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    covered = {place for span in spans for place in range(span.start, span.end)}
    kept = [letter for letter in found.quote(start, end) if letter >= "\u4e00"]
    assert kept == [text[place] for place in range(start, end) if place not in covered]


@pytest.mark.parametrize("kind", MaskKind.values)
def test_every_kind_has_words(kind: str) -> None:
    assert shown("x", [Span(0, 1, kind)]).text.startswith("[")
