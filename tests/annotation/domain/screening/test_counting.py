"""Checks are kept and never counted, whatever their role."""

from __future__ import annotations

import pytest

from annotation.domain.counting import analysed_judgments, counted_judgments, not_counted_because
from annotation.domain.progress import progress_of
from annotation.enums import ItemRole
from annotation.models import Assignment, Campaign, Judgment, Rater
from tests import factories
from tests.annotation.domain.screening.conftest import answer

CHECKS = [role for role in ItemRole if role != ItemRole.WORK]


@pytest.mark.parametrize("role", CHECKS)
def test_check_is_kept_and_never_counted(check, campaign: Campaign, rater: Rater, role: str) -> None:
    before = progress_of(campaign)
    given = factories.make_given(check(role), rater)
    answer(given)
    judgments = Judgment.objects.filter(assignment=given)
    assert judgments.count() == 2
    assert not counted_judgments(judgments).exists()
    assert not analysed_judgments(judgments).exists()
    after = progress_of(campaign)
    assert (after.counted, after.wanted, after.items) == (before.counted, before.wanted, before.items)
    assert after.kept == 2
    found = Assignment.objects.select_related("item", "rater").get(pk=given.pk)
    assert not_counted_because(found) == role
