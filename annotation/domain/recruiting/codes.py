"""The code that a rater takes back to the recruiter: shown exactly when the outcome that it stands for is stored."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from annotation.enums import RaterOutcome
from annotation.models import CompletionCode, Rater, Recruitment, Visit
from annotation.recruiters.prolific import completion_address


def code_for(rater: Rater) -> CompletionCode | None:
    """The code of the outcome that the database holds; None while the part has not ended, for a rater who did not come
    by the recruiter, and where the lead gave no code for this outcome.

    Not to be called inside a transaction (RuntimeError): what is not committed yet is no reason to hand out a code.
    """
    participant = rater.participant
    recruitment = Recruitment.objects.filter(campaign_id=rater.campaign_id, recruiter=participant.recruiter).first()
    if recruitment is None:
        return None
    with transaction.atomic(durable=True):
        outcome = Rater.objects.values_list("outcome", flat=True).get(pk=rater.pk)
    return recruitment.codes.filter(outcome=outcome).exclude(outcome=RaterOutcome.NONE).first()


def completion_url(code: CompletionCode) -> str:
    """Where the recruiter takes the code by itself."""
    return completion_address(code.code)


def note_code_shown(*, rater: Rater) -> None:
    """Dates the first time that the rater was shown a code, at their newest visit; repeating it changes nothing."""
    newest = Visit.objects.filter(rater=rater).order_by("-launched_at", "-pk").values("pk")[:1]
    Visit.objects.filter(pk__in=list(newest.values_list("pk", flat=True)), code_shown_at__isnull=True).update(
        code_shown_at=Now()
    )
