"""The comprehension quiz: a few questions on the guideline, answered all at once, an attempt at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now

from annotation.domain.errors import AnnotationError, NotAllowed
from annotation.domain.gates import open_gates
from annotation.domain.seeding import shuffled
from annotation.enums import Origin, RaterGate, RaterState
from annotation.models import Campaign, QuizAttempt, QuizQuestion, Rater
from studies.domain.audit import record_event
from studies.models import User

MOST_CHOICES = 9  # each has a key of its own


@dataclass(frozen=True)
class QuizPlan:
    """A question before it is stored; ``correct`` is the place of the right choice, from 0."""

    text: str
    choices: tuple[str, ...]
    correct: int
    explanation: str = ""


class QuizIncomplete(AnnotationError):
    """Not every question has an answer. ``missing`` holds their positions; no attempt was used up."""

    def __init__(self, missing: Sequence[int]) -> None:
        super().__init__("Answer every question first; nothing was counted as an attempt.")
        self.missing = tuple(missing)


def shown_order(question: QuizQuestion, rater: Rater, number: int) -> list[int]:
    """The places of the choices in the order of the rater's page at attempt ``number``."""
    words = (rater.campaign.seed, "quiz", question.pk, rater.pk, number)
    return shuffled(range(len(question.choices)), *words)


@transaction.atomic
def answer_quiz(*, rater: Rater, answers: Mapping[int, int], number: int | None = None) -> QuizAttempt:
    """Record an attempt: ``answers`` are places in each question's choices by the question's position.

    It passes when all are right. Then, and after the last attempt, the rater goes on: to the next gate, or to the end
    of their part as screened out. An attempt ``number`` that was made already is that attempt, and changes nothing.
    Raises QuizIncomplete, AnnotationError for a choice that is none, NotAllowed where the rater is not at the quiz.
    """
    row = Rater.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=rater.pk)
    made = list(QuizAttempt.objects.filter(rater=row))
    if number is not None and number <= len(made):
        return made[number - 1]
    if row.gate != RaterGate.QUIZ or row.state != RaterState.ACTIVE:
        raise NotAllowed("The quiz is not open to you now. Go to your start page to see what is.")
    questions = list(row.campaign.quiz_questions.all())
    chosen = _checked(questions, answers)
    right = sum(question.correct == place for question, place in zip(questions, chosen, strict=True))
    attempt = QuizAttempt.objects.create(
        rater=row,
        number=len(made) + 1,
        answers=chosen,
        n_right=right,
        passed=right == len(questions),
        made_at=Now(),
    )
    open_gates(rater=row)
    attempt.refresh_from_db()
    return attempt


def _checked(questions: Sequence[QuizQuestion], answers: Mapping[int, int]) -> list[int]:
    missing = [question.position for question in questions if question.position not in answers]
    if missing:
        raise QuizIncomplete(missing)
    for question in questions:
        if not 0 <= answers[question.position] < len(question.choices):
            raise AnnotationError("One of the choices is not on this page; reload it and choose again.")
    return [answers[question.position] for question in questions]


@transaction.atomic
def add_quiz_questions(*, campaign: Campaign, plans: Sequence[QuizPlan], actor: User | None = None) -> None:
    """Put questions at the end of the quiz. Raises AnnotationError, and adds none, where one cannot be asked.

    An attempt's answers go by the questions that there were, so a quiz that somebody has answered stays as it is.
    """
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    _refuse(problems_of_quiz(campaign))
    start = campaign.quiz_questions.count()
    for plan in plans:
        _refuse(problems_of_question(plan))
    QuizQuestion.objects.bulk_create(
        QuizQuestion(
            campaign=campaign,
            position=position,
            text=plan.text.strip(),
            choices=[choice.strip() for choice in plan.choices],
            correct=plan.correct,
            explanation=plan.explanation.strip(),
        )
        for position, plan in enumerate(plans, start)
    )
    _record(campaign, actor, "add_quiz_questions", len(plans))


def problems_of_quiz(campaign: Campaign) -> Iterator[str]:
    """Why the quiz cannot be changed."""
    if campaign.origin == Origin.IMPORTED:
        yield "Nobody is asked in an imported campaign, so it can have no quiz; add it to a new one."
    if QuizAttempt.objects.filter(rater__campaign=campaign).exists():
        yield (
            "Raters have answered this quiz already, and all shall be asked the same. To ask something else, build a "
            "campaign for those who come."
        )


def problems_of_question(plan: QuizPlan) -> Iterator[str]:
    """Why it cannot be asked, each with its remedy."""
    choices = [choice.strip() for choice in plan.choices]
    if not plan.text.strip():
        yield "The question has no text; write what is asked."
    if not 2 <= len(choices) <= MOST_CHOICES:
        yield f"The question has {len(choices)} choices; give it 2 to {MOST_CHOICES}."
    elif not all(choices) or len(set(choices)) < len(choices):
        yield "Two choices are the same or one is empty; give each its own words."
    elif not 0 <= plan.correct < len(choices):
        yield f"Choice {plan.correct + 1} is said to be right, and there are {len(choices)}; name one of them."


def _refuse(problems: Iterator[str]) -> None:
    for problem in problems:
        raise AnnotationError(problem)


@transaction.atomic
def remove_quiz_question(*, question: QuizQuestion, actor: User) -> None:
    """Take the question out; the others close up. Raises AnnotationError once somebody has answered the quiz."""
    campaign = question.campaign
    waiting = list(Rater.objects.select_for_update().filter(campaign=campaign, gate=RaterGate.QUIZ).order_by("pk"))
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    _refuse(problems_of_quiz(campaign))
    question.delete()
    for position, each in enumerate(campaign.quiz_questions.all()):
        QuizQuestion.objects.filter(pk=each.pk).update(position=position)
    for rater in waiting:
        open_gates(rater=rater)
    _record(campaign, actor, "remove_quiz_question", 1)


def _record(campaign: Campaign, actor: User | None, verb: str, n: int) -> None:
    subject = f"campaign {campaign.slug}"
    record_event(study=campaign.study, actor=actor, verb=verb, subject=subject, detail={"questions": n})
