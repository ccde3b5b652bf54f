"""Promise 2 for histories nobody thought of: hypothesis interleaves what raters, leases and leads can do, and the
invariants are checked after every step."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from annotation.domain.assignment import claim_assignment, expire_leases, return_assignment
from annotation.domain.errors import AnnotationError
from annotation.domain.judging import Answer, Submission, revise_assignment, submit_assignment
from annotation.domain.withdrawing import exclude_rater, readmit_rater, withdraw_rater
from annotation.enums import AssignmentState, RaterState
from annotation.models import Assignment, Rater
from pipeline.enums import InstrumentName
from studies.clock import from_now
from studies.enums import Role
from tests import factories
from tests.annotation.domain.invariants import check_seats

RATERS = st.integers(0, 3)
CHOICES = st.sampled_from(["1", "3", "5"])


class CampaignHistory(RuleBasedStateMachine):
    """Four raters on two items of K = 2; ``seen`` is every assignment that a rater was ever shown."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        study = factories.make_study()
        self.campaign = factories.make_campaign(
            study, n_items=2, n_questions=2, k=2, instrument=InstrumentName.PREFERENCE
        )
        self.lead = factories.make_member(study, Role.LEAD)
        self.raters = [factories.make_rater(self.campaign) for _ in range(4)]
        self.seen: dict[int, list[Assignment]] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    def _rater(self, number: int) -> Rater:
        return self.raters[number]

    @rule(number=RATERS)
    def claim(self, number: int) -> None:
        assignment = claim_assignment(rater=self._rater(number))
        if assignment is not None:
            self.seen.setdefault(number, []).append(assignment)

    @rule(number=RATERS, value=CHOICES, old=st.booleans())
    def submit(self, number: int, value: str, old: bool) -> None:
        for assignment in self.seen.get(number, [])[: 1 if old else None]:
            submission = Submission(f"key-{value}", dict.fromkeys(range(2), Answer(value)))
            try:
                receipt = submit_assignment(assignment=assignment, submission=submission)
            except AnnotationError:
                continue
            assert receipt.assignment.judgments.count() == 2

    @rule(number=RATERS, value=CHOICES)
    def revise(self, number: int, value: str) -> None:
        for assignment in self.seen.get(number, []):
            submission = Submission(f"edit-{value}", dict.fromkeys(range(2), Answer(value)))
            try:
                revise_assignment(assignment=assignment, submission=submission)
            except AnnotationError:
                continue

    @rule(number=RATERS)
    def give_back(self, number: int) -> None:
        for assignment in self.seen.get(number, [])[-1:]:
            try:
                return_assignment(assignment=assignment)
            except AnnotationError:
                continue

    @rule(number=RATERS)
    def lease_ends(self, number: int) -> None:
        held = Assignment.objects.filter(rater=self._rater(number), state=AssignmentState.HELD)
        held.update(lease_until=from_now(-1))

    @rule()
    def sweep(self) -> None:
        expire_leases()

    @rule(number=st.integers(0, 1), erase=st.booleans())
    def withdraw(self, number: int, erase: bool) -> None:
        withdraw_rater(rater=self._rater(number), erase=erase)

    @rule(number=st.integers(2, 3))
    def exclude_or_readmit(self, number: int) -> None:
        rater = Rater.objects.get(pk=self._rater(number).pk)
        step = readmit_rater if rater.state == RaterState.EXCLUDED else exclude_rater
        step(rater=rater, reason="So it is.", actor=self.lead)

    @invariant()
    def promises_hold(self) -> None:
        check_seats(self.campaign)

    @invariant()
    def a_full_items_sides_are_balanced(self) -> None:
        for item in self.campaign.items.all():
            sides = list(item.assignments.filter(state=AssignmentState.SUBMITTED).values_list("side", flat=True))
            assert len(sides) < 2 or sorted(sides) == ["left", "right"]


@pytest.mark.django_db
def test_campaign_keeps_its_promises_through_any_history() -> None:
    run_state_machine_as_test(
        CampaignHistory,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
