"""Sending what was asked of the recruiter (payments.py), and looking up what may have arrived."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from annotation.domain.recruiting.desk import NotSetUp, database_time, open_recruiter, submission_id_of
from annotation.domain.recruiting.secrets import SecretUnreadable
from annotation.domain.recruiting.visits import note_status
from annotation.enums import ActionState, RecruiterAction
from annotation.models import Payment, Visit
from annotation.recruiters.base import AnswerLost, Busy, Final, RecruiterError, Retryable, Submission, Unreachable
from annotation.recruiters.prolific import APPROVED, PARTLY_APPROVED, RETURNED, SCREENED_OUT, Prolific
from studies.clock import from_now

OPEN = (ActionState.WAITING, ActionState.SENT)
AT_WORK = 120  # seconds for which a payment that was taken is left alone
SHORTEST, LONGEST = 60, 3600  # seconds until the next try: doubled each time
MOST_TRIES = 12  # over some five hours
GIVEN_UP = "Given up after {tries} tries. {last}"
UNKNOWN = (
    "It is not known whether this was paid: no answer came, and the submission does not show it. Look there before you"
    " ask again."
)


@dataclass(frozen=True)
class Taken:
    """A payment that is this process's for AT_WORK seconds. ``may_have_arrived``: an earlier try got no answer."""

    payment: Payment
    may_have_arrived: bool


def due_payments(limit: int = 100) -> QuerySet[Payment]:
    """What nobody works on although it is due: messages that were lost, answers to be looked up."""
    return Payment.objects.filter(state__in=OPEN, due_at__lte=Now()).order_by("due_at", "pk")[:limit]


def send_payment(*, payment: Payment) -> Payment:
    """Sends what waits or looks up what may have arrived, and stores what came of it.

    What is done, or in another process's hands, is left as it is. Asks the recruiter, so it is not for transactions.
    """
    taken = take_payment(payment=payment)
    if taken is not None:
        _carry_out(taken)
    return Payment.objects.get(pk=payment.pk)


@transaction.atomic
def take_payment(*, payment: Payment) -> Taken | None:
    """Marks it sent before anything leaves. None where it is over, not due, or behind another bonus of the visit: how
    many bonuses a submission shows tells them apart only one after the other."""
    Visit.objects.select_for_update(of=("self",)).get(pk=payment.visit_id)
    rows = Payment.objects.select_related("visit__recruitment", "visit__rater")
    due = Q(due_at__lte=Now()) | Q(state=ActionState.WAITING, attempts=0)
    row = rows.filter(due, pk=payment.pk, state__in=OPEN).first()
    if row is None:
        return None
    if row.action == RecruiterAction.BONUS and _others_on_their_way(row).exists():
        _put(row, due_at=from_now(SHORTEST))
        return None
    before = row.state
    _put(row, state=ActionState.SENT, attempts=F("attempts") + 1, due_at=from_now(AT_WORK))
    return Taken(rows.get(pk=row.pk), before == ActionState.SENT)


def _others_on_their_way(payment: Payment) -> QuerySet[Payment]:
    bonuses = Payment.objects.filter(visit=payment.visit_id, action=RecruiterAction.BONUS, state=ActionState.SENT)
    return bonuses.exclude(pk=payment.pk)


def _carry_out(taken: Taken) -> None:
    payment = taken.payment
    try:
        with open_recruiter(payment.visit.recruitment) as recruiter:
            _with(recruiter, taken)
    except (NotSetUp, SecretUnreadable) as error:
        _settle(payment, ActionState.FAILED, error.message)


def _with(recruiter: Prolific, taken: Taken) -> None:
    payment = taken.payment
    try:
        submission = _look_up(recruiter, payment.visit)
    except Retryable as error:
        _later(payment, ActionState.SENT if taken.may_have_arrived else ActionState.WAITING, error)
        return
    except Final as error:
        _settle(payment, ActionState.FAILED, error.message)
        return
    if shows(payment, submission):
        _settle(payment, ActionState.DONE, f"The submission shows it ({submission.status.lower()}).")
    elif payment.reference:
        _later(payment, ActionState.SENT, AnswerLost("No answer came. The submission is looked up again."))
    else:
        _act(recruiter, payment, submission)


