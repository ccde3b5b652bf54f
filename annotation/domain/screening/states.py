"""How far a rater is at the quiz, in training and in qualification. Nothing here writes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Q, QuerySet

from annotation.domain.screening.marking import marked
from annotation.enums import AssignmentState, GateState, ItemRole
from annotation.models import Assignment, Campaign, Expected, Item, Judgment, QuizAttempt, Rater

RETIRED = -1  # an Item's priority: it is given to nobody any more, and what was answered stays
ANSWERED_ENOUGH = 0.5  # of an attempt's expected questions; skipping more than that is no way to pass
DONE = (*AssignmentState.answered(), AssignmentState.RETURNED)


def active_checks(campaign: Campaign, *roles: ItemRole) -> QuerySet[Item]:
    """The campaign's check items of these roles that are given, in their order."""
    items = Item.objects.filter(campaign=campaign, role__in=roles, priority__gt=RETIRED)
    return items.order_by("attempt", "position")


def quiz_state(rater: Rater) -> GateState:
    """Passed where there is no quiz, or an attempt was passed; failed when the last attempt was not."""
    if not rater.campaign.quiz_questions.exists():
        return GateState.PASSED
    attempts = QuizAttempt.objects.filter(rater=rater)
    if attempts.filter(passed=True).exists():
        return GateState.PASSED
    return GateState.OPEN if attempts.count() < rater.campaign.quiz_attempts else GateState.FAILED


def training_state(rater: Rater) -> GateState:
    """Passed when every training item was answered or skipped: training teaches and decides nothing."""
    left = active_checks(rater.campaign, ItemRole.TRAINING).exclude(
        pk__in=Assignment.objects.filter(rater=rater, state__in=DONE).values("item")
    )
    return GateState.OPEN if left.exists() else GateState.PASSED


@dataclass(frozen=True)
class AttemptMarks:
    """One attempt at qualification: ``left`` items are still to do; of ``expected`` questions (of the items that were
    not skipped) ``right`` were answered as expected; ``asked`` counts those of all its items."""

    number: int
    left: int
    asked: int
    expected: int
    right: int

    @property
    def share(self) -> float:
        return self.right / self.expected if self.expected else 0.0

    def passes(self, mark: float) -> bool:
        return self.expected >= ANSWERED_ENOUGH * self.asked and self.share >= mark


def qualification_state(rater: Rater) -> GateState:
    """Passed where there are no qualification items, or an attempt reached the pass mark; failed when none is left."""
    attempts = attempts_of(rater)
    if any(not each.left and each.passes(rater.campaign.pass_mark) for each in attempts):
        return GateState.PASSED
    if any(each.left for each in attempts):
        return GateState.OPEN
    return GateState.FAILED if attempts else GateState.PASSED


def attempts_of(rater: Rater) -> list[AttemptMarks]:
    """The rater's attempts at qualification in order, those to come included. Three queries."""
    role = ItemRole.QUALIFICATION
    states = dict(
        Assignment.objects.filter(rater=rater, item__role=role, state__in=DONE).values_list("item_id", "state")
    )
    items = Item.objects.filter(Q(priority__gt=RETIRED) | Q(pk__in=states), campaign=rater.campaign, role=role)
    right: dict[int, int] = defaultdict(int)
    for judgment, is_right in marked(Judgment.objects.filter(rater=rater, question__role=role)):
        right[judgment.assignment.item_id] += is_right
    asked: dict[int, int] = defaultdict(int)
    for item_id in Expected.objects.filter(question__item__in=items).values_list("question__item", flat=True):
        asked[item_id] += 1
    marks = []
    for number, of_attempt in groupby(items.order_by("attempt", "position"), key=lambda item: item.attempt):
        keys = [item.pk for item in of_attempt]
        answered = [key for key in keys if states.get(key) in AssignmentState.answered()]
        marks.append(
            AttemptMarks(
                number,
                left=sum(key not in states for key in keys),
                asked=sum(asked[key] for key in keys),
                expected=sum(asked[key] for key in answered),
                right=sum(right[key] for key in answered),
            )
        )
    return marks


def attempt_is_over(assignment: Assignment) -> bool:
    """Whether the assignment is part of an attempt at qualification with nothing left to do, and so marked."""
    if assignment.item.role != ItemRole.QUALIFICATION:
        return False
    marks = {each.number: each for each in attempts_of(assignment.rater)}
    return assignment.item.attempt in marks and not marks[assignment.item.attempt].left
