"""What somebody holds and does not do, given to those who would."""

from __future__ import annotations

from django.db import transaction

from annotation.domain.seats import hand_on_held, lock_rater
from annotation.domain.withdrawing import audit_subject
from annotation.models import Rater
from studies.domain.audit import record_event
from studies.models import User


@transaction.atomic
def hand_on(*, rater: Rater, actor: User) -> int:
    """What the rater holds is open to others now, as after a lease that ended; gives how many items these are.

    Drafts stay: who comes back before somebody else took the seat goes on where they were, and a late answer is taken.
    Who holds nothing is left as they are, without a line in the audit trail.
    """
    lock_rater(rater.pk)
    number = hand_on_held(rater.pk)
    if number:
        subject = audit_subject(rater.participant.pseudonym, rater.campaign.slug)
        record_event(study=rater.campaign.study, actor=actor, verb="hand_on", subject=subject, detail={"items": number})
    return number
