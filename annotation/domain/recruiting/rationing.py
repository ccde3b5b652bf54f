"""How often the recruiter is asked about people who come without a signed token: anybody can make up such addresses."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from annotation.domain.recruiting.ids import participant_hash
from annotation.models import LaunchAsked, Recruitment
from studies.clock import from_now

MINUTE = 60  # seconds
PER_PERSON = 5  # questions a minute about one participant: loading a page again, in two tabs
PER_CAMPAIGN = 60  # and about all of a campaign's, so that made-up ids do not use up what the recruiter allows


@transaction.atomic
def take_turn(*, recruitment: Recruitment, participant_id: str) -> bool:
    """Whether the recruiter may be asked about the participant now; if so, that is noted. False notes nothing.

    Known by the keyed hash of their id, never by an address. The recruitment's row is locked for the moment.
    """
    row = Recruitment.objects.select_for_update(no_key=True, of=("self",)).select_related("campaign__study")
    locked = row.get(pk=recruitment.pk)
    who = participant_hash(locked.campaign.study, locked.recruiter, participant_id)
    lately = LaunchAsked.objects.filter(recruitment=locked, asked_at__gt=from_now(-MINUTE))
    if lately.count() >= PER_CAMPAIGN or lately.filter(participant_hash=who).count() >= PER_PERSON:
        return False
    LaunchAsked.objects.create(recruitment=locked, participant_hash=who, asked_at=Now())
    return True
