"""What makes a judgment count: derived here, in one place, from states alone."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from annotation.enums import AssignmentState, ItemRole, Origin
from annotation.models import Assignment, Judgment

COUNTED = Q(
    assignment__state=AssignmentState.SUBMITTED,
    question__role=ItemRole.WORK,
    rater__kind__in=[Origin.HUMAN, Origin.SIMULATED],
)
ANALYSED = COUNTED | Q(assignment__state=AssignmentState.SUBMITTED, rater__kind=Origin.IMPORTED)


def counted_judgments(judgments: QuerySet[Judgment]) -> QuerySet[Judgment]:
    """Those that count towards K."""
    return judgments.filter(COUNTED)


def analysed_judgments(judgments: QuerySet[Judgment]) -> QuerySet[Judgment]:
    """Those that labels and figures rest on: the counted ones, and historic answers in campaigns that were imported.

    Erased answers are tombstones and never among them.
    """
    return judgments.filter(ANALYSED, value__isnull=False)


def not_counted_because(assignment: Assignment) -> str:
    """Why the assignment's judgments do not count, "" where they do. Needs ``item`` and ``rater`` loaded."""
    return reason_not_counted(assignment.state, assignment.item.role, assignment.rater.kind)


def reason_not_counted(state: str, role: str, origin: str) -> str:
    """The same from the assignment's state, the item's role and the rater's kind."""
    if state != AssignmentState.SUBMITTED:
        return str(state)
    if role != ItemRole.WORK:
        return str(role)
    return str(Origin.IMPORTED) if origin == Origin.IMPORTED else ""
