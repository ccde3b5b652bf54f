"""How participants and raters come to be."""

from __future__ import annotations

from django.db import transaction

from annotation.domain.cohorts import in_cohort
from annotation.domain.errors import NotAllowed
from annotation.domain.gates import open_gates
from annotation.enums import CampaignState, Origin, RaterGate, RaterState
from annotation.models import Campaign, Participant, Rater
from studies.models import Study, User
from studies.tokens import keyed_token

OPEN_TO_RATERS = (CampaignState.COLLECTING, CampaignState.PAUSED, CampaignState.COMPLETE)


def pseudonym_for(study: Study, *words: str) -> str:
    """A rater's public name: keyed by the study, the same in all its campaigns and in no other study."""
    return keyed_token(bytes(study.pseudonym_key), *words)


@transaction.atomic
def join_campaign(*, user: User, campaign: Campaign) -> Rater:
    """Make the user a rater of the campaign, at the first gate that stands before its work; joining again gives the
    same rater, who may have been let further since.

    Raises NotAllowed where the campaign is not open or for a cohort without the user; where the user was recruited for
    another campaign; where the account's kind is not the campaign's: simulated and human answers never meet in one.
    """
    rater = Rater.objects.filter(campaign=campaign, participant__user=user).first()
    if rater is not None:
        return rater if rater.gate == RaterGate.OPEN else open_gates(rater=rater)
    if campaign.state not in OPEN_TO_RATERS:
        raise NotAllowed("This campaign is not open. Ask its lead when it starts.")
    participant, _ = Participant.objects.get_or_create(
        study=campaign.study,
        user=user,
        defaults={"kind": Origin.HUMAN, "pseudonym": pseudonym_for(campaign.study, "user", str(user.pk))},
    )
    if participant.recruiter:
        raise NotAllowed("You were invited to another part of this study. Use the link that you were given for it.")
    if not in_cohort(campaign, participant):
        raise NotAllowed("This campaign is for people who were chosen for it. Ask its lead if you should be.")
    return open_gates(rater=seat_participant(campaign=campaign, participant=participant))


@transaction.atomic
def enroll_simulated(*, study: Study, user: User) -> Participant:
    """Mark the account as a simulated rater of the study, before it judges anything.

    Raises NotAllowed for an account that already takes part as a human.
    """
    participant, _ = Participant.objects.get_or_create(
        study=study,
        user=user,
        defaults={"kind": Origin.SIMULATED, "pseudonym": pseudonym_for(study, "user", str(user.pk))},
    )
    if participant.kind != Origin.SIMULATED:
        raise NotAllowed(f"{user} already takes part in {study} as a {participant.kind} rater; use a new account.")
    return participant


@transaction.atomic
def import_rater(*, campaign: Campaign, source_id: str, group: str = "") -> Rater:
    """The rater without login behind historic answers; the same source id is one participant in all campaigns."""
    participant, _ = Participant.objects.get_or_create(
        study=campaign.study,
        source_id=source_id,
        defaults={"kind": Origin.IMPORTED, "pseudonym": pseudonym_for(campaign.study, "source", source_id)},
    )
    return seat_participant(campaign=campaign, participant=participant, group=group)


def seat_participant(*, campaign: Campaign, participant: Participant, group: str = "") -> Rater:
    """The participant's one rater in the campaign. Raises NotAllowed where their kinds differ."""
    if participant.kind != campaign.origin:
        raise NotAllowed(
            f"This account takes part as a {participant.kind} rater, and the campaign is for {campaign.origin} raters."
        )
    rater, _ = Rater.objects.get_or_create(
        campaign=campaign, participant=participant, defaults={"kind": participant.kind, "group": group}
    )
    return rater


def may_work(rater: Rater) -> bool:
    """Whether claims may give the rater an item now: of its gate's own role, or work. Needs ``campaign`` loaded."""
    return (
        rater.state == RaterState.ACTIVE
        and rater.campaign.state == CampaignState.COLLECTING
        and rater.gate in RaterGate.with_items()
    )
