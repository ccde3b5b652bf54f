"""What training says after an item: what was expected and why, beside the rater's own answers."""

from __future__ import annotations

from dataclasses import dataclass

from annotation.domain.screening.marking import as_expected, on_page
from annotation.domain.submissions import questions_on_page
from annotation.instruments import INSTRUMENTS
from annotation.instruments.texts import question_texts
from annotation.models import Assignment, Expected


@dataclass(frozen=True)
class FeedbackLine:
    """One question of a training item. ``expected`` are labels as on the page, empty where nothing is expected."""

    number: int  # on the page, from 1
    text: str
    answer: str
    expected: tuple[str, ...]
    right: bool | None
    why: str


def feedback_of(assignment: Assignment) -> list[FeedbackLine]:
    """The questions in the order of the rater's page, with the answers that stand. Erased answers read as empty."""
    instrument, role = assignment.campaign.instrument, assignment.item.role
    labels = {choice.value: str(choice.label) for choice in INSTRUMENTS[instrument].choices}
    given = dict(assignment.judgments.values_list("question", "value"))
    known = {row.question_id: row for row in Expected.objects.filter(question__item=assignment.item_id)}
    questions = questions_on_page(assignment)
    asked, lines = question_texts(questions), []
    for number, question in enumerate(questions, 1):
        value, expected = given.get(question.pk), known.get(question.pk)
        values = expected.values if expected else []
        right = as_expected(instrument, role, value, assignment.side) in values if value and values else None
        shown = sorted(on_page(instrument, role, each, assignment.side) for each in values)
        lines.append(
            FeedbackLine(
                number=number,
                text=asked[question.pk],
                answer=labels.get(value or "", ""),
                expected=tuple(label for each, label in labels.items() if each in shown),
                right=right,
                why=expected.feedback if expected else "",
            )
        )
    return lines
