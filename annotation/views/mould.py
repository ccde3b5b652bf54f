"""The next item's partial, cast instead of rendered: the template is rendered once with marks for all that differs from
page to page, and each page is the pieces between the marks with its own words in their places.

A mould knows an instrument and a number of questions. What a page says comes in when it is cast, and only from what
RatingPage could show: texts left and right, places, tokens, numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from django.template.loader import get_template
from django.urls import reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override

from annotation.domain.handing_in import NextItem
from annotation.instruments import INSTRUMENTS
from annotation.instruments.material import PageMaterial, Passage, QuestionView
from annotation.views.rating_page import RatingPage, Standing, asked, empty_page
from studies.language import spoken
from studies.tokens import new_token

TEMPLATE = "annotation/rate_item.html#item"
PASSAGES = ("prompt", "left", "right")


@dataclass(frozen=True)
class Mould:
    pieces: tuple[str, ...]  # of the template, around the marks
    names: tuple[str, ...]  # of what goes between each and the next

    def cast(self, words: Mapping[str, str | int]) -> str:
        escaped = {
            name: conditional_escape(str(word) if isinstance(word, int) else word) for name, word in words.items()
        }
        filled = [piece + escaped[name] for piece, name in zip(self.pieces, self.names, strict=False)]
        return "".join([*filled, self.pieces[-1]])


def cast_page(following: NextItem, previous: str, csrf_token: str) -> str | None:
    """The partial of an item that nobody has worked on, after ``previous``; None where only the template can do it."""
    material = INSTRUMENTS[following.instrument].page_of_texts(following.texts)
    if material is None:
        return None
    shape = tuple((name, bool(passage.html)) for name in PASSAGES if (passage := getattr(material, name)))
    mould = mould_of(following.instrument, len(material.questions), shape, spoken(following.language))
    words: dict[str, str | int] = {f"question{view.place}": view.text for view in material.questions}
    for name, is_html in shape:
        passage = getattr(material, name)
        words[name] = passage.text
        if is_html:
            words[f"{name}html"] = mark_safe(passage.html)  # noqa: S308 - sanitised where it was rendered
    words |= {"token": following.token, "previous": previous, "title": following.campaign_title}
    words |= {"key": new_token(), "csrf": csrf_token}
    words |= {"saved": following.saved, "total": following.total, "number": following.saved + 1}
    return mould.cast(words)


@lru_cache(maxsize=64)
def mould_of(instrument: str, n_questions: int, shape: tuple[tuple[str, bool], ...], language: str) -> Mould:
    """``shape``: which passages stand on the page, and which of them as Markdown."""
    lot = new_token()  # a word that no text on a page can hold
    with override(language):
        page = _marked_page(instrument, n_questions, dict(shape), lot)
        context = {"page": page, "request": SimpleNamespace(htmx=True), "csrf_token": f"{lot}csrf{lot}"}
        html = get_template(TEMPLATE).render(context)
    parts = re.split(f"{lot}([a-z0-9]+?){lot}", html)
    return Mould(tuple(parts[::2]), tuple(parts[1::2]))


def _marked_page(instrument: str, n_questions: int, shape: dict[str, bool], lot: str) -> RatingPage:
    def mark(name: str) -> Any:
        return f"{lot}{name}{lot}"

    def passage(name: str) -> Passage | None:
        if name not in shape:
            return None
        return Passage(mark(name), SafeString(mark(f"{name}html")) if shape[name] else "")

    questions = tuple(QuestionView(place, mark(f"question{place}")) for place in range(n_questions))
    material = PageMaterial(questions, (), *(passage(name) for name in PASSAGES))
    return replace(
        empty_page(INSTRUMENTS[instrument], Standing(mark("saved"), mark("total")), mark("token")),
        campaign_title=mark("title"),
        material=material,
        questions=asked(material),
        key=mark("key"),
        number=mark("number"),
        previous_url=reverse("annotation:edit-item", args=[mark("previous")]),
    )
