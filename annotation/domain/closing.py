"""The last question of a preference campaign: whether the rater could tell which response was personalized."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext

from annotation.domain.consents import consent_state
from annotation.domain.errors import AnnotationError, NotAllowed, SubmissionConflict
from annotation.domain.finishing import lock_rater, n_answered
from annotation.enums import CouldTell, GateState, RaterOutcome, RaterState
from annotation.models import Closing, Rater
from pipeline.enums import InstrumentName

LONGEST_HOW = 4000  # characters


def asks_closing(rater: Rater) -> bool:
    """Whether the question may be put to the rater. Only when their part is completed: it tells that one of the two
    responses was personalized, which nobody is to know who judges on."""
    campaign = rater.campaign
    asked = campaign.instrument == InstrumentName.PREFERENCE and campaign.asks_could_tell
    over = rater.state == RaterState.ACTIVE and rater.outcome == RaterOutcome.COMPLETED
    return asked and over and consent_state(rater) != GateState.FAILED and n_answered(rater) > 0


@transaction.atomic
def answer_closing(*, rater: Rater, could_tell: str, how: str = "") -> Closing:
    """Store the rater's answer, once: the same again changes nothing. ``how`` is in the rater's words; it may be empty.

    Raises NotAllowed where the question is not put to them, AnnotationError for what is no answer, SubmissionConflict
    where another one stands.
    """
    row = lock_rater(rater)
    if not asks_closing(row):
        raise NotAllowed(gettext("This question is not put to you now."))
    how = _checked(could_tell, how)
    given = Closing.objects.filter(rater=row).first()
    if given is None:
        return Closing.objects.create(rater=row, could_tell=could_tell, how=how, made_at=Now())
    if (given.could_tell, given.how) != (could_tell, how):
        raise SubmissionConflict(gettext("You answered this question already; what you said first stands."))
    return given


def _checked(could_tell: str, how: str) -> str:
    """``how`` as it is stored."""
    if could_tell not in CouldTell.values:
        raise AnnotationError(gettext("Please choose one of the four answers."))
    how = "\n".join(how.replace("\x00", "").strip().splitlines())
    if len(how) > LONGEST_HOW:
        words = {"most": LONGEST_HOW, "length": len(how)}
        raise AnnotationError(gettext("At most %(most)s characters, please, not %(length)s.") % words)
    return how
