from __future__ import annotations

import pytest

from annotation.domain.errors import AnnotationError, NotAllowed
from annotation.domain.screening.overview import quiz_of
from annotation.domain.screening.quiz import (
    QuizIncomplete,
    QuizPlan,
    add_quiz_questions,
    answer_quiz,
    remove_quiz_question,
    shown_order,
)
from annotation.enums import RaterGate, RaterOutcome
from annotation.models import Campaign, QuizAttempt, QuizQuestion, Rater
from studies.models import Study, User
from tests import factories

PLANS = [
    QuizPlan("What is judged?", ("The statement", "The person", "The page"), 0, "Only what the statement says."),
    QuizPlan("When in doubt?", ("Guess", "Say so"), 1),
]
RIGHT, WRONG = {0: 0, 1: 1}, {0: 0, 1: 0}


@pytest.fixture
def asked(campaign: Campaign) -> Campaign:
    add_quiz_questions(campaign=campaign, plans=PLANS)
    return campaign


@pytest.fixture
def rater(asked: Campaign) -> Rater:
    return factories.make_rater(asked)


def test_quiz_stands_before_the_work_and_opens_it(rater: Rater) -> None:
    assert rater.gate == RaterGate.QUIZ
    attempt = answer_quiz(rater=rater, answers=RIGHT)
    rater.refresh_from_db()
    assert (attempt.number, attempt.passed, attempt.n_right, attempt.answers) == (1, True, 2, [0, 1])
    assert rater.gate == RaterGate.OPEN


def test_quiz_that_is_failed_may_be_tried_again_and_then_screens_out(rater: Rater) -> None:
    assert answer_quiz(rater=rater, answers=WRONG).passed is False
    rater.refresh_from_db()
    assert (rater.gate, rater.outcome) == (RaterGate.QUIZ, RaterOutcome.NONE)
    answer_quiz(rater=rater, answers=WRONG)
    rater.refresh_from_db()
    assert (rater.gate, rater.outcome) == (RaterGate.ENDED, RaterOutcome.SCREENED_OUT)
    with pytest.raises(NotAllowed):
        answer_quiz(rater=rater, answers=RIGHT)


def test_attempt_sent_twice_is_one_attempt(rater: Rater) -> None:
    first = answer_quiz(rater=rater, answers=WRONG, number=1)
    assert answer_quiz(rater=rater, answers=RIGHT, number=1) == first
    assert QuizAttempt.objects.count() == 1


@pytest.mark.parametrize("answers", [{0: 0}, {}, {1: 1}])
def test_incomplete_quiz_uses_up_no_attempt(rater: Rater, answers: dict[int, int]) -> None:
    with pytest.raises(QuizIncomplete) as error:
        answer_quiz(rater=rater, answers=answers)
    assert error.value.missing == tuple({0, 1} - set(answers))
    assert not QuizAttempt.objects.exists()


def test_choice_that_there_is_not_uses_up_no_attempt(rater: Rater) -> None:
    with pytest.raises(AnnotationError, match="not on this page"):
        answer_quiz(rater=rater, answers={0: 3, 1: 0})
    assert not QuizAttempt.objects.exists()


def test_choices_stand_in_another_order_at_another_attempt(rater: Rater) -> None:
    question = QuizQuestion.objects.get(position=0)
    orders = [tuple(shown_order(question, rater, number)) for number in range(1, 9)]
    assert orders == [tuple(shown_order(question, rater, number)) for number in range(1, 9)]
    assert len(set(orders)) > 2
    assert all(sorted(order) == [0, 1, 2] for order in orders)


BAD = {
    "no_text": (QuizPlan(" ", ("a", "b"), 0), "no text"),
    "one_choice": (QuizPlan("?", ("a",), 0), "has 1 choices; give it 2 to 9"),
    "ten_choices": (QuizPlan("?", tuple("abcdefghij"), 0), "has 10 choices"),
    "twice": (QuizPlan("?", ("a", "a "), 0), "are the same"),
    "empty": (QuizPlan("?", ("a", " "), 0), "one is empty"),
    "none_right": (QuizPlan("?", ("a", "b"), 2), "Choice 3 is said to be right, and there are 2"),
}


@pytest.mark.parametrize("name", BAD)
def test_question_that_cannot_be_asked_is_refused(campaign: Campaign, name: str) -> None:
    plan, message = BAD[name]
    with pytest.raises(AnnotationError, match=message):
        add_quiz_questions(campaign=campaign, plans=[PLANS[0], plan])
    assert not QuizQuestion.objects.exists()


def test_quiz_stays_as_it_is_once_it_was_answered(rater: Rater, asked: Campaign, lead: User) -> None:
    answer_quiz(rater=rater, answers=WRONG)
    question = QuizQuestion.objects.get(position=0)
    with pytest.raises(AnnotationError, match="answered this quiz already"):
        add_quiz_questions(campaign=asked, plans=PLANS[:1])
    with pytest.raises(AnnotationError, match="answered this quiz already"):
        remove_quiz_question(question=question, actor=lead)


def test_removing_the_last_question_lets_those_go_on_who_waited_for_it(rater: Rater, lead: User) -> None:
    for question in QuizQuestion.objects.order_by("position"):
        remove_quiz_question(question=question, actor=lead)
    rater.refresh_from_db()
    assert rater.gate == RaterGate.OPEN


def test_removing_a_question_closes_the_gap(asked: Campaign, lead: User) -> None:
    remove_quiz_question(question=QuizQuestion.objects.get(position=0), actor=lead)
    assert list(QuizQuestion.objects.values_list("position", "text")) == [(0, "When in doubt?")]


def test_quiz_of_shows_what_was_chosen(rater: Rater, asked: Campaign, study: Study) -> None:
    answer_quiz(rater=rater, answers=WRONG)
    answer_quiz(rater=rater, answers=RIGHT)
    failing = factories.make_rater(asked)
    for _ in range(2):
        answer_quiz(rater=failing, answers=WRONG)
    found = quiz_of(asked)
    assert (found.n_raters, found.n_passed, found.n_failed) == (2, 1, 1)
    assert found.lines[1].choices == (("Guess", False, 3), ("Say so", True, 1))
    assert (found.lines[1].tally.n, found.lines[1].tally.right) == (4, 1)
