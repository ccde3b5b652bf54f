"""How a rater stands to the study information of their campaign."""

from __future__ import annotations

from annotation.enums import GateState
from annotation.models import Consent, Rater


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
