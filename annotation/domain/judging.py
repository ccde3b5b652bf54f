"""Answers become judgments: submit once, revise in the open, never overwrite."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Max, Sum
from django.db.models.functions import Now
from django.utils.translation import gettext

from analysis.schema import VALUES
from annotation.domain.consents import DECLINED, has_declined
from annotation.domain.drafting import LEFT, save_drafts
from annotation.domain.errors import AssignmentOver, SubmissionConflict
from annotation.domain.quotas import note_submitted
from annotation.domain.screening.states import attempt_is_over
from annotation.domain.screening.submitting import after_submit
from annotation.domain.seats import lock_item, lock_rater, seat_is_free, take_seat
from annotation.domain.submissions import (
    Answer,
    CheckedSubmission,
    RemarkInput,
    Submission,
    check_submission,
    questions_on_page,
)
from annotation.enums import AssignmentState, CampaignState, ItemRole, RaterState
from annotation.models import Assignment, Draft, DraftRemarks, Judgment, Question, Remark, Revision

__all__ = ["Answer", "Receipt", "RemarkInput", "Submission", "revise_assignment", "save_draft", "submit_assignment"]


@dataclass(frozen=True)
class Receipt:
    """``counted``: the answers have a seat; False means they came late and are kept as surplus.
    ``replayed``: they had been stored before, and nothing was changed by this request.
    """

    assignment: Assignment
    counted: bool
    replayed: bool


def submit_assignment(*, assignment: Assignment, submission: Submission) -> Receipt:
    """Turn a page of answers into judgments, once.

    The same answers sent again (double click, a second tab, a reply that never arrived) are acknowledged and change
    nothing. After an expiry or a return, the answers take the seat back if it is free and are kept as surplus if not.
    Whatever became of the campaign meanwhile, work that was begun is taken.
    Raises SubmissionInvalid, SubmissionConflict (other answers stand already) or AssignmentOver (the rater withdrew, or
    declined what the study asks now).
    """
    checked = check_submission(assignment, submission, VALUES[assignment.campaign.instrument])
    receipt = _submit(assignment.pk, checked, with_item=assignment.state != AssignmentState.HELD)
    # The lease ended between the reader's look and our lock: again, with the item locked first as the order asks.
    return receipt or _must(_submit(assignment.pk, checked, with_item=True))


def _must(receipt: Receipt | None) -> Receipt:
    if receipt is None:
        raise RuntimeError("a submit with the item locked always ends in a receipt or an error")
    return receipt


@transaction.atomic
def _submit(assignment_id: int, checked: CheckedSubmission, *, with_item: bool) -> Receipt | None:
    """None where the seat has to be asked for and the item is not locked yet."""
    about = Assignment.objects.values_list("item_id", "item__role", "rater_id")
    item_id, role, rater_id = about.get(pk=assignment_id)
    lock_rater(rater_id)
    item = lock_item(item_id) if with_item else None
    assignment = _lock_assignment(assignment_id)
    if assignment.state in AssignmentState.answered():
        return _replay(assignment, checked)
    if assignment.rater.state != RaterState.ACTIVE:
        raise AssignmentOver(gettext(LEFT))
    if has_declined(assignment.rater):
        raise AssignmentOver(gettext(DECLINED))
    state = AssignmentState.SUBMITTED
    if assignment.state != AssignmentState.HELD and assignment.seat_id is not None:
        if item is None:
            return None
        if seat_is_free(assignment.seat_id):
            take_seat(item)
        else:
            state = AssignmentState.SURPLUS
    _record(assignment, checked, state)
    if role != ItemRole.WORK:
        after_submit(assignment=_loaded(assignment_id))
    return Receipt(_loaded(assignment.pk), counted=state == AssignmentState.SUBMITTED, replayed=False)


def _lock_assignment(assignment_id: int) -> Assignment:
    related = Assignment.objects.select_related("campaign", "item", "rater__campaign", "seat")
    return related.select_for_update(of=("self",)).get(pk=assignment_id)


def _loaded(assignment_id: int) -> Assignment:
    return Assignment.objects.select_related("campaign", "item", "rater", "seat").get(pk=assignment_id)


def _record(assignment: Assignment, checked: CheckedSubmission, state: AssignmentState) -> None:
    Assignment.objects.filter(pk=assignment.pk).update(
        state=state,
        submitted_at=Now(),
        ended_at=None,
        lease_until=None,
        submission_key=checked.key,
        seconds=checked.seconds,
        hidden_seconds=checked.hidden_seconds,
        pastes=checked.pastes,
    )
    note_submitted(rater=assignment.rater)
    judgments = Judgment.objects.bulk_create(
        Judgment(
            question=question,
            rater_id=assignment.rater_id,
            assignment=assignment,
            instrument=assignment.campaign.instrument,
            value=answer.value,
            reason=answer.reason,
            made_at=Now(),
        )
        for question, answer in checked.answers.items()
    )
    Revision.objects.bulk_create(
        Revision(judgment=judgment, number=1, value=judgment.value, reason=judgment.reason, made_at=Now())
        for judgment in judgments
    )
    _add_remarks(assignment, checked.remarks)
    Draft.objects.filter(assignment=assignment).delete()
    DraftRemarks.objects.filter(assignment=assignment).delete()


def _add_remarks(assignment: Assignment, remarks: list[tuple[RemarkInput, Question | None]]) -> None:
    """Append those that the assignment does not have yet."""
    if not remarks:
        return
    known: set[tuple[str, str | None, int | None]] = set(assignment.remarks.values_list("kind", "text", "question_id"))
    places: dict[str, int] = {
        row["kind"]: row["last"] + 1
        for row in assignment.remarks.order_by().values("kind").annotate(last=Max("position"))
    }
    rows = []
    for remark, question in remarks:
        text = remark.text.strip()
        identity = (remark.kind, text, question.pk if question else None)
        if identity in known:
            continue
        known.add(identity)
        position = places.setdefault(remark.kind, 0)
        places[remark.kind] += 1
        rows.append(
            Remark(
                assignment=assignment,
                question=question,
                kind=remark.kind,
                text=text,
                position=position,
                made_at=Now(),
            )
        )
    Remark.objects.bulk_create(rows)


def _replay(assignment: Assignment, checked: CheckedSubmission) -> Receipt:
    """Acknowledge answers that stand already, or say that others do."""
    if assignment.state == AssignmentState.WITHDRAWN:
        raise AssignmentOver(gettext(LEFT))
    first = {
        question_id: (value, reason)
        for question_id, value, reason in Revision.objects.filter(
            judgment__assignment=assignment, number=1
        ).values_list("judgment__question_id", "value", "reason")
    }
    sent = {question.pk: (answer.value, answer.reason) for question, answer in checked.answers.items()}
    if sent != first:
        raise SubmissionConflict(
            gettext(
                "This item was submitted already, with other answers, and those stand. Open it again to change them."
            )
        )
    return Receipt(assignment, counted=assignment.state == AssignmentState.SUBMITTED, replayed=True)


@transaction.atomic
def revise_assignment(*, assignment: Assignment, submission: Submission) -> Receipt:
    """Change submitted answers: each changed one becomes the judgment's next Revision; the old ones stay.

    Sending the answers that stand changes nothing. Raises SubmissionInvalid, AssignmentOver (not submitted, the
    campaign closed, the rater gone or declining, or part of an attempt at qualification that was marked), and
    SubmissionConflict where ``based_on`` says that the edit began before the last revision.
    """
    checked = check_submission(assignment, submission, VALUES[assignment.campaign.instrument])
    assignment = _lock_assignment(assignment.pk)
    if assignment.state not in (AssignmentState.SUBMITTED, AssignmentState.SURPLUS):
        raise AssignmentOver(gettext("This item is not submitted, so there is nothing to change."))
    if assignment.campaign.state == CampaignState.CLOSED or assignment.rater.state != RaterState.ACTIVE:
        raise AssignmentOver(gettext("This campaign is closed; answers can no longer be changed."))
    if has_declined(assignment.rater):
        raise AssignmentOver(gettext(DECLINED))
    if attempt_is_over(assignment):
        raise AssignmentOver(gettext("This part is over; its answers can no longer be changed."))
    judgments = {judgment.question_id: judgment for judgment in assignment.judgments.all()}
    changed = [
        (judgments[question.pk], answer)
        for question, answer in checked.answers.items()
        if (judgments[question.pk].value, judgments[question.pk].reason) != (answer.value, answer.reason)
    ]
    if changed and submission.based_on is not None and submission.based_on != revisions_of(assignment):
        raise SubmissionConflict(
            gettext("These answers were changed elsewhere meanwhile. Reload the page to see them.")
        )
    for judgment, answer in changed:
        _revise(judgment, answer)
    _add_remarks(assignment, checked.remarks)
    return Receipt(assignment, counted=assignment.state == AssignmentState.SUBMITTED, replayed=not changed)


def revisions_of(assignment: Assignment) -> int:
    """How many values its judgments have had, all together: what an edit page sends back as ``based_on``."""
    total = assignment.judgments.aggregate(total=Sum("n_revisions"))["total"]
    return int(total or 0)


def _revise(judgment: Judgment, answer: Answer) -> None:
    Revision.objects.create(
        judgment=judgment,
        number=judgment.n_revisions + 1,
        value=answer.value,
        reason=answer.reason,
        made_at=Now(),
    )
    Judgment.objects.filter(pk=judgment.pk).update(
        value=answer.value, reason=answer.reason, n_revisions=F("n_revisions") + 1, made_at=Now()
    )


def save_draft(*, assignment: Assignment, place: int, answer: Answer) -> Draft | None:
    """save_drafts of one answer: what is kept now, None where the assignment is submitted already."""
    if not save_drafts(assignment=assignment, answers={place: answer}):
        return None
    return Draft.objects.get(assignment=assignment, question=questions_on_page(assignment)[place])
