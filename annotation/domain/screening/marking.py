"""Whether answers are the expected ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.db.models import QuerySet

from analysis.schema import score_of
from annotation.enums import AssignmentState, ItemRole
from annotation.models import Expected, Judgment, Rater
from pipeline.enums import InstrumentName


def is_right(judgment: Judgment) -> bool | None:
    """Whether the answer is an expected one; None where none is expected, or where the answer was erased."""
    expected = Expected.objects.filter(question=judgment.question_id).first()
    if expected is None or judgment.value is None:
        return None
    role, side = judgment.question.role, judgment.assignment.side
    return answers_right(judgment.instrument, role, judgment.value, side, expected.values)


def answers_right(instrument: str, role: str, value: str, side: str, expected: Collection[str]) -> bool:
    """Preferences are expected towards the personalized response, on whichever side it stood; an attention item says
    what to choose on the page itself, so there it is the page's own value."""
    return as_expected(instrument, role, value, side) in expected


def as_expected(instrument: str, role: str, value: str, side: str) -> str:
    """The value as Expected.values hold it."""
    if instrument != InstrumentName.PREFERENCE or role == ItemRole.ATTENTION:
        return value
    return str(int(score_of(instrument, value, side)))


def on_page(instrument: str, role: str, expected: str, side: str) -> str:
    """An expected value as it is chosen on a page with the personalized response on ``side``: its own inverse."""
    return as_expected(instrument, role, expected, side)


def marked(judgments: QuerySet[Judgment]) -> Iterator[tuple[Judgment, bool]]:
    """The judgments for which something is expected and that were not erased, each with whether it is right.

    One query, whatever their number; ``question.expected`` and ``assignment`` are loaded.
    """
    known = judgments.filter(question__expected__isnull=False, value__isnull=False)
    for judgment in known.select_related("question__expected", "assignment"):
        right = answers_right(
            judgment.instrument,
            judgment.question.role,
            judgment.value or "",
            judgment.assignment.side,
            judgment.question.expected.values,
        )
        yield judgment, right


def attention_failed(rater: Rater) -> int:
    """How many attention items the rater has submitted with an answer other than the one that they ask for."""
    given = Judgment.objects.filter(
        rater=rater, question__role=ItemRole.ATTENTION, assignment__state__in=AssignmentState.answered()
    )
    return len({judgment.assignment_id for judgment, right in marked(given) if not right})
