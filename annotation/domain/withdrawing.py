"""Leaving: answers stop counting, seats reopen, and what is asked for is erased."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now

from annotation.domain.errors import AnnotationError
from annotation.domain.seats import end_assignment, lock_item
from annotation.enums import AssignmentState, CampaignState, RaterState
from annotation.models import Assignment, Campaign, Draft, Judgment, Rater, Remark, Revision
from studies.models import AuditEvent, User

LEAVING = (AssignmentState.HELD, AssignmentState.SUBMITTED, AssignmentState.SURPLUS)


@dataclass(frozen=True)
class Withdrawal:
    """What leaving did: seats that reopened or went to a surplus answer, judgments and remarks erased."""

    assignments: int
    erased_judgments: int
    erased_remarks: int


@transaction.atomic
def withdraw_rater(*, rater: Rater, erase: bool, actor: User | None = None) -> Withdrawal:
    """The rater leaves: nothing of theirs counts any more, their seats go to others; repeating it changes nothing.

    With ``erase`` their values, reasons and free text go for good; tombstones stay, so counts say what is missing.
    """
    ended = _end_all(rater, RaterState.WITHDRAWN)
    judgments, remarks = _erase(rater) if erase else (0, 0)
    withdrawal = Withdrawal(ended, judgments, remarks)
    _record(rater, actor, "withdraw_rater", {"erase": erase, **withdrawal.__dict__})
    return withdrawal


@transaction.atomic
def exclude_rater(*, rater: Rater, reason: str, actor: User) -> Withdrawal:
    """A lead takes the rater out of the campaign, with a reason that stands in the audit trail."""
    if not reason.strip():
        raise AnnotationError("Say why the rater is excluded; the reason is kept with the exclusion.")
    withdrawal = Withdrawal(_end_all(rater, RaterState.EXCLUDED), 0, 0)
    _record(rater, actor, "exclude_rater", {"reason": reason.strip(), **withdrawal.__dict__})
    return withdrawal


def _end_all(rater: Rater, state: RaterState) -> int:
    """Rater, then items in order, then assignments: the lock order of annotation.domain.seats."""
    Rater.objects.select_for_update().get(pk=rater.pk)
    Rater.objects.filter(pk=rater.pk).update(state=state)
    leaving = Assignment.objects.filter(rater=rater, state__in=LEAVING).order_by("item_id")
    rows = list(leaving.values_list("pk", "item_id"))
    for assignment_id, item_id in rows:
        item = lock_item(item_id)
        assignment = Assignment.objects.select_for_update(of=("self",)).get(pk=assignment_id)
        assignment.item = item
        end_assignment(assignment, AssignmentState.WITHDRAWN)
    _reopen_if_vacant(rater.campaign)
    return len(rows)


def _reopen_if_vacant(campaign: Campaign) -> None:
    """A complete campaign that lost an answer collects again."""
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.items.filter(open_seats__gt=0).exists():
        Campaign.objects.filter(pk=campaign.pk, state=CampaignState.COMPLETE).update(state=CampaignState.COLLECTING)


def _erase(rater: Rater) -> tuple[int, int]:
    Draft.objects.filter(assignment__rater=rater).delete()
    Revision.objects.filter(judgment__rater=rater).update(value=None, reason="")
    judgments = Judgment.objects.filter(rater=rater, erased_at__isnull=True)
    remarks = Remark.objects.filter(assignment__rater=rater, erased_at__isnull=True)
    return (
        judgments.update(value=None, reason="", erased_at=Now()),
        remarks.update(text=None, erased_at=Now()),
    )


def _record(rater: Rater, actor: User | None, verb: str, detail: dict[str, object]) -> None:
    AuditEvent.objects.create(
        study=rater.campaign.study,
        actor=actor,
        verb=verb,
        subject=f"rater {rater.participant.pseudonym} of campaign {rater.campaign.slug}",
        detail=detail,
    )
