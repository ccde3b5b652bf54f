"""Promise 2 for histories nobody thought of: hypothesis interleaves what raters, leases and leads can do; after every
step the database must stand as the model (model.py) does, and hold the invariants."""

from __future__ import annotations

from collections import defaultdict
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from annotation.domain.assignment import claim_assignment, expire_leases, return_assignment
from annotation.domain.drafting import save_drafts
from annotation.domain.errors import AnnotationError
from annotation.domain.judging import Answer, Submission, revise_assignment, submit_assignment
from annotation.domain.raising import raise_k
from annotation.domain.screening.making import make_check_item
from annotation.domain.withdrawing import exclude_rater, readmit_rater, withdraw_rater
from annotation.enums import AssignmentState, ItemRole
from annotation.models import Assignment, Draft, Judgment, Rater, Revision
from pipeline.enums import InstrumentName
from studies.clock import from_now
from studies.enums import Role
from tests import factories
from tests.annotation.domain.invariants import check_seats
from tests.annotation.domain.model import EXPIRED, HELD, Model, Over

RATERS = st.integers(0, 4)
CHOICES = st.sampled_from(["1", "3", "5"])
PICKS = st.integers(0, 5)
MOST_K = 3


class CampaignHistory(RuleBasedStateMachine):
    """Five raters on two items of K = 2, a gold item among them, due when both are done; another copies the first."""

    n_items = 2

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        study = factories.make_study()
        self.campaign = factories.make_campaign(
            study, n_items=self.n_items, n_questions=1, k=2, instrument=InstrumentName.PREFERENCE, check_every=2
        )
        gold = factories.make_item(self.campaign, self.n_items, 1, role=ItemRole.GOLD)
        self.lead = factories.make_member(study, Role.LEAD)
        self.raters = [factories.make_rater(self.campaign) for _ in range(5)]
        sides = {
            item.pk: [seat.side for seat in item.seats.all()] for item in self.campaign.items.filter(role=ItemRole.WORK)
        }
        make_check_item(source=self.campaign.items.get(position=0), role=ItemRole.GOLD, expected={0: ["4"]})
        # The copy of a page stands in no model: whoever gets as far as a check has had that page.
        self.model = Model(2, sides, {gold.pk}, raters={rater.pk: "active" for rater in self.raters})

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    def _picked(self, number: int, pick: int) -> Assignment | None:
        """One of the assignments that the rater was ever given, as a page that was opened then has it."""
        rows = Assignment.objects.filter(rater=self.raters[number]).select_related("campaign", "item", "rater")
        ordered = list(rows.order_by("-pk"))
        return ordered[pick % len(ordered)] if ordered else None

    def _refused_alike(self, expected: Any) -> Any:
        """What the model refuses, the database refuses too."""
        try:
            expected()
        except Over:
            return pytest.raises(AnnotationError)
        return nullcontext()

    @rule(number=RATERS)
    def claim(self, number: int) -> None:
        self._claim(number, None)

    @rule(number=RATERS)
    def claim_ahead(self, number: int) -> None:
        self._claim(number, Assignment.objects.filter(rater=self.raters[number], state=HELD).order_by("pk").first())

    def _claim(self, number: int, besides: Assignment | None) -> None:
        rater, model = self.raters[number].pk, self.model
        source = model.may_be_given(rater, besides.item_id if besides else None)
        given = claim_assignment(rater=self.raters[number], besides=besides.token if besides else "")
        if source in (HELD, EXPIRED):
            assert given is not None, "what the rater has was not given back"
            tenure = model.tenures[rater, given.item_id]
            assert tenure.state == source
            tenure.state, tenure.overdue = HELD, False
        elif source == "new":
            self._claimed_anew(rater, given)
        else:
            assert given is None, "who may not work was given an item"

    def _claimed_anew(self, rater: int, given: Assignment | None) -> None:
        if given is None or given.seat is not None:
            self.model.expire()
        if given is not None:
            seat = None if given.seat is None else given.seat.number
            self.model.give(rater, given.item_id, seat, given.side)
            return
        assert not self.model.open_to(rater), "something was open, and nothing was given"
        self.model.complete_if_done()

    @rule(number=RATERS, pick=PICKS, value=CHOICES)
    def submit(self, number: int, pick: int, value: str) -> None:
        if assignment := self._picked(number, pick):
            with self._refused_alike(lambda: self.model.submit(assignment.rater_id, assignment.item_id, value)):
                submit_assignment(assignment=assignment, submission=Submission("key", {0: Answer(value)}))

    @rule(number=RATERS, pick=PICKS, value=CHOICES)
    def revise(self, number: int, pick: int, value: str) -> None:
        if assignment := self._picked(number, pick):
            with self._refused_alike(lambda: self.model.revise(assignment.rater_id, assignment.item_id, value)):
                revise_assignment(assignment=assignment, submission=Submission("edit", {0: Answer(value)}))

    @rule(number=RATERS, pick=PICKS)
    def draft(self, number: int, pick: int) -> None:
        if assignment := self._picked(number, pick):
            with self._refused_alike(lambda: self.model.draft(assignment.rater_id, assignment.item_id)):
                save_drafts(assignment=assignment, answers={0: Answer("2")})

    @rule(number=RATERS, pick=PICKS)
    def give_back(self, number: int, pick: int) -> None:
        if assignment := self._picked(number, pick):
            with self._refused_alike(lambda: self.model.give_back(assignment.rater_id, assignment.item_id)):
                return_assignment(assignment=assignment)

    @rule(number=RATERS)
    def lease_ends(self, number: int) -> None:
        held = Assignment.objects.filter(rater=self.raters[number], state=AssignmentState.HELD)
        held.update(lease_until=from_now(-1))
        for tenure in self.model.of_rater(self.raters[number].pk, HELD):
            tenure.overdue = True

    @rule(late=RATERS, other=RATERS, value=CHOICES)
    def answer_late(self, late: int, other: int, value: str) -> None:
        """A lease ends, somebody else takes the seat, and the first answers after all: seldom met by single steps."""
        self.claim(late)
        self.lease_ends(late)
        self.sweep()
        self.claim(other)
        self.submit(late, 0, value)

    @rule(late=RATERS, later=RATERS, other=RATERS)
    def answer_late_and_be_seated_after_all(self, late: int, later: int, other: int) -> None:
        """Two whose seat went to a third answer, the second of them first; then there are more seats."""
        for number in (late, later):
            self.claim(number)
            self.lease_ends(number)
            self.sweep()
        self.claim(other)
        self.submit(later, 0, "1")
        self.submit(late, 0, "5")
        self.raise_k()

    @rule(number=RATERS)
    def pause_at_the_check(self, number: int) -> None:
        for _ in range(self.n_items):
            self.claim(number)
            self.submit(number, 0, "3")
        self.come_back_after_a_pause(number)

    @rule(number=RATERS)
    def come_back_after_a_pause(self, number: int) -> None:
        self.claim(number)
        self.lease_ends(number)
        self.sweep()
        self.claim(number)

    @rule(number=RATERS, value=CHOICES, other=CHOICES)
    def answer_and_edit(self, number: int, value: str, other: str) -> None:
        self.claim(number)
        self.draft(number, 0)
        self.submit(number, 0, value)
        self.revise(number, 0, other)

    @rule(value=CHOICES, excluded=st.booleans())
    def all_answer(self, value: str, excluded: bool) -> None:
        for number in range(len(self.raters)):
            self.claim(number)
            self.submit(number, 0, value)
        if excluded:
            self.exclude_or_readmit(1)

    @rule(number=RATERS)
    def read_ahead(self, number: int) -> None:
        self.claim(number)
        self.claim_ahead(number)
        self.claim_ahead(number)

    @rule(value=CHOICES, erase=st.booleans())
    def leave_in_the_middle(self, value: str, erase: bool) -> None:
        self.claim(0)
        self.submit(0, 0, value)
        self.claim(0)
        self.draft(0, 0)
        self.withdraw(erase)

    @rule()
    def sweep(self) -> None:
        expire_leases()
        self.model.expire()

    @rule(erase=st.booleans())
    def withdraw(self, erase: bool) -> None:
        withdraw_rater(rater=self.raters[0], erase=erase)
        self.model.depart(self.raters[0].pk, "withdrawn")
        if erase:
            self.model.erase(self.raters[0].pk)

    @rule(number=st.integers(1, 2))
    def exclude_or_readmit(self, number: int) -> None:
        rater = self.raters[number]
        if self.model.raters[rater.pk] == "active":
            exclude_rater(rater=rater, reason="So it is.", actor=self.lead)
            self.model.depart(rater.pk, "excluded")
        else:
            readmit_rater(rater=rater, reason="So it was.", actor=self.lead)
            self.model.readmit(rater.pk)

    @rule()
    def raise_k(self) -> None:
        if self.model.k < MOST_K:
            self.model.raise_k()
            raise_k(campaign=self.campaign, k=self.model.k, actor=self.lead)

    def has_met(self, name: str) -> None:
        """The history went where its name says: it would show nothing if a claim had gone another way."""
        tenures = list(self.model.tenures.values())
        if name == "a check whose lease ended comes back":
            assert [each.state for each in tenures if each.item in self.model.gold] == ["submitted"]
        else:
            assert [each.rater for each in tenures if each.state == "submitted"][:1] == [self.raters[1].pk]

    @invariant()
    def database_stands_as_the_model(self) -> None:
        self.campaign.refresh_from_db()
        rows = Assignment.objects.filter(campaign=self.campaign).values_list(
            "rater", "item", "seat__number", "side", "state"
        )
        assert {row[:2]: row[2:] for row in rows} == {
            key: (each.seat, each.side, each.state) for key, each in self.model.tenures.items()
        }
        assert (self.campaign.state, self.campaign.k) == (self.model.state, self.model.k)
        assert dict(self.campaign.items.filter(role=ItemRole.WORK).values_list("pk", "open_seats")) == {
            item: len(self.model.free_seats(item)) for item in self.model.sides
        }

    @invariant()
    def answers_stand_as_in_the_model(self) -> None:
        judgments = Judgment.objects.filter(question__campaign=self.campaign)
        stored = judgments.values_list("rater", "question__item", "n_revisions", "value", "erased_at")
        for rater, item, n, value, erased_at in stored:
            values = self.model.tenures[rater, item].values
            assert (n, value, bool(erased_at)) == (len(values), values[-1], values[-1] is None)
        revisions = Revision.objects.filter(judgment__in=judgments).order_by("number")
        history: dict[tuple[int, int], list[str | None]] = defaultdict(list)
        for rater, item, value in revisions.values_list("judgment__rater", "judgment__question__item", "value"):
            history[rater, item].append(value)
        assert history == {key: each.values for key, each in self.model.tenures.items() if each.values}
        drafted = Draft.objects.filter(assignment__campaign=self.campaign)
        assert set(drafted.values_list("assignment__rater", "assignment__item")) == {
            key for key, each in self.model.tenures.items() if each.drafted
        }
        submitted = dict(Rater.objects.filter(campaign=self.campaign).values_list("pk", "n_submitted"))
        for rater, n in submitted.items():
            assert n == sum(bool(each.values) for each in self.model.tenures.values() if each.rater == rater)

    @invariant()
    def promises_hold(self) -> None:
        check_seats(self.campaign)

    @invariant()
    def what_was_given_is_counted(self) -> None:
        for rater in Rater.objects.filter(campaign=self.campaign):
            given = [each for each in self.model.tenures.values() if each.rater == rater.pk]
            sides = [each.side for each in given]
            assert (rater.n_left, rater.n_right) == (sides.count("left"), sides.count("right"))
            checks = sum(each.item in self.model.gold for each in given)
            assert (rater.n_checks, rater.n_given) == (checks, len(given) - checks)


