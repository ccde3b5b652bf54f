"""What signals are made of: four queries, whatever the number of raters, answers and items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from analysis.schema import VALUES
from annotation.domain.screening.marking import marked
from annotation.enums import AssignmentState, ItemRole, RaterState, ReturnReason
from annotation.models import Assignment, Campaign, Judgment, Rater

Ints = npt.NDArray[np.int64]
STANDING = (AssignmentState.SUBMITTED, AssignmentState.SURPLUS)
READ_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """One assignment that was answered or handed back."""

    rank: int  # in the order of submission, over the campaign
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
    submitted_at: datetime | None


@dataclass(frozen=True)
class Answers:
    """Answers to work questions, sorted by rater and then as they were given; one entry each in arrays of one length.

    ``rater`` and ``question`` are numbered densely, ``code`` is the place in ``VALUES`` of the instrument, ``page`` the
    key of the assignment, ``counts`` of shape (questions, values) what raters who take part said to each question.
    ``stands`` is False for answers of who left or was excluded: they are in no count.
    """

    rater: Ints
    question: Ints
    code: Ints
    page: Ints
    stands: npt.NDArray[np.bool_]
    counts: Ints


@dataclass(frozen=True, slots=True)
class Check:
    """An answer to a gold or attention item, and whether it is the expected one."""

    role: str
    page: int
    right: bool


@dataclass(frozen=True)
class Material:
    raters: Sequence[Rater]
    pages: Mapping[int, Page]  # by assignment
    answers: Answers
    checks: Mapping[int, Sequence[Check]]  # by rater


def read_material(campaign: Campaign) -> Material:
    raters = list(campaign.raters.select_related("participant").order_by("pk"))
    pages = _pages(campaign)
    return Material(raters, pages, _answers(campaign, raters, pages), _checks(campaign))


def _pages(campaign: Campaign) -> dict[int, Page]:
    rows = (
        Assignment.objects.filter(
            campaign=campaign, state__in=[*AssignmentState.answered(), AssignmentState.RETURNED]
        )
        .order_by("submitted_at", "pk")
        .values_list(
            "pk", "rater_id", "item__role", "state", "side", "order", "seconds", "hidden_seconds", "pastes",
            "returned_because", "item__words", "submitted_at",
        )
    )  # fmt: skip
    return {pk: Page(rank, *row) for rank, (pk, *row) in enumerate(rows.iterator(READ_AT_ONCE))}


def _answers(campaign: Campaign, raters: Sequence[Rater], pages: Mapping[int, Page]) -> Answers:
    found = _rows(campaign, raters, pages)
    found = found[np.lexsort((found[:, 2], found[:, 1], found[:, 0]))]
    known, question = np.unique(found[:, 3], return_inverse=True)
    code, stands = found[:, 4], found[:, 6].astype(np.bool_)
    counts: Ints = np.zeros((len(known), len(VALUES[campaign.instrument])), dtype=np.int64)
    np.add.at(counts, (question[stands], code[stands]), 1)
    return Answers(found[:, 0], question, code, found[:, 5], stands, counts)


def _rows(campaign: Campaign, raters: Sequence[Rater], pages: Mapping[int, Page]) -> Ints:
    """A row for each answer: rater, rank of the page, place on it, question, code, page, whether it stands."""
    places = {rater.pk: place for place, rater in enumerate(raters)}
    active = {rater.pk for rater in raters if rater.state == RaterState.ACTIVE}
    codes = {value: code for code, value in enumerate(VALUES[campaign.instrument])}
    rows = Judgment.objects.filter(question__campaign=campaign, question__role=ItemRole.WORK, value__isnull=False)
    told = rows.values_list("assignment_id", "question_id", "question__position", "value")
    found = []
    for key, question, position, value in told.iterator(READ_AT_ONCE):
        page = pages.get(key)
        if page is None or page.rater not in places:
            continue  # came in since the pages were read
        place = page.order.index(position) if position in page.order else position
        stands = page.state in STANDING and page.rater in active
        found.append((places[page.rater], page.rank, place, question, codes[str(value)], key, stands))
    return np.array(found, dtype=np.int64).reshape(-1, 7)


def _checks(campaign: Campaign) -> dict[int, list[Check]]:
    rows = Judgment.objects.filter(question__campaign=campaign, question__role__in=ItemRole.mixed_in())
    found: dict[int, list[Check]] = defaultdict(list)
    for judgment, right in marked(rows):
        check = Check(judgment.question.role, judgment.assignment_id, right)
        found[judgment.rater_id].append(check)
    return found


def skips_by_reason(pages: Sequence[Page]) -> dict[str, int]:
    """How many items were handed back for each reason, in the reasons' order; without those that nobody gave."""
    given = [page.returned_because for page in pages if page.state == AssignmentState.RETURNED]
    return {reason: given.count(reason) for reason in ReturnReason.values if reason in given}
