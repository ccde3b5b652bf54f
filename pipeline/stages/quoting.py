"""Quotes: where the words that a model quotes stand in a turn; white space and quotation marks may differ."""

from __future__ import annotations

import re

_MARKS = dict.fromkeys("\"'`\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u00ab\u00bb\u02bc", "'")
_SPACE = re.compile(r"\s")


def find_quote(text: str, quote: str) -> tuple[int, int] | None:
    """Code points ``start`` to ``end`` of ``text`` that say the same as ``quote``, the first of several; else None.

    A quote that stands nowhere with the marks that a model put around it is looked for without them.
    """
    plain, places = _plain(text)
    wanted = _plain(quote)[0].strip()
    for words in (wanted, wanted.strip("' ")):
        at = plain.find(words) if words else -1
        if at >= 0:
            return places[at], places[at + len(words) - 1] + 1
    return None


def _plain(text: str) -> tuple[str, list[int]]:
    """The text with one space for each run of white space and one kind of mark, and where each character stood."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        plain = " " if _SPACE.match(character) else _MARKS.get(character, character)
        if plain == " " and characters[-1:] == [" "]:
            continue
        characters.append(plain)
        places.append(place)
    return "".join(characters), places
