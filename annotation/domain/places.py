"""A recruited rater's place in the recruiter's study, as the recruiter last said: theirs, or gone.

Whoever judges on without it is not paid for it, so nothing more is handed out, and they are told (gates.py).
"""

from __future__ import annotations

from annotation.enums import GateState
from annotation.models import Rater, Visit
from annotation.recruiters.prolific import REJECTED, RETURNED, TIMED_OUT

GONE = (RETURNED, TIMED_OUT, REJECTED)  # the place went to somebody else, and so does what was held


def newest_visit(rater: Rater) -> Visit | None:
    """Whoever comes for a new submission has a new place: what became of the one before says nothing of it."""
    return Visit.objects.filter(rater=rater).order_by("-launched_at", "-pk").first()


def status_of_place(rater: Rater) -> str:
    """The recruiter's word on the newest visit; "" for who came by no recruiter, and before any was heard. Needs the
    participant loaded; no query for members."""
    visit = newest_visit(rater) if rater.participant.recruiter else None
    return visit.status if visit else ""


def place_state(rater: Rater) -> GateState:
    """OPEN where the place is gone: coming again from the recruiter, for a new one, passes it."""
    return GateState.OPEN if status_of_place(rater) in GONE else GateState.PASSED
