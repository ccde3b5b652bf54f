"""What stands between a rater and the work, in this order: a place at the recruiter that is gone, consent, quiz,
training, qualification."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.db.models import Q

from annotation.domain import screening
from annotation.domain.consents import consent_state
from annotation.domain.finishing import end_rater, lock_rater, may_go_on, n_answered
from annotation.domain.places import place_state
from annotation.enums import GateState, ItemRole, RaterGate, RaterOutcome, RaterState
from annotation.models import Campaign, Consent, Rater

BEFORE_WORK = (ItemRole.TRAINING, ItemRole.QUALIFICATION)


@transaction.atomic
def open_gates(*, rater: Rater) -> Rater:
    """Let the rater as far as they have come: to the first gate that is not passed, to the work, or to an end.

    Called at joining and after each step; calling it again changes nothing. A gate that is failed ends the part with
    its outcome. A part that has ended stays so, except that a member whose campaign has work for them again goes on.
    The rater's row is locked.
    """
    row = lock_rater(rater)
    if row.state != RaterState.ACTIVE or (row.gate == RaterGate.ENDED and not may_go_on(row)):
        return row
    for gate, state_of in _gates().items():
        state = state_of(row)
        if state == GateState.FAILED:
            return end_rater(rater=row, outcome=_outcome_of(gate, row))
        if state == GateState.OPEN:
            return _put(row, gate=gate)
    n_before, due = n_answered(row, BEFORE_WORK), row.next_check
    return _put(
        row, gate=RaterGate.OPEN, n_before=n_before, next_check=screening.first_check(row) if due is None else due
    )


def _gates() -> dict[RaterGate, Callable[[Rater], GateState]]:
    return {
        RaterGate.PLACE: place_state,
        RaterGate.CONSENT: consent_state,
        RaterGate.QUIZ: screening.quiz_state,
        RaterGate.TRAINING: screening.training_state,
        RaterGate.QUALIFICATION: screening.qualification_state,
    }


def _outcome_of(gate: RaterGate, rater: Rater) -> RaterOutcome:
    """Whoever has worked and then declines a new wording has done what they agreed to: that part is complete, so that
    a recruiter pays for it."""
    if gate != RaterGate.CONSENT:
        return RaterOutcome.SCREENED_OUT
    return RaterOutcome.COMPLETED if n_answered(rater) else RaterOutcome.NO_CONSENT


def _put(rater: Rater, *, gate: RaterGate, **fields: int | None) -> Rater:
    wanted = {"gate": gate, "outcome": RaterOutcome.NONE, "outcome_at": None, **fields}
    if any(getattr(rater, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(rater, name, value)
        rater.save(update_fields=list(wanted))
    return rater


def ask_again(*, campaign: Campaign) -> int:
    """Send those raters back to the information who have not agreed to the campaign's present form, and let those on
    whom it no longer keeps: to be called in the transaction that changes the form. Gives how many it sent back.

    What they hold stays theirs, and may still be submitted. A part that has ended stays as it is.
    """
    raters = Rater.objects.filter(campaign=campaign, state=RaterState.ACTIVE)
    raters = raters.exclude(gate__in=(RaterGate.ENDED, RaterGate.PLACE))
    agreed = Consent.objects.filter(form=campaign.consent_form_id, agreed=True, withdrawn_at__isnull=True)
    asked = Q(pk__in=agreed.values("rater")) if campaign.consent_form_id else Q()
    waiting = raters.filter(asked, gate=RaterGate.CONSENT).order_by("pk")
    for rater in waiting:
        open_gates(rater=rater)
    if campaign.consent_form_id is None:
        return 0
    back = raters.exclude(asked).exclude(gate=RaterGate.CONSENT)
    return back.update(gate=RaterGate.CONSENT)
