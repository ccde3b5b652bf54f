"""The next item's partial, cast instead of rendered: the template is rendered once with marks for all that differs from
page to page, and each page is the pieces between the marks with its own words in their places.

A mould knows an instrument and a number of questions. What a page says comes in when it is cast, and only from what
RatingPage could show: texts left and right, places, tokens, numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.template.loader import get_template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override

from annotation.domain.handing_in import NextItem
from annotation.domain.submissions import questions_on_page
from annotation.instruments import INSTRUMENTS
from annotation.instruments.material import PageMaterial, Passage, QuestionView
from annotation.models import Assignment
from annotation.views.casting import Marks, Mould
from annotation.views.rating_page import RatingPage, Standing, asked, conversations_of, empty_page
from studies.language import spoken
from studies.tokens import new_token

TEMPLATE = "annotation/rate_item.html#item"
PASSAGES = ("prompt", "left", "right")


class Shape(NamedTuple):
    """A passage on the page: whether it is Markdown, and whether it is folded."""

    name: str
    is_html: bool
    long: bool


def cast_page(following: NextItem, before: Sequence[str], csrf_token: str) -> str:
    """The partial of an item that nobody has worked on.

    ``before``: the tokens of the item just submitted and, where the page has fetched one ahead, of that.
    """
    with override(spoken(following.language)):
        material = _material(following)
        words = _words(material)
    shape = tuple(
        Shape(name, bool(passage.html), passage.long) for name in PASSAGES if (passage := getattr(material, name))
    )
    has_chats = material.conversations is not None
    mould = mould_of(following.instrument, len(material.questions), shape, has_chats, spoken(following.language))
    words |= {"token": following.token, "previous": before[-1], "title": following.campaign_title}
    words |= {"key": new_token(), "csrf": csrf_token}
    words |= {"saved": following.saved, "total": following.total, "number": following.saved + len(before)}
    return mould.cast(words)


def _material(following: NextItem) -> PageMaterial:
    """From the item's own texts where these are all that its page shows."""
    instrument = INSTRUMENTS[following.instrument]
    material = instrument.page_of_texts(following.texts)
    if material is not None:
        return material
    assignment = Assignment.objects.select_related("item").get(token=following.token)
    return instrument.page(assignment, questions_on_page(assignment))


def _words(material: PageMaterial) -> dict[str, str | int]:
    words: dict[str, str | int] = {}
    for question in asked(material):
        words |= {f"question{question.place}": question.text, f"evidence{question.place}": question.evidence}
    for name in PASSAGES:
        passage = getattr(material, name)
        if passage is not None:
            words[name] = passage.text
            words[f"{name}html"] = mark_safe(passage.html)  # noqa: S308 - sanitised where it was rendered
    return words | {"conversations": conversations_of(material)}


@lru_cache(maxsize=64)
def mould_of(instrument: str, n_questions: int, shape: tuple[Shape, ...], has_chats: bool, language: str) -> Mould:
    """``shape``: which passages stand on the page."""
    mark = Marks()
    with override(language):
        page = _marked_page(instrument, n_questions, shape, has_chats, mark)
        context = {"page": page, "request": SimpleNamespace(htmx=True), "csrf_token": mark("csrf")}
        return mark.mould(get_template(TEMPLATE).render(context))


def _marked_page(
    instrument: str, n_questions: int, shape: tuple[Shape, ...], has_chats: bool, marks: Marks
) -> RatingPage:
    mark: Callable[[str], Any] = marks  # stands for numbers, too
    passages = {
        each.name: Passage(mark(each.name), mark(f"{each.name}html") if each.is_html else "", each.long)
        for each in shape
    }
    questions = tuple(QuestionView(place, mark(f"question{place}")) for place in range(n_questions))
    material = PageMaterial(questions, () if has_chats else None, **passages)
    return replace(
        empty_page(INSTRUMENTS[instrument], Standing(mark("saved"), mark("total")), mark("token")),
        campaign_title=mark("title"),
        material=material,
        conversations=mark("conversations") if has_chats else SafeString(""),
        questions=tuple(
            replace(each, evidence=mark(f"evidence{each.place}") if has_chats else SafeString(""))
            for each in asked(material)
        ),
        key=mark("key"),
        number=mark("number"),
        previous_url=reverse("annotation:edit-item", args=[mark("previous")]),
    )
