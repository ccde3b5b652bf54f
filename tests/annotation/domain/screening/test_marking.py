"""Right and wrong, by instrument and side; attention; qualification's marks and what follows from them."""

from __future__ import annotations

import pytest

from annotation.domain import screening
from annotation.domain.assignment import claim_assignment, return_assignment
from annotation.domain.errors import AssignmentOver
from annotation.domain.judging import Answer, Submission, revise_assignment
from annotation.domain.screening.feedback import feedback_of
from annotation.domain.screening.making import make_check_item
from annotation.domain.screening.states import attempts_of
from annotation.domain.withdrawing import withdraw_rater
from annotation.enums import AssignmentState, GateState, ItemRole, RaterGate, RaterOutcome
from annotation.models import Assignment, Campaign, Judgment, Rater
from pipeline.enums import InstrumentName, Side
from studies.models import Study
from tests import factories
from tests.annotation.domain.screening.conftest import answer

# role, expected, side of the personalized response, the page's answer, right?
PREFERENCES = [
    ("gold", ["5"], "right", "5", True),
    ("gold", ["5"], "left", "1", True),
    ("gold", ["5"], "left", "5", False),
    ("gold", ["4", "5"], "left", "2", True),
    ("gold", ["3"], "left", "3", True),
    ("attention", ["5"], "left", "5", True),
    ("attention", ["5"], "left", "1", False),
    ("attention", ["1"], "right", "1", True),
]


@pytest.mark.parametrize(("role", "expected", "side", "value", "right"), PREFERENCES)
def test_preference_is_right_on_either_side(study: Study, role, expected, side, value, right) -> None:
    campaign = factories.make_campaign(study, n_items=1, instrument=InstrumentName.PREFERENCE)
    item = make_check_item(source=campaign.items.get(), role=role, expected={0: expected})
    given = factories.make_given(item, factories.make_rater(campaign))
    Assignment.objects.filter(pk=given.pk).update(side=side)
    given.refresh_from_db()
    answer(given, value)
    marks = {judgment.question.position: screening.is_right(judgment) for judgment in Judgment.objects.all()}
    assert marks == {0: right, 1: None}


def test_erased_answer_is_neither_right_nor_wrong(check, rater: Rater) -> None:
    answer(factories.make_given(check(), rater), "yes")
    judgment = Judgment.objects.get(question__position=0)
    assert screening.is_right(judgment) is True
    withdraw_rater(rater=rater, erase=True)
    judgment.refresh_from_db()
    assert screening.is_right(judgment) is None


def test_attention_failed_counts_items_and_not_questions(study: Study, check, campaign: Campaign, rater: Rater) -> None:
    pilot = factories.make_campaign(study, n_items=1, n_questions=3)
    both = {0: ["yes"], 2: ["yes"]}
    item = make_check_item(source=pilot.items.get(), role=ItemRole.ATTENTION, expected=both, campaign=campaign)
    answer(factories.make_given(item, rater), "no")
    answer(factories.make_given(check(ItemRole.ATTENTION), rater), "yes")
    answer(factories.make_given(check(ItemRole.GOLD), rater), "no")
    assert screening.attention_failed(rater) == 1


