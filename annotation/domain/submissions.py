"""What a rater sends, and whether it is an answer to what was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext

from annotation.domain.errors import SubmissionInvalid
from annotation.enums import RejectReason, RemarkKind
from annotation.models import Assignment, Question
from pipeline.enums import InstrumentName

LONGEST_REMARK = 4000  # characters
LONGEST_KEY = 64
REASONS = frozenset(RejectReason.values)
LONGEST_PAGE_TIME = 86_400.0  # seconds; more is a clock gone wrong, and is recorded as unknown
MOST_PASTES = 10_000  # likewise


@dataclass(frozen=True)
class Answer:
    value: str
    reason: str = ""


@dataclass(frozen=True)
class RemarkInput:
    kind: str
    text: str
    place: int | None = None  # of the question on the page; None: about the whole item


@dataclass(frozen=True)
class Submission:
    """One page of answers, keyed by place on the page. ``key`` makes a repeated request the same request.

    ``seconds`` the page was open and looked at, ``hidden_seconds`` open and not looked at, ``pastes`` into its text
    fields: as the browser says, None where it does not. ``based_on`` is the number of revisions that an edit started
    from (see judging.revise_assignment).
    """

    key: str
    answers: dict[int, Answer]
    remarks: tuple[RemarkInput, ...] = ()
    seconds: float | None = None
    based_on: int | None = None
    hidden_seconds: float | None = None
    pastes: int | None = None


@dataclass(frozen=True)
class CheckedSubmission:
    """Answers by question, every one of the item's questions answered with a value of its instrument."""

    key: str
    answers: dict[Question, Answer]
    remarks: list[tuple[RemarkInput, Question | None]] = field(default_factory=list)
    seconds: float | None = None
    hidden_seconds: float | None = None
    pastes: int | None = None


def questions_on_page(assignment: Assignment) -> list[Question]:
    """The item's questions in the order of the rater's page: place p shows ``result[p]``."""
    by_position = {question.position: question for question in assignment.item.questions.all()}
    return [by_position[position] for position in assignment.order]


def check_submission(assignment: Assignment, submission: Submission, values: tuple[str, ...]) -> CheckedSubmission:
    """Raises SubmissionInvalid with every problem at once; changes nothing."""
    questions = questions_on_page(assignment)
    problems = [
        *_answer_problems(submission, len(questions), values, assignment.campaign.instrument),
        *_remark_problems(submission, len(questions), assignment.campaign.instrument),
    ]
    if not _is_key(submission.key):
        problems.append((None, gettext("The page lost its submission key; reload it, your drafts are kept.")))
    if problems:
        raise SubmissionInvalid(problems)
    return CheckedSubmission(
        key=submission.key,
        answers={questions[place]: answer for place, answer in sorted(submission.answers.items())},
        remarks=[
            (remark, None if remark.place is None else questions[remark.place])
            for remark in submission.remarks
            if remark.text.strip()
        ],
        seconds=plausible_seconds(submission.seconds),
        hidden_seconds=plausible_seconds(submission.hidden_seconds),
        pastes=plausible_pastes(submission.pastes),
    )


def plain_answers(submission: Submission, values: Mapping[str, tuple[str, ...]]) -> tuple[str, list[Answer]] | None:
    """The instrument that a whole page of sound answers belongs to, and the answers in the order of the page.

    None for everything that check_submission has to look at: a place left out, no answer of any instrument, a remark.
    """
    n = len(submission.answers)
    answers = [submission.answers[place] for place in range(n) if place in submission.answers]
    if not answers or len(answers) != n or submission.remarks or not _is_key(submission.key):
        return None
    for instrument, allowed in values.items():
        if answers[0].value in allowed and not any(
            check_answer(place, answer, n, allowed, instrument) for place, answer in enumerate(answers)
        ):
            return instrument, answers
    return None


def _is_key(key: str) -> bool:
    return 0 < len(key) <= LONGEST_KEY and "\x00" not in key


def plausible_seconds(seconds: float | None) -> float | None:
    """Seconds as reported, or None where no page can have been open that long."""
    return seconds if seconds is not None and 0 <= seconds <= LONGEST_PAGE_TIME else None


def plausible_pastes(pastes: int | None) -> int | None:
    """As reported, or None where nobody can have pasted that often."""
    return pastes if pastes is not None and 0 <= pastes <= MOST_PASTES else None


def check_answer(place: int, answer: Answer, n: int, values: tuple[str, ...], instrument: str) -> str:
    """What is wrong with one answer, "" for nothing."""
    if not 0 <= place < n:
        return _no_such_question(place, n)
    if answer.value not in values:
        words = {"place": place + 1, "value": repr(answer.value), "values": ", ".join(values)}
        return gettext("Question %(place)s: %(value)s is no answer; choose %(values)s.") % words
    if answer.reason and (instrument != InstrumentName.ATTRIBUTE_QUALITY or answer.value == "accepted"):
        sentence = gettext("Question %(place)s: a reason goes with a rejected or uncertain attribute only.")
        return sentence % {"place": place + 1}
    if answer.reason not in REASONS:
        words = {"place": place + 1, "reason": repr(answer.reason)}
        return gettext("Question %(place)s: %(reason)s is no reason of the list.") % words
    return ""


def _no_such_question(place: int, n: int) -> str:
    return gettext("There is no question %(place)s on this page of %(n)s.") % {"place": place + 1, "n": n}


def _answer_problems(
    submission: Submission, n: int, values: tuple[str, ...], instrument: str
) -> Iterator[tuple[int | None, str]]:
    for place in range(n):
        if place not in submission.answers:
            yield place, gettext("Question %(place)s has no answer yet.") % {"place": place + 1}
    for place, answer in submission.answers.items():
        problem = check_answer(place, answer, n, values, instrument)
        if problem:
            yield place, problem


def _remark_problems(submission: Submission, n: int, instrument: str) -> Iterator[tuple[int | None, str]]:
    for remark in submission.remarks:
        if remark.kind not in RemarkKind.values:
            yield remark.place, gettext("%(kind)s is no kind of remark.") % {"kind": repr(remark.kind)}
        if remark.kind == RemarkKind.MISSING_ATTRIBUTE and instrument != InstrumentName.ATTRIBUTE_QUALITY:
            yield remark.place, gettext("Missing attributes are asked for with attribute quality only.")
        if len(remark.text) > LONGEST_REMARK:
            words = {"length": len(remark.text), "longest": LONGEST_REMARK}
            yield remark.place, gettext("A remark of %(length)s characters is too long; %(longest)s fit.") % words
        if "\x00" in remark.text:
            yield remark.place, gettext("A remark holds a NUL character; type it again without.")
        if remark.place is not None and not 0 <= remark.place < n:
            yield remark.place, _no_such_question(remark.place, n)
