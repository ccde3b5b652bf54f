"""What a lead asks of the recruiter for a visit: to approve it, to ask for its return, a bonus, a screen-out payment.

Asking writes a row; a task sends it. Each is done at most once, even if an answer is lost or the process killed: before
anything is sent the submission is looked up, and the payment of a bonus, which the recruiter would repeat, never leaves
twice.

    WAITING   not sent, or certainly not arrived: sent when it is due
    SENT      it may have arrived: looked up when it is due
    DONE      the recruiter took it, or the submission shows it
    FAILED    refused, or given up: the answer says why; a lead may ask again

Asking is here, sending in sending.py.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet

from annotation.domain.errors import AnnotationError
from annotation.domain.recruiting.desk import NotSetUp
from annotation.enums import ActionState, RaterOutcome, RaterState, RecruiterAction
from annotation.models import Payment, Recruitment, Visit
from annotation.recruiters.prolific import APPROVED, PARTLY_APPROVED, RETURNED, SCREENED_OUT
from studies.clock import from_now
from studies.domain.audit import record_event
from studies.models import User

MOST = Decimal("1000")  # of a bonus, in the study's currency: a slip of the decimal point stops here
AGAIN = 120  # seconds in which the same bonus for the same visit is taken for a second click
SETTLED = (APPROVED, PARTLY_APPROVED, RETURNED, SCREENED_OUT)
LOST = 60  # seconds after which the sweep takes up what no task has


class PaymentInvalid(AnnotationError):
    """Nothing was asked."""


@transaction.atomic
def ask_payment(
    *, visit: Visit, action: RecruiterAction, actor: User, amount: Decimal | None = None, reason: str = ""
) -> Payment:
    """Writes what is asked; ``send_payment`` sends it. Asking again for what is open or done gives the same row.

    ``amount`` is in the study's currency: of a bonus, and of a screen-out where the study's codes fix none. Raises
    PaymentInvalid, or NotSetUp without a token or after the ids were forgotten.
    """
    row = Visit.objects.select_for_update(of=("self",)).select_related("recruitment__campaign__study").get(pk=visit.pk)
    check_can_ask(row)
    amount, reason = checked_amount(action, amount), checked_reason(action, reason)
    standing = _standing(row, action, amount)
    if standing is not None:
        return standing
    payment = Payment.objects.create(
        visit=row, action=action, amount=amount, reason=reason, asked_by=actor, due_at=from_now(LOST)
    )
    campaign = row.recruitment.campaign
    record_event(
        study=campaign.study,
        actor=actor,
        verb="ask_payment",
        subject=f"rater {row.rater.participant.pseudonym} of campaign {campaign.slug}",
        detail={"action": action, "amount": None if amount is None else str(amount)},
    )
    return payment


@transaction.atomic
def ask_approvals(*, recruitment: Recruitment, actor: User, visits: Collection[int]) -> list[Payment]:
    """Asks for the approval of these visits, which a lead has looked at, as far as they are approvable still."""
    return [
        ask_payment(visit=visit, action=RecruiterAction.APPROVE, actor=actor)
        for visit in approvable(recruitment).filter(pk__in=visits).order_by("pk")
    ]


def approvable(recruitment: Recruitment) -> QuerySet[Visit]:
    """Completed, not approved as far as we know, not returned, and not asked for yet."""
    asked = Payment.objects.filter(action=RecruiterAction.APPROVE).exclude(state=ActionState.FAILED)
    completed = recruitment.visits.filter(rater__outcome=RaterOutcome.COMPLETED, id_encrypted__isnull=False)
    return completed.exclude(status__in=SETTLED).exclude(pk__in=asked.values("visit"))


def why_not_approvable(visit: Visit) -> str:
    """What keeps a visit from being approved with the others, in a lead's words. Needs rater and payments loaded; for
    visits that are not among ``approvable``."""
    asked = [each for each in visit.payments.all() if each.action == RecruiterAction.APPROVE]
    if visit.status in SETTLED:
        return f"is {visit.status.lower()} at the recruiter already"
    if any(each.state != ActionState.FAILED for each in asked):
        return "approval was asked for already"
    if visit.id_encrypted is None:
        return "the recruiter's id of it was forgotten"
    rater = visit.rater
    if rater.outcome:
        return f"ended otherwise: {RaterOutcome(rater.outcome).label.lower()}"
    if rater.state != RaterState.ACTIVE:
        return f"the rater is {rater.get_state_display().lower()}"
    return "not complete yet"


def check_can_ask(visit: Visit) -> None:
    if visit.recruitment.api_token_encrypted is None:
        raise NotSetUp("There is no API token of the recruiter's: enter one in the settings first.")
    if visit.id_encrypted is None:
        raise NotSetUp("The recruiter's id of this visit was forgotten; nothing can be asked about it any more.")


def checked_amount(action: RecruiterAction, amount: Decimal | None) -> Decimal | None:
    if action not in (RecruiterAction.BONUS, RecruiterAction.SCREEN_OUT):
        return None
    if amount is None:
        if action == RecruiterAction.BONUS:
            raise PaymentInvalid("Say how much: a bonus is an amount in the study's currency, 1.50 for instance.")
        return None
    if not amount.is_finite() or not 0 < amount <= MOST or amount != round(amount, 2):
        raise PaymentInvalid(f"{amount} cannot be paid: give 0.01 to {MOST}, with at most two decimals.")
    return amount


def checked_reason(action: RecruiterAction, reason: str) -> str:
    reason = reason.strip()
    if action == RecruiterAction.REQUEST_RETURN and not reason:
        raise PaymentInvalid("Say why the submission should be returned: the participant reads it.")
    if len(reason) > 500:
        raise PaymentInvalid(f"The reason has {len(reason)} letters; 500 is the most.")
    return reason


def _standing(visit: Visit, action: RecruiterAction, amount: Decimal | None) -> Payment | None:
    asked = visit.payments.filter(action=action).exclude(state=ActionState.FAILED).order_by("-pk")
    if action != RecruiterAction.BONUS:
        return asked.first()
    same = asked.filter(amount=amount)
    return same.filter(Q(state__in=(ActionState.WAITING, ActionState.SENT)) | Q(asked_at__gt=from_now(-AGAIN))).first()
