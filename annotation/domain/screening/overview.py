"""How raters did at a campaign's quiz and check items: what a lead reads to see which of them are any good."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count

from analysis.intervals import Interval, wilson_interval
from annotation.domain.screening.instructions import label_of
from annotation.domain.screening.marking import as_expected
from annotation.domain.screening.states import RETIRED
from annotation.enums import AssignmentState, ItemRole, RaterGate, RaterOutcome
from annotation.instruments.texts import prompt_texts, question_texts
from annotation.models import Assignment, Campaign, Expected, Item, Judgment, Question, QuizAttempt, Rater

SUSPICIOUS_FROM = 3  # answers; with fewer, nothing is said
GIVEN = AssignmentState.answered()


@dataclass(frozen=True)
class Tally:
    """``right`` of ``n`` answers were as expected."""

    n: int = 0
    right: int = 0

    @property
    def share(self) -> float | None:
        return self.right / self.n if self.n else None

    @property
    def interval(self) -> Interval:
        """Wilson's, 95 %; NaN without an answer."""
        return wilson_interval(self.right, self.n)

    @property
    def percent(self) -> dict[str, str]:
        """Where a bar of a hundred ends, and where the interval on it begins and how wide it is."""
        low, high = self.interval
        parts = {"share": self.share or 0.0, "low": low, "width": high - low}
        return {name: f"{100 * part:.1f}" for name, part in parts.items()}

    @property
    def is_suspicious(self) -> bool:
        """Most raters miss it: rather the expectation is wrong than they."""
        return self.n >= SUSPICIOUS_FROM and 2 * self.right < self.n


@dataclass(frozen=True)
class CheckLine:
    """A question of a check item for which something is expected. ``expected`` are labels; preferences' are towards
    the personalized response where ``turned``."""

    number: int  # in its item, from 1
    text: str
    expected: tuple[str, ...]
    feedback: str
    tally: Tally


@dataclass(frozen=True)
class CheckOverview:
    item: Item
    title: str  # of the page: its prompt, or whose it is
    lines: tuple[CheckLine, ...]
    n_questions: int
    n_given: int  # raters who answered it
    n_skipped: int

    @property
    def retired(self) -> bool:
        return self.item.priority <= RETIRED

    @property
    def tally(self) -> Tally:
        return Tally(sum(line.tally.n for line in self.lines), sum(line.tally.right for line in self.lines))

    @property
    def is_suspicious(self) -> bool:
        return any(line.tally.is_suspicious for line in self.lines)


def checks_of(campaign: Campaign) -> dict[str, list[CheckOverview]]:
    """Every check item by its role, retired ones last. Seven queries, whatever their number and that of the answers."""
    roles = [role for role in ItemRole if role != ItemRole.WORK]
    items = list(
        Item.objects.filter(campaign=campaign, role__in=roles)
        .select_related("prompt", "pair__prompt")
        .prefetch_related("people")
        .annotate(n_questions=Count("questions"))
        .order_by("-priority", "attempt", "position")
    )
    lines, prompts = _lines(campaign), prompt_texts(items)
    met = Counter[tuple[int, bool]]()
    states = Assignment.objects.filter(item__in=items).values_list("item", "state").annotate(n=Count("pk"))
    for item_id, state, n in states.order_by():
        if state in GIVEN or state == AssignmentState.RETURNED:
            met[item_id, state in GIVEN] += n
    found: dict[str, list[CheckOverview]] = {role.value: [] for role in roles}
    for item in items:
        found[item.role].append(
            CheckOverview(
                item=item,
                title=prompts.get(item.pk) or ", ".join(str(person) for person in item.people.all()),
                lines=tuple(lines[item.pk]),
                n_questions=item.n_questions,
                n_given=met[item.pk, True],
                n_skipped=met[item.pk, False],
            )
        )
    return found


def _lines(campaign: Campaign) -> dict[int, list[CheckLine]]:
    tallies = _tallies(campaign)
    known = Expected.objects.filter(question__campaign=campaign).select_related("question")
    rows = list(known.order_by("question__item", "question__position"))
    asked = question_texts(row.question for row in rows)
    lines: dict[int, list[CheckLine]] = defaultdict(list)
    for row in rows:
        question = row.question
        labels = tuple(expected_in_words(question.instrument, question.role, value) for value in row.values)
        tally = tallies.get(question.pk, Tally())
        lines[question.item_id].append(
            CheckLine(question.position + 1, asked[question.pk], labels, row.feedback, tally)
        )
    return lines


