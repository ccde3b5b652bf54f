"""Masks as people see them: spans of a text covered by a word for what they cover. Pure; the text itself never changes.

Offsets count code points of the original everywhere in the database. ``Shown`` says where they are in what is shown.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.enums import MaskKind

WORDS = {
    MaskKind.EMAIL: "e-mail address",
    MaskKind.PHONE: "phone number",
    MaskKind.ADDRESS: "postal address",
    MaskKind.CARD: "card number",
    MaskKind.ACCOUNT: "account number",
    MaskKind.IDENTITY: "identity number",
    MaskKind.IP: "internet address",
    MaskKind.NAME: "name",
}
_JOINER = "\u2060"  # invisible; keeps Markdown from taking "[e-mail address](" for a link, or "[...]:" for its address


@dataclass(frozen=True, order=True)
class Span:
    """Code points ``start`` to ``end`` (exclusive) of a text, and what they are."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Shown:
    """A text with its spans covered. ``spans`` are apart and in order; ``starts[i]`` is where the i-th token begins."""

    text: str
    spans: tuple[Span, ...] = ()
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where the original's ``start`` to ``end`` are. What is partly covered is shown by its whole token."""
        return self._place(start, last=False), self._place(end, last=True)

    def quote(self, start: int, end: int) -> str:
        first, last = self.place(start, end)
        return self.text[first:last]

    def _place(self, offset: int, *, last: bool) -> int:
        """Of an offset within a token: its end for the end of a range, else its start."""
        before = bisect_right(self.spans, offset, key=lambda span: span.start) - 1
        if before < 0:
            return offset
        span = self.spans[before]
        if offset >= span.end:
            return self.ends[before] + offset - span.end
        return self.ends[before] if last and offset > span.start else self.starts[before]


def shown(text: str, spans: Iterable[Span]) -> Shown:
    """The text as people see it. Spans may overlap, and come from several runs; outside the text they are cut off."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    apart = united(span for span in spans if span.start < len(text))
    at = length = 0
    for span in apart:
        token = _token(span.kind, text[span.end : span.end + 1])
        parts += [text[at : span.start], token]
        length += span.start - at
        starts.append(length)
        length += len(token)
        ends.append(length)
        at = span.end
    return Shown("".join([*parts, text[at:]]), apart, tuple(starts), tuple(ends))


def united(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans apart from each other, in order. Those that overlap become one, named for the longest of them."""
    result: list[tuple[Span, Span]] = []  # the whole, and the longest in it
    for span in sorted(spans):
        if not result or span.start >= result[-1][0].end:
            result.append((span, span))
            continue
        whole, longest = result[-1]
        longest = max(longest, span, key=lambda each: each.end - each.start)
        result[-1] = (Span(whole.start, max(whole.end, span.end), longest.kind), longest)
    return tuple(Span(whole.start, whole.end, longest.kind) for whole, longest in result)


def _token(kind: str, following: str) -> str:
    return f"[{WORDS[MaskKind(kind)]}]" + (_JOINER if following and following in "([:" else "")
