"""Leaving and coming back: answers stop counting, seats reopen, what is asked for is erased; an exclusion is undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from annotation.domain.errors import AnnotationError
from annotation.domain.releasing import withdraw_releases_of
from annotation.domain.seats import end_assignment, lock_item, seat_is_free, take_seat
from annotation.enums import AssignmentState, CampaignState, RaterState, ReturnReason
from annotation.models import (
    Assignment,
    Campaign,
    Closing,
    Consent,
    Demographic,
    Draft,
    DraftRemarks,
    Judgment,
    QuizAttempt,
    Rater,
    Remark,
    Revision,
    SignalRollup,
)
from studies.domain.audit import Detail, record_event
from studies.models import AuditEvent, User

VERBS = ("withdraw_rater", "exclude_rater", "readmit_rater")
LEAVING = (AssignmentState.HELD, AssignmentState.SUBMITTED, AssignmentState.SURPLUS)


@dataclass(frozen=True)
class Withdrawal:
    """What leaving did: seats that reopened or went to a surplus answer, and what was erased of each kind."""

    assignments: int
    erased_judgments: int = 0
    erased_remarks: int = 0
    erased_quiz_attempts: int = 0  # their answers; that there was an attempt, and how it went, stays
    erased_closings: int = 0
    erased_demographics: int = 0  # of the person, and so for all campaigns of the study


@transaction.atomic
def withdraw_rater(*, rater: Rater, erase: bool, actor: User | None = None) -> Withdrawal:
    """The rater leaves: nothing of theirs counts any more, their seats go to others, the consent they gave is dated as
    withdrawn. Repeating it changes nothing.

    With ``erase`` all that they chose or wrote goes for good, drafts and what the browser told of them included;
    tombstones stay, so that counts say what is missing. Releases that hold it are withdrawn and a new one asked for.
    """
    ended = _end_all(rater, RaterState.WITHDRAWN)
    if erase:
        withdraw_releases_of(rater=rater, actor=actor)
    Consent.objects.filter(rater=rater, agreed=True, withdrawn_at__isnull=True).update(withdrawn_at=Now())
    withdrawal = replace(_erase(rater), assignments=ended) if erase else Withdrawal(ended)
    _record(rater, actor, "withdraw_rater", {"erase": erase, **asdict(withdrawal)})
    return withdrawal


@transaction.atomic
def exclude_rater(*, rater: Rater, reason: str, actor: User) -> Withdrawal:
    """A lead takes the rater out of the campaign, with a reason that stands in the audit trail."""
    if not reason.strip():
        raise AnnotationError("Say why the rater is excluded; the reason is kept with the exclusion.")
    if Rater.objects.select_for_update().get(pk=rater.pk).state == RaterState.WITHDRAWN:
        raise AnnotationError("The rater has left; there is nobody to exclude.")
    withdrawal = Withdrawal(_end_all(rater, RaterState.EXCLUDED))
    _record(rater, actor, "exclude_rater", {"reason": reason.strip(), **asdict(withdrawal)})
    return withdrawal


@dataclass(frozen=True)
class Readmission:
    """What coming back did: answers that count again, and those whose seats went to others meanwhile."""

    seated: int
    surplus: int


@transaction.atomic
def readmit_rater(*, rater: Rater, reason: str, actor: User) -> Readmission:
    """Undoes an exclusion, with a reason. Answers take their seats again where these are free, else they are surplus.

    Raises AnnotationError for a rater who is not excluded: who left of their own accord is not brought back.
    """
    if not reason.strip():
        raise AnnotationError("Say why the rater is let in again; the reason is kept with the exclusion's.")
    row = Rater.objects.select_for_update(of=("self",)).get(pk=rater.pk)
    if row.state != RaterState.EXCLUDED:
        raise AnnotationError(f"The rater is {row.get_state_display().lower()}, not excluded.")
    Rater.objects.filter(pk=rater.pk).update(state=RaterState.ACTIVE)
    states = [_bring_back(pk, item) for pk, item in _rows(rater, (AssignmentState.WITHDRAWN,))]
    readmission = Readmission(states.count(AssignmentState.SUBMITTED), states.count(AssignmentState.SURPLUS))
    _record(rater, actor, "readmit_rater", {"reason": reason.strip(), **asdict(readmission)})
    return readmission


def _bring_back(assignment_id: int, item_id: int) -> AssignmentState:
    """What was held is offered again at the rater's next claim; what was submitted goes where it finds its seat."""
    item = lock_item(item_id)
    assignment = Assignment.objects.select_for_update(of=("self",)).get(pk=assignment_id)
    if assignment.submitted_at is None:
        state = AssignmentState.EXPIRED
    elif assignment.seat_id is not None and not seat_is_free(assignment.seat_id):
        state = AssignmentState.SURPLUS
    else:
        state = AssignmentState.SUBMITTED
    Assignment.objects.filter(pk=assignment_id).update(state=state)
    if state == AssignmentState.SUBMITTED and assignment.seat_id is not None:
        take_seat(item)
    return state


