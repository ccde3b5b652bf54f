"""A lead's file of checks, and labels that were published, become check items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction

from annotation.domain.errors import AnnotationError
from annotation.domain.screening.files import ChecksRefused, Placed, PlacedQuiz, parse_checks
from annotation.domain.screening.making import CheckPlan, add_checks, problems_with
from annotation.domain.screening.quiz import QuizPlan, add_quiz_questions, problems_of_question, problems_of_quiz
from annotation.domain.seeding import shuffled
from annotation.enums import ItemRole, Origin
from annotation.models import Campaign, Item, Question
from pipeline.enums import Stage
from pipeline.models import Label, Run
from studies.models import User


@dataclass(frozen=True)
class Taken:
    """What was made: questions of the quiz, and check items."""

    quiz: int
    items: list[Item]


@transaction.atomic
def checks_from_file(*, campaign: Campaign, content: bytes, file: str, actor: User | None = None) -> Taken:
    """All that the file (TOML or CSV, by its name's ending) asks for, or nothing.

    Raises ChecksRefused with every problem, each with line, field, value and remedy. A page that the campaign has
    already as a check item of the same role and attempt is a problem too: a file taken twice adds nothing.
    """
    parsed = parse_checks(content, file)
    problems = [*_problems_of_quiz(campaign, parsed.quiz)]
    pages: dict[tuple[str, int, Item], list[tuple[Question, Placed]]] = defaultdict(list)
    for placed in parsed.checks:
        question = _question_of(campaign, placed)
        if isinstance(question, str):
            problems.append(placed.say("unit", question))
        else:
            pages[placed.row.role, placed.row.attempt, question.item].append((question, placed))
    plans = []
    for (role, attempt, source), rows in pages.items():
        plan = _plan(source, role, attempt, rows)
        plans.append(plan)
        problems += [rows[0][1].say("", problem) for problem in _problems_of_page(campaign, plan, rows)]
    if problems:
        raise ChecksRefused(problems)
    if parsed.quiz:
        add_quiz_questions(campaign=campaign, plans=[_quiz_plan(each) for each in parsed.quiz], actor=actor)
    return Taken(len(parsed.quiz), add_checks(campaign=campaign, plans=plans, actor=actor) if plans else [])


def _problems_of_quiz(campaign: Campaign, rows: Sequence[PlacedQuiz]) -> Iterator[str]:
    if rows:
        yield from (rows[0].say("", problem) for problem in problems_of_quiz(campaign))
    for placed in rows:
        yield from (placed.say("", problem) for problem in problems_of_question(_quiz_plan(placed)))


def _quiz_plan(placed: PlacedQuiz) -> QuizPlan:
    row = placed.row
    return QuizPlan(row.question, tuple(row.choices), row.choices.index(row.correct), row.explanation)


def _question_of(campaign: Campaign, placed: Placed) -> Question | str:
    """The unit's question among the work of the campaign that the row names, or why there is none."""
    row = placed.row
    home = Campaign.objects.filter(study=campaign.study, slug=row.from_).first() if row.from_ else campaign
    if home is None:
        known = ", ".join(Campaign.objects.filter(study=campaign.study).values_list("slug", flat=True))
        return f"no campaign of the study is called {row.from_!r}; there are {known}"
    asked = Question.objects.filter(campaign=home, role=ItemRole.WORK, unit_key=row.unit)
    question = asked.select_related("item__campaign").first()
    if question is None:
        return f"{row.unit!r} is asked in no item of {home.slug}; name the campaign that asks it as from"
    return question


def _plan(source: Item, role: str, attempt: int, rows: Sequence[tuple[Question, Placed]]) -> CheckPlan:
    return CheckPlan(
        source=source,
        role=role,
        attempt=attempt,
        expected={question.position: placed.row.expected for question, placed in rows},
        feedback={question.position: placed.row.feedback for question, placed in rows if placed.row.feedback},
        texts={question.position: placed.row.text for question, placed in rows if placed.row.text},
    )


def _problems_of_page(campaign: Campaign, plan: CheckPlan, rows: Sequence[tuple[Question, Placed]]) -> Iterator[str]:
    yield from problems_with(campaign, plan)
    if len(plan.expected) < len(rows):
        yield "one unit stands in two rows; keep one, with all its right answers"
    if _has_check(campaign, plan):
        yield f"the page of these units is a {plan.role} item of {campaign.slug} already; leave it out"


def _has_check(campaign: Campaign, plan: CheckPlan) -> bool:
    unit = plan.source.questions.values_list("unit_key", flat=True).first()
    same = Question.objects.filter(campaign=campaign, role=plan.role, unit_key=unit)
    return same.filter(item__attempt=plan.attempt).exists()


@transaction.atomic
def gold_from_labels(
    *,
    campaign: Campaign,
    run: Run,
    n: int,
    share: float = 1.0,
    least: int = 3,
    seed: str = "1",
    actor: User | None = None,
) -> list[Item]:
    """``n`` gold items from published labels: pages on which at least ``share`` of at least ``least`` raters agreed.

    Every question with such a label is expected to be answered as labelled; the others of the page are asked and not
    marked. Pages are drawn by ``seed`` from those that are no gold of the campaign yet. Raises AnnotationError where
    the run publishes no labels of the instrument, or too few pages qualify: the message says how many do.
    """
    if run.stage != Stage.LABEL or run.study_id != campaign.study_id:
        raise AnnotationError("Name a run of this study that published labels.")
    if n < 1 or least < 1 or not 0.5 < share <= 1:
        raise AnnotationError("Ask for 1 item or more, of 1 rater or more, with agreement above 50 % and up to 100 %.")
    labels = Label.objects.filter(run=run, instrument=campaign.instrument, value__isnull=False)
    agreed = labels.filter(share__gte=share, n__gte=least).values_list("unit_key", "value")
    sure = {unit: value for unit, value in agreed if value is not None}
    plans = list(_gold_plans(campaign, run, sure))
    if len(plans) < n:
        raise AnnotationError(
            f"{len(plans)} pages have a label on which {share:.0%} of {least} or more raters agreed, and {n} were "
            "asked for. Ask for fewer, or for less agreement."
        )
    return add_checks(campaign=campaign, plans=shuffled(plans, seed, "gold")[:n], actor=actor)


def _gold_plans(campaign: Campaign, run: Run, sure: dict[str, str]) -> Iterator[CheckPlan]:
    """A plan for each page of the labelled campaigns, in their order; no unit that is gold here already."""
    homes = Label.objects.filter(run=run).values("campaign")
    work = Question.objects.filter(campaign__public_id__in=homes, campaign__study=campaign.study, role=ItemRole.WORK)
    gold = set(Question.objects.filter(campaign=campaign, role=ItemRole.GOLD).values_list("unit_key", flat=True))
    pages: dict[Item, dict[int, list[str]]] = defaultdict(dict)
    for question in work.select_related("item__campaign").order_by("campaign", "item__position", "position"):
        if question.unit_key in sure and question.unit_key not in gold:
            pages[question.item][question.position] = [sure[question.unit_key]]
    for source, expected in pages.items():
        yield CheckPlan(source, ItemRole.GOLD, expected)


def sources_of(campaign: Campaign) -> Iterable[Campaign]:
    """The campaigns whose pages may become check items here: other ones of the instrument first, for a page that is
    also work here may come to a rater twice."""
    same = Campaign.objects.filter(study=campaign.study, instrument=campaign.instrument)
    others = [each for each in same.order_by("-created_at") if each.pk != campaign.pk]
    return [*others, *([campaign] if campaign.origin != Origin.IMPORTED else [])]
