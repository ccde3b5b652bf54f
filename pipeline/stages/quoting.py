"""Quotes: where the words that a model quotes stand in a turn; white space and quotation marks may differ."""

from __future__ import annotations

import re
from functools import lru_cache

_MARKS = dict.fromkeys("\"'`\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u00ab\u00bb\u02bc", "'")
_SPACE = re.compile(r"\s")


def find_quote(text: str, quote: str) -> tuple[int, int] | None:
    """Code points ``start`` to ``end`` of ``text`` that say the same as ``quote``, the first of several; else None.

    A quote that stands nowhere with the marks that a model put around it is looked for without them.
    """
    wanted = _plain(quote)[0].strip()
    bare = wanted.strip("' ")
    if not bare:
        return None
    plain, places = _plain(text)
    for words in (wanted, bare):
        at = plain.find(words)
        if at >= 0:
            return places[at], places[at + len(words) - 1] + 1
    return None


@lru_cache(maxsize=8)  # a turn is quoted several times in a row, and some turns are long
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
