"""Answered pages for tests of signals, and figures as they are compared."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.domain.signals import signals_of
from annotation.enums import AssignmentState
from annotation.models import Assignment, Judgment
from pipeline.enums import Side


def near(expected):
    return pytest.approx(expected, abs=5e-4, nan_ok=True)


def answered(rater, item, *values, state=AssignmentState.SUBMITTED, minute=0, **fields):
    """A page with an answer to each question, values by the questions' positions."""
    at = timezone.now() - timedelta(minutes=100 - minute)
    fields = {"order": list(range(len(values))), "side": Side.LEFT if item.pair_id else Side.NONE} | fields
    page = Assignment.objects.create(
        campaign=rater.campaign, item=item, rater=rater, state=state, submitted_at=at, **fields
    )
    for question, value in zip(item.questions.order_by("position"), values, strict=True):
        Judgment.objects.create(
            question=question, rater=rater, assignment=page, instrument=question.instrument, value=value, made_at=at
        )
    return page


def by_rater(campaign):
    return {one.rater.pk: one for one in signals_of(campaign)}
