"""How long an item stays in a rater's hands: by its size, never shorter than the campaign says, renewed by use."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import ExpressionWrapper
from django.db.models.expressions import CombinedExpression

from annotation.models import Assignment
from studies.clock import from_now

WORDS_A_MINUTE = 150  # careful reading on a screen; a page is searched and compared, not read through once
SECONDS_A_QUESTION = 20
PATIENCE = 3  # times what a steady rater takes: pauses, slow readers, a second look
LONGEST_LEASE = 4 * 3600  # seconds; a seat must not be gone for a whole day


def lease_for(words: int, n_questions: int) -> int:
    """Seconds that an item of this size may stay in one rater's hands without a sign of them.

    Reading takes ``words`` / 150 minutes and answering 20 s a question; the lease is three times the sum, rounded up to
    whole minutes, and four hours at most. 400 words and 24 questions: 3 * (160 + 480) s = 32 minutes.
    """
    steady = 60 * words / WORDS_A_MINUTE + SECONDS_A_QUESTION * n_questions
    minutes = -(-PATIENCE * steady // 60)
    return min(LONGEST_LEASE, int(minutes) * 60)


def count_words(texts: Iterable[str | None]) -> int:
    return sum(len(text.split()) for text in texts if text)


def lease_from_now(assignment: Assignment) -> ExpressionWrapper[CombinedExpression]:
    """When a lease that begins now is over: the longer one of the campaign's and the item's. Needs both loaded."""
    return from_now(max(assignment.campaign.lease_seconds, assignment.item.lease_seconds))
