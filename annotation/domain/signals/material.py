"""What signals are made of: five queries, whatever the number of raters, answers and items."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from django.db.models import BigIntegerField, Case, Count, QuerySet, TextField, Value, When
from django.db.models.functions import Cast

from analysis.schema import VALUES
from annotation.domain.screening.marking import answers_right
from annotation.domain.signals.reading import Ints, whole_numbers
from annotation.enums import AssignmentState, ItemRole, RaterState, ReturnReason
from annotation.models import Assignment, Campaign, Judgment, Rater
from pipeline.enums import Side

STANDING = (AssignmentState.SUBMITTED, AssignmentState.SURPLUS)
READ_AT_ONCE = 10_000
CODE, POSITION = "code", "position"


class Page(NamedTuple):
    """One assignment that was answered or handed back. A tuple: they come by the hundred thousand."""

    rater: int
    role: str
    state: str
    side: str
    order: Sequence[int]
    seconds: float | None
    hidden: float | None
    pastes: int | None
    returned_because: str
    words: int  # to read on it


@dataclass(frozen=True)
class Answers:
    """Answers to work questions, sorted by rater and then as they were given; one entry each in arrays of one length.

    ``rater`` and ``question`` are numbered densely, ``code`` is the place in ``VALUES`` of the instrument, ``page`` the
    key of the assignment, ``counts`` of shape (questions, values) what raters who take part said to each question.
    ``stands`` is False for answers of who left or was excluded: they are in no count. ``left``: the personalized
    response stood on the left.
    """

    rater: Ints
    question: Ints
    code: Ints
    page: Ints
    left: npt.NDArray[np.bool_]
    stands: npt.NDArray[np.bool_]
    counts: Ints


class Marked(NamedTuple):
    """``right`` of ``n``."""

    right: int
    n: int


@dataclass(frozen=True)
class Material:
    """``gold``: answers to gold items. ``attention``: attention items that were answered, right in every answer."""

    raters: Sequence[Rater]
    pages: Mapping[int, Page]  # by assignment, in the order of submission
    answers: Answers
    gold: Mapping[int, Marked]  # by rater
    attention: Mapping[int, Marked]  # by rater


def read_material(campaign: Campaign) -> Material:
    raters = list(campaign.raters.select_related("participant").order_by("pk"))
    pages = _pages(campaign)
    answers = _answers(campaign, raters, pages)
    return Material(raters, pages, answers, _gold(campaign), _attention(campaign))


def _pages(campaign: Campaign) -> dict[int, Page]:
    """Orders come as text: most are read once, and a page of six questions has but 720 of them."""
    rows = (
        Assignment.objects.filter(campaign=campaign, state__in=[*AssignmentState.answered(), AssignmentState.RETURNED])
        .annotate(as_shown=Cast("order", TextField()))
        .order_by("submitted_at", "pk")
        .values_list(
            "pk", "rater_id", "item__role", "state", "side", "as_shown", "seconds", "hidden_seconds", "pastes",
            "returned_because", "item__words",
        )
    )  # fmt: skip
    order_of = cache(_order_of)
    return {
        pk: Page(rater, role, state, side, order_of(order), seconds, hidden, pastes, returned_because, words)
        for pk, rater, role, state, side, order, seconds, hidden, pastes, returned_because, words in rows.iterator(
            READ_AT_ONCE
        )
    }


def _order_of(text: str) -> tuple[int, ...]:
    return tuple(json.loads(text))


def _answers(campaign: Campaign, raters: Sequence[Rater], pages: Mapping[int, Page]) -> Answers:
    """Pages and raters are numbered by their places, so that all that is known of an answer's page is a look-up."""
    told = _rows(campaign, pages)
    of_rater = {rater.pk: place for place, rater in enumerate(raters)}
    rater = np.array([of_rater.get(page.rater, -1) for page in pages.values()], dtype=np.int64)
    told = told[rater[told[:, 0]] >= 0]  # who joined since the raters were read
    told = told[_as_given(told, rater, pages)]
    page, question, code = told[:, 0], told[:, 1], told[:, 3]
    known, question = np.unique(question, return_inverse=True)
    stands = _stands(raters, pages)[page]
    n_values = len(VALUES[campaign.instrument])
    counts = np.bincount(question[stands] * n_values + code[stands], minlength=len(known) * n_values)
    left = np.array([each.side == Side.LEFT for each in pages.values()], dtype=np.bool_)
    keys = np.fromiter(pages, dtype=np.int64, count=len(pages))
    return Answers(rater[page], question, code, keys[page], left[page], stands, counts.reshape(-1, n_values))


