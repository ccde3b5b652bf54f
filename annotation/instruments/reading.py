"""How much of a text stands open on a page, and which pieces of it are evidence. Pure; sizes in lines of a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from annotation.instruments.material import Part

LINE = 72  # characters: what fits into the pane's measure
TURN = 12  # lines of a turn that need no folding; the fold itself shows fewer (reading.css)
CHAT = 26  # lines of a chat, of its turns as they are folded
REQUEST = 8  # lines of a prompt above what is to be read


@dataclass(frozen=True)
class Quote:
    """Characters ``start`` to ``end`` (exclusive) of a text as it is shown: evidence for the question at ``place``."""

    place: int
    start: int
    end: int


def lines_of(text: str) -> int:
    """About how many lines the text takes, at least one."""
    return sum(-(-len(line) // LINE) or 1 for line in text.splitlines()) or 1


def is_long_chat(lines: Iterable[int]) -> bool:
    """Whether turns of so many lines make a chat to be folded; a folded turn counts by what it shows."""
    return sum(min(each, TURN) + 1 for each in lines) > CHAT


def parts_of(text: str, quotes: Sequence[Quote]) -> tuple[Part, ...]:
    """The text cut wherever a quote begins or ends, so that quotes may overlap; () where nothing is quoted."""
    within = [Quote(each.place, max(each.start, 0), min(each.end, len(text))) for each in quotes]
    within = [each for each in within if each.start < each.end]
    if not within:
        return ()
    cuts = sorted({0, len(text), *(cut for each in within for cut in (each.start, each.end))})
    return tuple(
        Part(text[start:end], tuple(sorted({each.place for each in within if each.start <= start and end <= each.end})))
        for start, end in pairwise(cuts)
    )