def _rows(rater: Rater, states: Sequence[AssignmentState]) -> list[tuple[int, int]]:
    """(assignment, item) of the rater in these states, in the order in which items are locked."""
    rows = Assignment.objects.filter(rater=rater, state__in=states).order_by("item_id")
    return list(rows.values_list("pk", "item_id"))


def _end_all(rater: Rater, state: RaterState) -> int:
    """Rater, then items in order, then assignments: the lock order of annotation.domain.seats."""
    Rater.objects.select_for_update().get(pk=rater.pk)
    Rater.objects.filter(pk=rater.pk).update(state=state)
    rows = _rows(rater, LEAVING)
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


def _erase(rater: Rater) -> Withdrawal:
    for drafts in (Draft, DraftRemarks):
        drafts._default_manager.filter(assignment__rater=rater).delete()
    Revision.objects.filter(judgment__rater=rater).update(value=None, reason="")
    assignments = Assignment.objects.filter(rater=rater)
    assignments.update(seconds=None, hidden_seconds=None, pastes=None, returned_because=ReturnReason.NONE)
    judgments = Judgment.objects.filter(rater=rater, erased_at__isnull=True)
    remarks = Remark.objects.filter(assignment__rater=rater, erased_at__isnull=True)
    closings = Closing.objects.filter(rater=rater, erased_at__isnull=True)
    SignalRollup.objects.filter(campaign=rater.campaign_id).delete()  # it held figures of theirs
    return Withdrawal(
        assignments=0,
        erased_judgments=judgments.update(value=None, reason="", erased_at=Now()),
        erased_remarks=remarks.update(text=None, masks=[], erased_at=Now()),
        erased_quiz_attempts=QuizAttempt.objects.filter(rater=rater).exclude(answers=[]).update(answers=[]),
        erased_closings=closings.update(could_tell=None, how=None, masks=[], erased_at=Now()),
        erased_demographics=Demographic.objects.filter(participant=rater.participant_id).delete()[0],
    )


def keeps_words(rater: Rater) -> bool:
    """Whether something is kept, beside answers, that an erasure would erase: drafts, remarks, quiz answers, what was
    said at the end, what is known of the person."""
    of_assignments = Assignment.objects.filter(rater=rater)
    return any(
        rows.exists()
        for rows in (
            Draft.objects.filter(assignment__in=of_assignments),
            DraftRemarks.objects.filter(assignment__in=of_assignments),
            Remark.objects.filter(assignment__in=of_assignments, erased_at__isnull=True),
            QuizAttempt.objects.filter(rater=rater).exclude(answers=[]),
            Closing.objects.filter(rater=rater, erased_at__isnull=True),
            Demographic.objects.filter(participant=rater.participant_id),
        )
    )


def comings_and_goings(rater: Rater) -> QuerySet[AuditEvent]:
    """When the rater left, was excluded or let in again, newest first, with the reasons given."""
    subject = audit_subject(rater.participant.pseudonym, rater.campaign.slug)
    events = AuditEvent.objects.filter(study=rater.campaign.study_id, subject=subject, verb__in=VERBS)
    return events.select_related("actor").order_by("-made_at", "-pk")


def _record(rater: Rater, actor: User | None, verb: str, detail: Detail) -> None:
    subject = audit_subject(rater.participant.pseudonym, rater.campaign.slug)
    record_event(study=rater.campaign.study, actor=actor, verb=verb, subject=subject, detail=detail)


def audit_subject(pseudonym: str, campaign_slug: str) -> str:
    """How the audit trail names a rater; releases find there why one was excluded."""
    return f"rater {pseudonym} of campaign {campaign_slug}"