def _rows(campaign: Campaign, pages: Mapping[int, Page]) -> Ints:
    """A row for each answer: the place of its page among ``pages``, question, position on its item, code. What came in
    since the pages were read is left for the next time."""
    found = whole_numbers(_told(campaign), ("assignment", "question", POSITION, CODE))
    keys = np.fromiter([*pages, -1], dtype=np.int64)  # never empty
    by_key = np.argsort(keys)
    place = by_key[np.searchsorted(keys, found[:, 0], sorter=by_key).clip(max=len(keys) - 1)]
    there = keys[place] == found[:, 0]
    found[:, 0] = place
    told: Ints = found[there]
    return told


def _told(campaign: Campaign) -> QuerySet[Judgment]:
    codes = [When(value=value, then=Value(code)) for code, value in enumerate(VALUES[campaign.instrument])]
    rows = Judgment.objects.filter(question__campaign=campaign, question__role=ItemRole.WORK, value__isnull=False)
    numbers = {
        POSITION: Cast("question__position", BigIntegerField()),
        CODE: Cast(Case(*codes), BigIntegerField()),
    }
    return rows.annotate(**numbers)


def _as_given(told: Ints, rater: Ints, pages: Mapping[int, Page]) -> Ints:
    """The order of the answers by rater, then by page, then as the questions stood on it."""
    page, position = told[:, 0], told[:, 2]
    lengths = np.array([len(each.order) for each in pages.values()], dtype=np.int64)
    shown = np.fromiter(chain.from_iterable(each.order for each in pages.values()), dtype=np.int64)
    width = int(max(position.max(initial=0), shown.max(initial=0))) + 1
    starts = np.cumsum(lengths) - lengths
    of_page = np.append(np.repeat(np.arange(len(lengths)), lengths) * width + shown, -1)  # never empty
    by_key = np.argsort(of_page)
    at = by_key[np.searchsorted(of_page, page * width + position, sorter=by_key).clip(max=len(of_page) - 1)]
    place = np.where(of_page[at] == page * width + position, at - starts[page], position)
    return np.argsort((rater[page] * len(lengths) + page) * width + place, kind="stable")


def _stands(raters: Sequence[Rater], pages: Mapping[int, Page]) -> npt.NDArray[np.bool_]:
    active = {rater.pk for rater in raters if rater.state == RaterState.ACTIVE}
    standing = set(STANDING)
    return np.array([page.state in standing and page.rater in active for page in pages.values()], dtype=np.bool_)


EXPECTED = ("question__instrument", "question__expected__values", "value", "assignment__side")


def _checked(campaign: Campaign, role: ItemRole) -> QuerySet[Judgment]:
    """Answers for which something is expected, on items of this role; erased ones are no answers."""
    return Judgment.objects.filter(
        question__campaign=campaign, question__role=role, question__expected__isnull=False, value__isnull=False
    ).order_by()


def _gold(campaign: Campaign) -> dict[int, Marked]:
    """Counted where they lie, by what was expected and given: a handful of rows for each rater."""
    found: dict[int, Marked] = defaultdict(lambda: Marked(0, 0))
    rows = _checked(campaign, ItemRole.GOLD).values_list("rater", *EXPECTED).annotate(n=Count("pk"))
    for rater, instrument, expected, value, side, n in rows:
        right = answers_right(instrument, ItemRole.GOLD, value, side, expected)
        found[rater] = Marked(found[rater].right + n * right, found[rater].n + n)
    return found


def _attention(campaign: Campaign) -> dict[int, Marked]:
    items: dict[tuple[int, int], bool] = {}
    rows = _checked(campaign, ItemRole.ATTENTION).values_list("rater", "assignment", *EXPECTED)
    for rater, page, instrument, expected, value, side in rows.iterator(READ_AT_ONCE):
        right = answers_right(instrument, ItemRole.ATTENTION, value, side, expected)
        items[rater, page] = items.get((rater, page), True) and right
    found: dict[int, Marked] = defaultdict(lambda: Marked(0, 0))
    for (rater, _), right in items.items():
        found[rater] = Marked(found[rater].right + right, found[rater].n + 1)
    return found


def skips_by_reason(pages: Sequence[Page]) -> dict[str, int]:
    """How many items were handed back for each reason, in the reasons' order; without those that nobody gave."""
    given = [page.returned_because for page in pages if page.state == AssignmentState.RETURNED]
    return {reason: given.count(reason) for reason in ReturnReason.values if reason in given}
