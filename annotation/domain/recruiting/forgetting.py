"""When everybody is paid, nobody's id at the recruiter is needed any more."""

from __future__ import annotations

from django.db import transaction

from annotation.domain.errors import WrongState
from annotation.enums import ActionState, CampaignState
from annotation.models import Campaign, Participant, Payment, Recruitment
from annotation.recruiters.prolific import ACTIVE, AWAITING, RESERVED
from studies.domain.audit import record_event
from studies.models import User

UNDECIDED = (RESERVED, ACTIVE, AWAITING)


@transaction.atomic
def forget_recruiter_ids(*, recruitment: Recruitment, actor: User) -> int:
    """Erases the encrypted ids of this recruitment's visits and participants, its token and its hook secret; how many
    visits lost theirs. The keyed hashes stay, so that nobody takes part twice.

    A participant's id stays while another recruitment of the study still needs it. Raises WrongState while people can
    come, while something asked of the recruiter is open, and while a submission is known to wait for its review.
    """
    campaign = Campaign.objects.select_for_update(of=("self",)).select_related("study").get(pk=recruitment.campaign_id)
    _check(campaign, recruitment)
    visits = recruitment.visits.filter(id_encrypted__isnull=False)
    forgotten = visits.update(id_encrypted=None)
    needed = Recruitment.objects.exclude(pk=recruitment.pk).filter(visits__id_encrypted__isnull=False)
    here = Participant.objects.filter(raters__visits__recruitment=recruitment)
    here = here.exclude(raters__visits__recruitment__in=needed)
    Participant.objects.filter(pk__in=list(here.values_list("pk", flat=True))).update(recruiter_id_encrypted=None)
    Recruitment.objects.filter(pk=recruitment.pk).update(api_token_encrypted=None, hook_secret_encrypted=None)
    record_event(
        study=campaign.study,
        actor=actor,
        verb="forget_recruiter_ids",
        subject=f"campaign:{campaign.slug}",
        detail={"visits": forgotten},
    )
    return forgotten


def _check(campaign: Campaign, recruitment: Recruitment) -> None:
    if campaign.state == CampaignState.COLLECTING:
        raise WrongState("People can still come: pause or close the campaign first.")
    if Payment.objects.filter(
        visit__recruitment=recruitment, state__in=(ActionState.WAITING, ActionState.SENT)
    ).exists():
        raise WrongState("Something asked of the recruiter is still open: wait until it is done or has failed.")
    waiting = recruitment.visits.filter(status__in=UNDECIDED).count()
    if waiting:
        raise WrongState(
            f"{waiting} submission{'s' if waiting != 1 else ''} may still have to be paid. Decide about them, ask the"
            " recruiter for the present state, and then forget the ids."
        )
