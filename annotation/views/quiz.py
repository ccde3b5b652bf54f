"""The comprehension quiz: all questions on one page, answered at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from annotation.domain.screening.quiz import QuizIncomplete, answer_quiz, shown_order
from annotation.enums import RaterGate
from annotation.models import QuizAttempt, QuizQuestion, Rater
from annotation.views.beginning import for_own_rater
from annotation.views.rating_page import mark_of
from annotation.views.steps import Step, steps_of
from studies.http import SeeOther

CHOSEN = re.compile(r"[0-9]")


@dataclass(frozen=True)
class AskedChoice:
    place: int  # on this page, from 0: what the form sends, and it says nothing of the order in which they were written
    text: str
    chosen: bool


@dataclass(frozen=True)
class QuizAsked:
    """``missing``: the page came back because this one had no answer. ``explanation`` follows a wrong answer only."""

    name: str
    text: str
    choices: tuple[AskedChoice, ...]
    missing: bool
    explanation: str
    was_wrong: bool


@require_http_methods(["GET", "HEAD", "POST"])
@for_own_rater
def quiz(request: HttpRequest, rater: Rater) -> HttpResponse:
    """The next attempt, under what the last one missed; on POST its answers. Who is past the quiz goes on."""
    if request.method != "POST":
        return _shown(request, rater) if rater.gate == RaterGate.QUIZ else redirect(_further(rater))
    questions = list(rater.campaign.quiz_questions.all())
    number = _number(request.POST)
    chosen = _chosen(request.POST, questions, rater, number)
    try:
        attempt = answer_quiz(rater=rater, answers=chosen, number=number)
    except QuizIncomplete as error:
        return _shown(request, rater, chosen, error)
    rater.refresh_from_db(fields=["gate"])
    return SeeOther(_own_url(rater) if not attempt.passed and rater.gate == RaterGate.QUIZ else _further(rater))


def _own_url(rater: Rater) -> str:
    return reverse("annotation:quiz", args=[rater.campaign.public_id])


def _further(rater: Rater) -> str:
    name = "begin" if rater.gate == RaterGate.CONSENT else "quiz" if rater.gate == RaterGate.QUIZ else "rate"
    return reverse(f"annotation:{name}", args=[rater.campaign.public_id])


def _shown(
    request: HttpRequest,
    rater: Rater,
    chosen: Mapping[int, int] | None = None,
    error: QuizIncomplete | None = None,
) -> HttpResponse:
    attempts = list(QuizAttempt.objects.filter(rater=rater))
    number, last = len(attempts) + 1, attempts[-1] if attempts else None
    missing = error.missing if error else ()
    context = {
        "campaign": rater.campaign,
        "mark": mark_of(rater.campaign),
        "steps": steps_of(rater.campaign, Step.QUIZ),
        "questions": _asked(list(rater.campaign.quiz_questions.all()), rater, number, chosen or {}, missing, last),
        "number": number,
        "left": rater.campaign.quiz_attempts - number,
        "last": last,
        "problem": bool(error),
    }
    return render(request, "annotation/quiz.html", context, status=error.status if error else 200)


def _asked(
    questions: Sequence[QuizQuestion],
    rater: Rater,
    number: int,
    chosen: Mapping[int, int],
    missing: Sequence[int],
    last: QuizAttempt | None,
) -> list[QuizAsked]:
    asked = []
    for question in questions:
        order = shown_order(question, rater, number)
        before = dict(enumerate(last.answers)) if last else {}
        was_wrong = question.position in before and before[question.position] != question.correct
        asked.append(
            QuizAsked(
                name=f"question-{question.position}",
                text=question.text,
                choices=tuple(
                    AskedChoice(place, question.choices[at], chosen.get(question.position) == at)
                    for place, at in enumerate(order)
                ),
                missing=question.position in missing,
                explanation=question.explanation if was_wrong else "",
                was_wrong=was_wrong,
            )
        )
    return asked


def _number(post: QueryDict) -> int:
    """Which attempt the page was; nonsense is none that was made, and is answered as the next one."""
    text = post.get("attempt", "")
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,4}", text) else 1


def _chosen(post: QueryDict, questions: Sequence[QuizQuestion], rater: Rater, number: int) -> dict[int, int]:
    """Places in the choices as they were written, by the question's position; what is no choice is left out."""
    chosen = {}
    for question in questions:
        order = shown_order(question, rater, number)
        place = post.get(f"question-{question.position}", "")
        if CHOSEN.fullmatch(place) and int(place) < len(order):
            chosen[question.position] = order[int(place)]
    return chosen
