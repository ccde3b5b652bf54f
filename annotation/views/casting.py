"""Moulds: a template rendered once with marks for what differs, and cast by joining its pieces around other words.

Where a page says the same thing hundreds of times (a turn), or the same page is asked for all day (the next item), this
takes a hundredth of the template's time. What is cast is what the template would have rendered, to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from studies.tokens import new_token


@dataclass(frozen=True)
class Mould:
    pieces: tuple[str, ...]  # of the template, around the marks
    names: tuple[str, ...]  # of what goes between each and the next

    def cast(self, words: Mapping[str, str | int]) -> SafeString:
        """The template with these words in it, escaped unless they are HTML already."""
        escaped = {
            name: conditional_escape(str(word) if isinstance(word, int) else word) for name, word in words.items()
        }
        filled = [piece + escaped[name] for piece, name in zip(self.pieces, self.names, strict=False)]
        return mark_safe("".join([*filled, self.pieces[-1]]))  # noqa: S308 - a template's own pieces, words escaped


class Marks:
    """Marks that no text on a page can hold, and the mould that a template rendered with them makes."""

    def __init__(self) -> None:
        self._lot = new_token()

    def __call__(self, name: str) -> SafeString:
        return SafeString(f"{self._lot}{name}{self._lot}")

    def mould(self, rendered: str) -> Mould:
        parts = re.split(f"{self._lot}([a-z0-9]+?){self._lot}", rendered)
        return Mould(tuple(parts[::2]), tuple(parts[1::2]))