def _look_up(recruiter: Prolific, visit: Visit) -> Submission:
    asked_at = database_time()
    submission = recruiter.submission(submission_id_of(visit))
    note_status(visit=visit, status=submission.status, asked_at=asked_at)
    return submission


def shows(payment: Payment, submission: Submission) -> bool:
    """Whether the submission is already as the payment wants it."""
    if payment.action == RecruiterAction.APPROVE:
        return submission.status in (APPROVED, PARTLY_APPROVED)
    if payment.action == RecruiterAction.REQUEST_RETURN:
        return submission.return_requested is not None or submission.status == RETURNED
    if payment.action == RecruiterAction.SCREEN_OUT:
        return submission.status == SCREENED_OUT
    return bool(payment.reference) and len(submission.bonuses) > (payment.bonuses_before or 0)


def _act(recruiter: Prolific, payment: Payment, submission: Submission) -> None:
    try:
        _ask(recruiter, payment, submission)
    except (Busy, Unreachable) as error:
        _later(payment, ActionState.WAITING, error)
    except AnswerLost as error:
        _later(payment, ActionState.SENT, error)
    except Final as error:
        _settle(payment, ActionState.FAILED, error.message)
    else:
        _settle(payment, ActionState.DONE, "Taken by the recruiter.")
        _look_once_more(recruiter, payment.visit)


def _ask(recruiter: Prolific, payment: Payment, submission: Submission) -> None:
    if payment.action == RecruiterAction.APPROVE:
        recruiter.approve(submission.id)
    elif payment.action == RecruiterAction.REQUEST_RETURN:
        recruiter.request_return(submission.id, payment.reason)
    elif payment.action == RecruiterAction.SCREEN_OUT:
        recruiter.screen_out(submission.study_id, submission.id, payment.amount)
    else:
        _pay_bonus(recruiter, payment, submission)


def _pay_bonus(recruiter: Prolific, payment: Payment, submission: Submission) -> None:
    """Prepared, put on record, paid: from the record on, this row never sends the payment again."""
    assert payment.amount is not None
    try:
        batch = recruiter.prepare_bonus(submission.study_id, submission.id, payment.amount)
    except AnswerLost as error:
        raise Unreachable(error.message) from error  # preparing pays nothing
    paid = Payment.objects.filter(visit=payment.visit_id, action=RecruiterAction.BONUS, state=ActionState.DONE).count()
    # What was paid a moment ago may not show yet.
    payment.reference, payment.bonuses_before = batch, max(len(submission.bonuses), paid)
    _put(payment, reference=batch, bonuses_before=payment.bonuses_before)
    try:
        recruiter.pay_bonus(batch)
    except (Busy, Unreachable):
        payment.reference = ""
        _put(payment, reference="", bonuses_before=None)
        raise


def _look_once_more(recruiter: Prolific, visit: Visit) -> None:
    """For the page; what was asked is done either way."""
    try:
        _look_up(recruiter, visit)
    except RecruiterError:
        return


def _later(payment: Payment, state: ActionState, error: Retryable) -> None:
    if payment.attempts >= MOST_TRIES:
        last = UNKNOWN if payment.reference else GIVEN_UP.format(tries=payment.attempts, last=error.message)
        _settle(payment, ActionState.FAILED, last)
        return
    pause = max(min(SHORTEST * 2 ** (payment.attempts - 1), LONGEST), error.retry_after or 0.0)
    _put(payment, state=state, due_at=from_now(pause), answer=error.message[:500])


def _settle(payment: Payment, state: ActionState, answer: str) -> None:
    _put(payment, state=state, answer=answer[:500], due_at=None, settled_at=Now())


def _put(payment: Payment, **fields: object) -> None:
    Payment.objects.filter(pk=payment.pk).update(**fields)