def test_failed_attention_ends_the_part_at_the_limit_and_keeps_the_answers(check, campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(attention_limit=2)
    items = [check(ItemRole.ATTENTION), check(ItemRole.ATTENTION)]
    rater = factories.make_rater(campaign)
    work = factories.submit(factories.claim(rater))
    assert answer(factories.make_given(items[0], rater), "no").gate == RaterGate.OPEN
    ended = answer(factories.make_given(items[1], rater), "no")
    assert (ended.gate, ended.outcome) == (RaterGate.ENDED, RaterOutcome.FAILED_ATTENTION)
    assert claim_assignment(rater=rater) is None
    work.refresh_from_db()
    assert work.state == AssignmentState.SUBMITTED, "only a lead's exclusion takes answers away"


def test_attention_without_a_limit_ends_nothing(check, rater: Rater) -> None:
    assert answer(factories.make_given(check(ItemRole.ATTENTION), rater), "no").gate == RaterGate.OPEN


# Qualification


def qualify(rater: Rater, *values: str) -> Rater:
    for value in values:
        rater = answer(factories.claim(rater), value)
    return rater


def test_qualification_passes_at_the_mark(check, campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(pass_mark=0.5)
    for _ in range(2):
        check(ItemRole.QUALIFICATION)
    rater = factories.make_rater(campaign)
    assert rater.gate == RaterGate.QUALIFICATION
    rater = qualify(rater, "yes", "no")
    assert (rater.gate, rater.n_before, rater.outcome) == (RaterGate.OPEN, 2, RaterOutcome.NONE)


def test_qualification_is_marked_when_its_attempt_is_done(check, campaign: Campaign) -> None:
    for _ in range(2):
        check(ItemRole.QUALIFICATION)
    rater = qualify(factories.make_rater(campaign), "no")
    assert (rater.gate, screening.qualification_state(rater)) == (RaterGate.QUALIFICATION, GateState.OPEN)


def test_qualification_goes_on_to_the_next_attempt_and_then_screens_out(check, campaign: Campaign) -> None:
    first, second = check(ItemRole.QUALIFICATION), check(ItemRole.QUALIFICATION, attempt=2)
    rater = factories.make_rater(campaign)
    assert factories.claim(rater).item == first
    rater = qualify(rater, "no")
    assert rater.gate == RaterGate.QUALIFICATION
    assert factories.claim(rater).item == second
    passed, failed = Rater.objects.get(pk=rater.pk), qualify(factories.make_rater(campaign), "no", "no")
    assert qualify(passed, "yes").gate == RaterGate.OPEN
    assert (failed.gate, failed.outcome) == (RaterGate.ENDED, RaterOutcome.SCREENED_OUT)


def test_qualification_does_not_mark_what_was_skipped_but_wants_half(check, campaign: Campaign) -> None:
    for _ in range(3):
        check(ItemRole.QUALIFICATION)
    for n_skipped, gate in ((1, RaterGate.OPEN), (2, RaterGate.ENDED)):
        rater = factories.make_rater(campaign)
        for _ in range(n_skipped):
            return_assignment(assignment=factories.claim(rater))
        assert qualify(rater, *["yes"] * (3 - n_skipped)).gate == gate


def test_marked_attempt_cannot_be_improved(check, campaign: Campaign) -> None:
    check(ItemRole.QUALIFICATION)
    check(ItemRole.QUALIFICATION, attempt=2)
    rater = factories.make_rater(campaign)
    held = factories.claim(rater)
    answer(held, "no")
    better = Submission(key="again", answers={0: Answer("yes"), 1: Answer("yes")})
    with pytest.raises(AssignmentOver):
        revise_assignment(assignment=Assignment.objects.get(pk=held.pk), submission=better)


def test_attempts_of_costs_the_same_for_many_items(check, campaign: Campaign, django_assert_num_queries) -> None:
    check(ItemRole.QUALIFICATION)
    rater = factories.make_rater(campaign)
    with django_assert_num_queries(4):
        attempts_of(rater)
    for number in (1, 2, 3):
        check(ItemRole.QUALIFICATION, attempt=number)
    with django_assert_num_queries(4):
        assert [each.asked for each in attempts_of(rater)] == [2, 1, 1]


# Feedback


def test_feedback_says_what_was_expected_on_the_raters_own_side(study: Study) -> None:
    campaign = factories.make_campaign(study, n_items=1, instrument=InstrumentName.PREFERENCE)
    item = make_check_item(
        source=campaign.items.get(), role=ItemRole.TRAINING, expected={0: ["4", "5"]}, feedback={0: "It bakes."}
    )
    given = factories.make_given(item, factories.make_rater(campaign))
    assert given.side == Side.LEFT
    answer(given, "5")
    first, second = feedback_of(Assignment.objects.select_related("campaign", "item").get(pk=given.pk))
    assert (first.answer, first.expected) == ("Right much better", ("Left much better", "Left better"))
    assert (first.right, first.why) == (False, "It bakes.")
    assert (second.expected, second.right, second.why) == ((), None, "")
