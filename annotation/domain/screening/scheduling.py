"""When the next gold or attention item comes: one in ``check_every``, at places that nobody can foretell."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Count, Q

from annotation.domain.screening.states import active_checks
from annotation.domain.seeding import lot
from annotation.enums import AssignmentState, ItemRole, RaterGate, RaterState
from annotation.models import Campaign, Rater

UNDISTURBED = 2  # the first items of the work are work
SAVED = (AssignmentState.SUBMITTED, AssignmentState.SURPLUS)


def first_check(rater: Rater) -> int | None:
    """After how many items of the work the first gold or attention item comes; None where there are none."""
    if rater.campaign.check_every == 0 or not active_checks(rater.campaign, *ItemRole.mixed_in()).exists():
        return None
    return max(UNDISTURBED, gap(rater, 0) - 1)


def gap(rater: Rater, saved: int) -> int:
    """From one check to the next: ``check_every`` on average, as far off it as keeps two from meeting.

    hand_in.sql draws the same.
    """
    every = rater.campaign.check_every
    jitter = max(0, min(every // 2, every - 2))
    return every - jitter + lot(rater.campaign.seed, "check", rater.pk, saved) % (2 * jitter + 1)


@transaction.atomic
def schedule_checks(*, campaign: Campaign) -> int:
    """Note a next check for everybody at work who has none, and take it from all where there is none any more.

    To be called where check items come, or ``check_every`` changes. Gives how many raters wait for one now.
    """
    campaign.refresh_from_db(fields=["check_every"])
    at_work = Rater.objects.filter(campaign=campaign, state=RaterState.ACTIVE, gate=RaterGate.OPEN)
    if not campaign.check_every or not active_checks(campaign, *ItemRole.mixed_in()).exists():
        at_work.update(next_check=None)
        return 0
    given = Count("assignments", filter=Q(assignments__state__in=(*SAVED, AssignmentState.HELD)))
    waiting = list(at_work.filter(next_check__isnull=True).annotate(n_had=given).select_related("campaign"))
    for rater in waiting:
        # What is held counts: it may be a check, and the next item is to be work.
        had = rater.n_had - rater.n_before
        rater.next_check = max(UNDISTURBED, had + gap(rater, had) - 1)
    Rater.objects.bulk_update(waiting, ["next_check"])
    return at_work.filter(next_check__isnull=False).count()
