"""What the recruiter says of a visit, and what follows from it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from annotation.domain.recruiting.desk import database_time, open_recruiter, submission_id_of
from annotation.domain.recruiting.ids import visit_hash
from annotation.domain.seats import end_assignment, lock_item
from annotation.enums import AssignmentState
from annotation.models import Assignment, Rater, Recruitment, Visit
from annotation.recruiters.prolific import REJECTED, RETURNED, TIMED_OUT
from studies.domain.audit import record_event
from studies.models import User

GONE = (RETURNED, TIMED_OUT, REJECTED)  # the place went to somebody else, and so does what was held


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

    Whose place is gone holds nothing any more: it is offered to others. Answers stay and count, and whoever goes on
    late finds what is still free: nothing of theirs is lost.
    """
    Rater.objects.select_for_update(of=("self",)).get(pk=visit.rater_id)
    older = Q(status_at__isnull=True) | Q(status_at__lte=asked_at)
    changed = Visit.objects.filter(older, pk=visit.pk).update(status=status, status_at=asked_at)
    if changed and status in GONE and visit.status != status:
        hand_on_held(visit.rater_id)
    if changed:
        visit.status, visit.status_at = status, asked_at
    return bool(changed)


def hand_on_held(rater_id: int) -> int:
    """What the rater holds goes to others, as after a lease that ended. The rater's row must be locked."""
    held = Assignment.objects.filter(rater_id=rater_id, state=AssignmentState.HELD).order_by("item_id")
    rows = list(held.values_list("pk", "item_id"))
    for assignment_id, item_id in rows:
        item = lock_item(item_id)
        assignment = Assignment.objects.select_for_update(of=("self",)).get(pk=assignment_id)
        if assignment.state == AssignmentState.HELD:
            assignment.item = item
            end_assignment(assignment, AssignmentState.EXPIRED)
    return len(rows)


def refresh_visits(*, recruitment: Recruitment, actor: User) -> int:
    """Asks the recruiter for every submission of the study; how many visits have another status since.

    Raises RecruiterError; not inside a transaction. What was read before an error is kept.
    """
    asked_at, changed = database_time(), 0
    visits = {visit.id_hash: visit for visit in recruitment.visits.all()}
    with open_recruiter(recruitment, patient=False) as recruiter:
        for found in recruiter.submissions(recruitment.study_id):
            visit = visits.get(visit_hash(recruitment, found.id))
            if visit is not None and visit.status != found.status:
                changed += note_status(visit=visit, status=found.status, asked_at=asked_at)
    campaign = recruitment.campaign
    record_event(
        study=campaign.study,
        actor=actor,
        verb="refresh_visits",
        subject=f"campaign:{campaign.slug}",
        detail={"changed": changed},
    )
    return changed
