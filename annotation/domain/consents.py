"""How a rater stands to the study information of their campaign."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from annotation.enums import GateState, RaterGate
from annotation.models import Consent, Rater

DECLINED = gettext_noop(
    "You declined to take part any further, so nothing more is stored. What you submitted before that stands."
)


def consent_state(rater: Rater) -> GateState:
    """PASSED where the campaign has no form, or the rater agreed to its present wording; FAILED where they declined.

    An agreement to an earlier wording does not carry over: the rater is asked again. What was withdrawn is not given.
    """
    form = rater.campaign.consent_form_id
    if form is None:
        return GateState.PASSED
    consent = Consent.objects.filter(rater=rater, form=form).first()
    if consent is None:
        return GateState.OPEN
    return GateState.PASSED if consent.agreed and consent.withdrawn_at is None else GateState.FAILED


def has_declined(rater: Rater) -> bool:
    """Whether the last that the rater said to any wording is no: nothing that they enter after that may be kept.

    No query while they work: who declines is at no other gate than these.
    """
    if rater.gate not in (RaterGate.CONSENT, RaterGate.ENDED):
        return False
    last = Consent.objects.filter(rater=rater).order_by("-answered_at", "-pk").first()
    return last is not None and not last.agreed
