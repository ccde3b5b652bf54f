"""How a rater's part ends: with an outcome, and never with somebody left standing who came by a recruiter."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext

from annotation.domain import screening
from annotation.domain.consents import consent_state
from annotation.domain.errors import WrongState
from annotation.domain.places import status_of_place
from annotation.domain.seats import hand_on_held
from annotation.enums import AssignmentState, CampaignState, GateState, ItemRole, RaterGate, RaterOutcome, RaterState
from annotation.models import Assignment, Rater
from annotation.recruiters.prolific import TIMED_OUT

DONE = (AssignmentState.SUBMITTED, AssignmentState.SURPLUS)
WORK = (ItemRole.WORK, *ItemRole.mixed_in())
OVER = (CampaignState.COMPLETE, CampaignState.CLOSED)
REVERSIBLE = (RaterOutcome.NO_CONSENT, RaterOutcome.INCOMPATIBLE_DEVICE)
PLACE_GONE = ("AWAITING REVIEW", "APPROVED", "PARTIALLY APPROVED", "REJECTED", "RETURNED", "TIMED-OUT", "SCREENED OUT")


def lock_rater(rater: Rater) -> Rater:
    related = Rater.objects.select_related("campaign", "participant")
    return related.select_for_update(of=("self",)).get(pk=rater.pk)


def n_answered(rater: Rater, roles: Sequence[ItemRole] = WORK) -> int:
    """How many items of these roles the rater has submitted; work and what is mixed in, where none are named."""
    return Assignment.objects.filter(rater=rater, state__in=DONE, item__role__in=roles).count()


@transaction.atomic
def end_rater(*, rater: Rater, outcome: RaterOutcome) -> Rater:
    """The rater's part is over. What they hold goes to others, and is taken if it is submitted nevertheless.

    Ending again with the same outcome changes nothing; the date stays the first one's. The rater's row is locked.
    """
    row = lock_rater(rater)
    if row.gate == RaterGate.ENDED and row.outcome == outcome:
        return row
    Rater.objects.filter(pk=row.pk).update(gate=RaterGate.ENDED, outcome=outcome, outcome_at=Now())
    hand_on_held(row.pk)
    row.refresh_from_db(fields=["gate", "outcome", "outcome_at"])
    return row


@transaction.atomic
def settle_rater(*, rater: Rater) -> Rater:
    """Called where a claim found nothing: ends the part if it is over, and leaves it as it is if more may come.

    Over it is for everybody who failed too many attention checks, reached their quota, or whose campaign is complete or
    closed; and for whoever came by a recruiter as soon as nothing is left for them, for they are paid at the end and
    their time runs; or when that time is over and they have done some of it: a lead pays them by hand. A pause ends
    nobody's part. The rater's row is locked.
    """
    row = lock_rater(rater)
    if row.state != RaterState.ACTIVE or row.gate == RaterGate.ENDED:
        return row
    outcome = _outcome(row)
    return row if outcome == RaterOutcome.NONE else end_rater(rater=row, outcome=outcome)


def _outcome(rater: Rater) -> RaterOutcome:
    campaign, saved, recruited = rater.campaign, n_answered(rater), is_recruited(rater)
    if campaign.state in OVER:
        return _by_work(saved) if saved or recruited else RaterOutcome.NONE
    if rater.gate == RaterGate.PLACE:
        return RaterOutcome.COMPLETED if saved and status_of_place(rater) == TIMED_OUT else RaterOutcome.NONE
    if rater.gate != RaterGate.OPEN or _holds(rater):
        return RaterOutcome.NONE
    if campaign.attention_limit and screening.attention_failed(rater) >= campaign.attention_limit:
        return RaterOutcome.FAILED_ATTENTION
    if reached_quota(rater, saved):
        return RaterOutcome.COMPLETED
    return _by_work(saved) if recruited and campaign.state == CampaignState.COLLECTING else RaterOutcome.NONE


def _by_work(saved: int) -> RaterOutcome:
    return RaterOutcome.COMPLETED if saved else RaterOutcome.NO_WORK


@transaction.atomic
def stop_waiting(*, rater: Rater) -> Rater:
    """The rater does not wait for a paused campaign to go on, and takes the code for what they have done.

    For those who came by a recruiter, whose time runs. Raises WrongState where there is nothing to wait for.
    """
    row = lock_rater(rater)
    if row.gate == RaterGate.ENDED:
        return row
    if not may_stop_waiting(row):
        raise WrongState(gettext("Your part goes on: this campaign is not paused."))
    return end_rater(rater=row, outcome=_by_work(n_answered(row)))


def may_stop_waiting(rater: Rater) -> bool:
    waits = rater.state == RaterState.ACTIVE and rater.gate != RaterGate.ENDED
    return waits and is_recruited(rater) and rater.campaign.state == CampaignState.PAUSED


def is_recruited(rater: Rater) -> bool:
    """Whether they came by a recruiter, who pays them, and not with a login of their own."""
    return bool(rater.participant.recruiter)


def reached_quota(rater: Rater, saved: int) -> bool:
    return 0 < rater.campaign.max_items <= saved


def may_go_on(rater: Rater) -> bool:
    """Whether a part that ended is not over after all: a member's whose campaign was complete and collects again, or
    whose quota was raised. Who came by a recruiter has been given a code: that stands."""
    if rater.outcome != RaterOutcome.COMPLETED or is_recruited(rater):
        return False
    return rater.campaign.state == CampaignState.COLLECTING and not reached_quota(rater, n_answered(rater))


def _holds(rater: Rater) -> bool:
    return Assignment.objects.filter(rater=rater, state=AssignmentState.HELD).exists()


@transaction.atomic
def give_up_device(*, rater: Rater) -> Rater:
    """The rater has no screen of the width that the campaign asks for; their part ends before it began.

    Raises WrongState where the campaign asks for no width, or something was answered already.
    """
    row = lock_rater(rater)
    if row.state != RaterState.ACTIVE or row.gate == RaterGate.ENDED:
        return row
    if not row.campaign.min_width or Assignment.objects.filter(rater=row, state__in=DONE).exists():
        raise WrongState(gettext("This campaign asks for no other device than yours."))
    return end_rater(rater=row, outcome=RaterOutcome.INCOMPATIBLE_DEVICE)


def may_begin_after_all(rater: Rater) -> bool:
    """Whether a part that the rater ended themselves, by declining or for want of a wide enough screen, can be taken
    up: until their recruiter has taken the place back."""
    by_choice = rater.outcome in REVERSIBLE or consent_state(rater) == GateState.FAILED
    if rater.state != RaterState.ACTIVE or not by_choice:
        return False
    return not rater.visits.filter(status__in=PLACE_GONE).exists()


@transaction.atomic
def take_back_end(*, rater: Rater) -> Rater:
    """The rater has changed their mind: no outcome any more, and the first gate again. Raises WrongState where the
    part is over for good."""
    row = lock_rater(rater)
    if row.gate != RaterGate.ENDED:
        return row
    if not may_begin_after_all(row):
        raise WrongState(gettext("Your part in this campaign is over, so it cannot be taken up again."))
    Rater.objects.filter(pk=row.pk).update(gate=RaterGate.CONSENT, outcome=RaterOutcome.NONE, outcome_at=None)
    row.refresh_from_db(fields=["gate", "outcome", "outcome_at"])
    return row
