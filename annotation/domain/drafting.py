"""What is entered on a page and not submitted yet: answers and free text, overwritten freely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from analysis.schema import VALUES
from annotation.domain.consents import DECLINED, has_declined
from annotation.domain.errors import AssignmentOver, SubmissionInvalid
from annotation.domain.submissions import LONGEST_REMARK, Answer, check_answer
from annotation.enums import AssignmentState, RaterState
from annotation.models import Assignment, Draft, DraftRemarks, Question
from studies.clock import from_now

LEFT = gettext_noop("You have left this campaign, so nothing more is stored. Thank you for taking part.")
LONGEST_LIST = 20 * LONGEST_REMARK  # missing attributes: a remark on each line


@dataclass(frozen=True)
class EnteredRemarks:
    """The free text of a page as it was typed, whitespace and all."""

    note: str = ""
    missing: str = ""
    flagged: bool = False
    flag_text: str = ""


@transaction.atomic
def save_drafts(
    *, assignment: Assignment, answers: Mapping[int, Answer], remarks: EnteredRemarks | None = None
) -> bool:
    """Keep what is not submitted yet, and renew the lease: the page is in use.

    ``answers`` by place on the page; one with the value "" was taken back. ``remarks`` None: those kept stay as they
    are. False where the assignment is submitted already (a late draft changes nothing). Raises SubmissionInvalid for
    what is no answer or far too long, AssignmentOver where the item was given back. Needs the assignment's campaign and
    item loaded; statements do not grow with the answers.
    """
    _check(assignment, answers, remarks)
    if not _renewed(assignment) and not _open_nevertheless(assignment):
        return False
    if answers:
        _keep_answers(assignment, answers)
    if remarks is not None:
        save_draft_remarks(assignment=assignment, remarks=remarks)
    return True


def _check(assignment: Assignment, answers: Mapping[int, Answer], remarks: EnteredRemarks | None) -> None:
    n, instrument = len(assignment.order), assignment.campaign.instrument
    problems: list[tuple[int | None, str]] = []
    for place, answer in answers.items():
        taken_back = 0 <= place < n and not answer.value
        problem = "" if taken_back else check_answer(place, answer, n, VALUES[instrument], instrument)
        if problem:
            problems.append((place, problem))
    typed = remarks or EnteredRemarks()
    for text, longest in (
        (typed.note, LONGEST_REMARK),
        (typed.flag_text, LONGEST_REMARK),
        (typed.missing, LONGEST_LIST),
    ):
        if len(text) > longest:
            words = {"length": len(text), "longest": longest}
            problems.append((None, gettext("A remark of %(length)s characters is too long; %(longest)s fit.") % words))
        if "\x00" in text:
            problems.append((None, gettext("A remark holds a NUL character; type it again without.")))
    if problems:
        raise SubmissionInvalid(problems)


def _renewed(assignment: Assignment) -> bool:
    """The lease of an item that is held starts anew, which locks its row for the rest of the transaction."""
    seconds = max(assignment.campaign.lease_seconds, assignment.item.lease_seconds)
    held = Assignment.objects.filter(pk=assignment.pk, state=AssignmentState.HELD)
    return bool(held.update(lease_until=from_now(seconds)))


def _open_nevertheless(assignment: Assignment) -> bool:
    """Whether an item that is not held takes drafts: one whose lease ended does, for it may be submitted late; not from
    who has left or declined, whose words are not to be kept."""
    locked = Assignment.objects.select_related("rater").select_for_update(of=("self",)).get(pk=assignment.pk)
    state = locked.state
    if state == AssignmentState.RETURNED:
        raise AssignmentOver(gettext("You gave this item back. Reload the page to go on with the next one."))
    if state in AssignmentState.answered():
        return False
    if locked.rater.state != RaterState.ACTIVE:
        raise AssignmentOver(gettext(LEFT))
    if has_declined(locked.rater):
        raise AssignmentOver(gettext(DECLINED))
    return True


def _keep_answers(assignment: Assignment, answers: Mapping[int, Answer]) -> None:
    by_position = {assignment.order[place]: answer for place, answer in answers.items()}
    questions = Question.objects.filter(item_id=assignment.item_id, position__in=by_position)
    by_question = {pk: by_position[position] for pk, position in questions.values_list("pk", "position")}
    given = {pk: answer for pk, answer in by_question.items() if answer.value}
    if len(given) < len(by_question):
        taken_back = by_question.keys() - given.keys()
        Draft.objects.filter(assignment=assignment, question__in=taken_back).delete()
    if given:
        Draft.objects.bulk_create(
            [
                Draft(assignment=assignment, question_id=pk, value=answer.value, reason=answer.reason)
                for pk, answer in given.items()
            ],
            update_conflicts=True,
            unique_fields=["assignment", "question"],
            update_fields=["value", "reason", "saved_at"],
        )


@transaction.atomic
def save_draft_remarks(*, assignment: Assignment, remarks: EnteredRemarks) -> None:
    """Keep the free text of a page that is not submitted yet; where all of it is empty, nothing is kept.

    The caller has locked the assignment and knows that it is not submitted (save_drafts).
    """
    if remarks == EnteredRemarks():
        DraftRemarks.objects.filter(assignment=assignment).delete()
        return
    row = DraftRemarks(
        assignment=assignment,
        note=remarks.note,
        missing=remarks.missing,
        flagged=remarks.flagged,
        flag_text=remarks.flag_text,
    )
    DraftRemarks.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["assignment"],
        update_fields=["note", "missing", "flagged", "flag_text", "saved_at"],
    )