class OneItemHistory(CampaignHistory):
    """All five meet at one item."""

    n_items = 1


HISTORIES: dict[str, tuple[type[CampaignHistory], list[tuple[str, Any]]]] = {
    "raising K seats the oldest of the late answers": (
        OneItemHistory,
        [
            ("answer_late_and_be_seated_after_all", {"late": 0, "later": 1, "other": 2}),
            ("claim", {"number": 3}),
            ("submit", {"number": 3, "pick": 0, "value": "1"}),
        ],
    ),
    "a check whose lease ended comes back": (
        CampaignHistory,
        [("pause_at_the_check", {"number": 0}), ("submit", {"number": 0, "pick": 0, "value": "3"})],
    ),
    "a late answer moves in when the one who has its seat leaves": (
        OneItemHistory,
        [
            ("answer_late", {"late": 1, "other": 0, "value": "1"}),
            ("submit", {"number": 0, "pick": 0, "value": "5"}),
            ("withdraw", {"erase": True}),
        ],
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", HISTORIES)
def test_history_that_chance_may_not_meet(name: str) -> None:
    kind, steps = HISTORIES[name]
    history = kind()
    try:
        for step, arguments in steps:
            getattr(history, step)(**arguments)
            history.database_stands_as_the_model()
            history.answers_stand_as_in_the_model()
            history.promises_hold()
            history.what_was_given_is_counted()
        history.has_met(name)
    finally:
        history.teardown()


@pytest.mark.django_db
def test_campaign_keeps_its_promises_through_any_history() -> None:
    run_state_machine_as_test(
        CampaignHistory,
        settings=settings(
            max_examples=15,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
