"""What the recruiter says of a visit, and what follows from it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from annotation.domain.gates import open_gates
from annotation.domain.places import place_state
from annotation.domain.recruiting.desk import database_time, open_recruiter, submission_id_of
from annotation.domain.recruiting.ids import visit_hash
from annotation.domain.seats import hand_on_held
from annotation.enums import GateState, RaterGate
from annotation.models import Rater, Recruitment, Visit
from studies.domain.audit import record_event
from studies.models import User


def read_visit(visit: Visit) -> str:
    """Asks the recruiter what became of the visit, and stores it. Raises RecruiterError; not inside a transaction."""
    asked_at = database_time()
    with open_recruiter(visit.recruitment) as recruiter:
        found = recruiter.submission(submission_id_of(visit))
    note_status(visit=visit, status=found.status, asked_at=asked_at)
    return found.status


@transaction.atomic
def note_status(*, visit: Visit, status: str, asked_at: datetime) -> bool:
    """Stores the recruiter's word, unless one that was asked for later stands already; False then.

    Whose place is gone holds nothing any more, it is offered to others, and is given nothing more until they come again
    from the recruiter. Answers stay and count, and what is sent late is taken: nothing of theirs is lost.
    """
    rater = Rater.objects.select_related("participant").select_for_update(of=("self",)).get(pk=visit.rater_id)
    older = Q(status_at__isnull=True) | Q(status_at__lte=asked_at)
    changed = Visit.objects.filter(older, pk=visit.pk).update(status=status, status_at=asked_at)
    if changed and visit.status != status:
        _follow_place(rater)
    if changed:
        visit.status, visit.status_at = status, asked_at
    return bool(changed)


def _follow_place(rater: Rater) -> None:
    """Up to the gate that stands for a place that is gone, and on from it where there is one again."""
    if place_state(rater) == GateState.OPEN:
        hand_on_held(rater.pk)
        open_gates(rater=rater)
    elif rater.gate == RaterGate.PLACE:
        open_gates(rater=rater)


def read_all(recruitment: Recruitment) -> int:
    """Asks for every submission of the study and stores how each visit stands; how many have another status since.

    Raises RecruiterError; not inside a transaction. What was read before an error is kept.
    """
    asked_at, changed = database_time(), 0
    visits = {visit.id_hash: visit for visit in recruitment.visits.all()}
    with open_recruiter(recruitment, patient=False) as recruiter:
        for found in recruiter.submissions(recruitment.study_id):
            visit = visits.get(visit_hash(recruitment, found.id))
            if visit is not None and visit.status != found.status:
                changed += note_status(visit=visit, status=found.status, asked_at=asked_at)
    return changed


def refresh_visits(*, recruitment: Recruitment, actor: User) -> int:
    """``read_all``, as a lead asks for it."""
    changed = read_all(recruitment)
    campaign = recruitment.campaign
    record_event(
        study=campaign.study,
        actor=actor,
        verb="refresh_visits",
        subject=f"campaign:{campaign.slug}",
        detail={"changed": changed},
    )
    return changed