def _tallies(campaign: Campaign) -> dict[int, Tally]:
    """By question. Answers are counted where they lie, by value and side: a handful of rows for each question."""
    given = Judgment.objects.filter(
        question__campaign=campaign, question__expected__isnull=False, value__isnull=False
    ).order_by()
    fields = ("question", "question__instrument", "question__role", "question__expected__values")
    counted = given.values_list(*fields, "value", "assignment__side").annotate(n=Count("pk"))
    tallies: dict[int, Tally] = {}
    for question, instrument, role, expected, value, side, n in counted:
        before = tallies.get(question, Tally())
        right = as_expected(instrument, role, value, side) in expected
        tallies[question] = Tally(before.n + n, before.right + n * right)
    return tallies


TOWARDS_PERSONALIZED = {
    "1": "generic much better",
    "2": "generic better",
    "3": "no difference",
    "4": "personalized better",
    "5": "personalized much better",
}


def expected_in_words(instrument: str, role: str, value: str) -> str:
    """An expected value for a lead to read. Leads know which response is which; raters' pages never say it."""
    if role != ItemRole.ATTENTION and value in TOWARDS_PERSONALIZED:
        return TOWARDS_PERSONALIZED[value]
    return label_of(instrument, value)


@dataclass(frozen=True)
class QuizLine:
    """``chosen``: how many attempts chose each choice."""

    pk: int
    text: str
    choices: tuple[tuple[str, bool, int], ...]  # words, whether right, attempts that chose it
    explanation: str
    tally: Tally


@dataclass(frozen=True)
class QuizOverview:
    lines: tuple[QuizLine, ...] = ()
    n_raters: int = 0  # who made an attempt
    n_passed: int = 0
    n_failed: int = 0  # screened out by it
    is_answered: bool = field(default=False)


def quiz_of(campaign: Campaign) -> QuizOverview:
    """All attempts count, so a question that is missed at first and learned shows both."""
    attempts = list(QuizAttempt.objects.filter(rater__campaign=campaign))
    chosen: Counter[tuple[int, int]] = Counter()
    for attempt in attempts:
        chosen.update(enumerate(attempt.answers))
    lines = []
    for question in campaign.quiz_questions.all():
        of_question = [chosen[question.position, place] for place in range(len(question.choices))]
        choices = tuple(
            (words, place == question.correct, of_question[place]) for place, words in enumerate(question.choices)
        )
        tally = Tally(sum(of_question), of_question[question.correct])
        lines.append(QuizLine(question.pk, question.text, choices, question.explanation, tally))
    raters = {attempt.rater_id for attempt in attempts}
    passed = {attempt.rater_id for attempt in attempts if attempt.passed}
    out = Rater.objects.filter(pk__in=raters - passed, gate=RaterGate.ENDED, outcome=RaterOutcome.SCREENED_OUT)
    return QuizOverview(tuple(lines), len(raters), len(passed), out.count(), bool(attempts))


@dataclass(frozen=True)
class Way:
    """How many active raters stand at each gate, and how many parts ended screened out or by attention checks."""

    gates: dict[str, int]
    screened_out: int
    failed_attention: int


def way_of(campaign: Campaign) -> Way:
    rows = Rater.objects.filter(campaign=campaign).order_by().values_list("gate", "outcome").annotate(n=Count("pk"))
    gates: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for gate, outcome, n in rows:
        gates[gate] += n
        outcomes[outcome] += n
    return Way(dict(gates), outcomes[RaterOutcome.SCREENED_OUT], outcomes[RaterOutcome.FAILED_ATTENTION])


def units_met(campaign: Campaign, items: Iterable[Item]) -> set[int]:
    """Those of the items that are open work of this campaign too: a rater may meet the page twice."""
    open_units = Question.objects.filter(campaign=campaign, role=ItemRole.WORK, item__open_seats__gt=0)
    twice = Question.objects.filter(item__in=items, unit_key__in=open_units.values("unit_key"))
    return set(twice.values_list("item", flat=True))
