"""Who may take part in a campaign that is for a cohort only, for instance those who passed a pilot."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from annotation.domain.errors import AnnotationError
from annotation.domain.seats import hand_on_held
from annotation.enums import AssignmentState, ItemRole, RaterOutcome, RaterState
from annotation.models import Assignment, Campaign, CohortMember, Participant, Rater
from studies.domain.audit import record_event
from studies.models import User

FAILED = (RaterOutcome.SCREENED_OUT, RaterOutcome.FAILED_ATTENTION, RaterOutcome.NO_CONSENT)


@transaction.atomic
def set_cohort(*, campaign: Campaign, participants: Iterable[Participant], actor: User) -> int:
    """These participants and nobody else are the campaign's cohort; gives how many they are.

    It says who may take part only while the campaign is ``cohort_only``: whoever is then taken out gets no further
    item, and what they hold goes to others at once, as after a lease that ended: drafts stay, and a late answer is
    taken. Raises AnnotationError for participants of another study or kind.
    """
    wanted = {participant.pk: participant for participant in participants}
    lock_raters(campaign)
    campaign = Campaign.objects.select_related("study").get(pk=campaign.pk)
    for participant in wanted.values():
        _check(campaign, participant)
    if campaign.cohort_only:
        hand_on_of_others(campaign, wanted)
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    members = CohortMember.objects.filter(campaign=campaign)
    present = set(members.values_list("participant_id", flat=True))
    members.exclude(participant__in=wanted).delete()
    CohortMember.objects.bulk_create(
        CohortMember(campaign=campaign, participant_id=pk) for pk in sorted(wanted.keys() - present)
    )
    if present != wanted.keys():
        record_event(
            study=campaign.study,
            actor=actor,
            verb="set_cohort",
            subject=f"campaign:{campaign.slug}",
            detail={"before": len(present), "after": len(wanted), "new": len(wanted.keys() - present)},
        )
    return len(wanted)


def lock_raters(campaign: Campaign) -> None:
    """Raters, then items, then the campaign, as all who lock more than one (seats.py); claims wait for the moment."""
    list(Rater.objects.select_for_update().filter(campaign=campaign).order_by("pk").values_list("pk"))


def at_work_besides(campaign: Campaign, participants: Collection[int]) -> QuerySet[Rater]:
    """Raters who hold an item now and are none of these."""
    held = Assignment.objects.filter(rater=OuterRef("pk"), state=AssignmentState.HELD)
    return Rater.objects.filter(Exists(held), campaign=campaign).exclude(participant__in=participants).order_by("pk")


def hand_on_of_others(campaign: Campaign, participants: Collection[int]) -> None:
    """What raters hold who are none of these goes to others. All raters' rows must be locked, the campaign's not."""
    for rater in list(at_work_besides(campaign, participants).values_list("pk", flat=True)):
        hand_on_held(rater)


def _check(campaign: Campaign, participant: Participant) -> None:
    if participant.study_id != campaign.study_id:
        raise AnnotationError(f"{participant} takes part in another study; name participants of this one.")
    if participant.kind != campaign.origin:
        raise AnnotationError(
            f"{participant} is a {participant.kind} participant, and the campaign is for {campaign.origin} raters."
        )


def passed_in(campaign: Campaign) -> QuerySet[Participant]:
    """Participants whose part in the campaign was sound: in it still, work submitted, no check or gate failed."""
    answered = Assignment.objects.filter(
        rater=OuterRef("pk"),
        item__role=ItemRole.WORK,
        state__in=(AssignmentState.SUBMITTED, AssignmentState.SURPLUS),
    )
    raters = Rater.objects.filter(Exists(answered), campaign=campaign, state=RaterState.ACTIVE)
    return Participant.objects.filter(raters__in=raters.exclude(outcome__in=FAILED)).order_by("pk")


def in_cohort(campaign: Campaign, participant: Participant) -> bool:
    """Whether the participant may take part as far as the cohort goes."""
    return not campaign.cohort_only or campaign.cohort.filter(participant=participant).exists()
