"""What stands on the page of a recruitment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from annotation.domain.recruiting.overview import (
    funnel_of,
    is_late,
    minutes_of,
    other_ends,
    usual_minutes,
    visits_of,
)
from annotation.domain.recruiting.payments import approvable, why_not_approvable
from annotation.domain.recruiting.setup import OUTCOMES
from annotation.enums import ActionState, RaterGate, RaterOutcome, RecruiterAction
from annotation.models import Campaign, Payment, Recruitment, Visit
from annotation.recruiters.launch_tokens import PID, SESSION, STUDY
from annotation.views.recruitment_form import RecruitmentForm
from studies.permissions import LEADS, may

PER_PAGE = 50
QUERY = "&".join(f"{name}={{{{%{name}%}}}}" for name in (PID, STUDY, SESSION))


@dataclass(frozen=True)
class CodeAdvice:
    """How a code is entered at Prolific."""

    code_type: str
    action: str
    note: str


ADVICE = {
    RaterOutcome.COMPLETED: CodeAdvice("COMPLETED", "AUTOMATICALLY_APPROVE", "Or review by hand, and approve here."),
    RaterOutcome.SCREENED_OUT: CodeAdvice(
        "FIXED_SCREENOUT",
        "FIXED_SCREEN_OUT_PAYMENT",
        "Only for a screening at the very start, paid for its time; after longer training rather review and pay.",
    ),
    RaterOutcome.NO_CONSENT: CodeAdvice("NO_CONSENT", "REQUEST_RETURN", "Nobody is paid or blamed for declining."),
    RaterOutcome.FAILED_ATTENTION: CodeAdvice(
        "FAILED_ATTENTION_CHECK",
        "MANUALLY_REVIEW",
        "Reject only after two failed checks (one in a study under five minutes).",
    ),
    RaterOutcome.INCOMPATIBLE_DEVICE: CodeAdvice(
        "INCOMPATIBLE_DEVICE", "REQUEST_RETURN", "They may come back by another."
    ),
    RaterOutcome.NO_WORK: CodeAdvice("OTHER", "MANUALLY_REVIEW", "They came for nothing: pay them for coming."),
}  # fmt: skip


@dataclass(frozen=True)
class VisitRow:
    visit: Visit
    minutes: int
    estimate: int | None
    late: bool
    payments: Sequence[Payment]

    @property
    def over(self) -> bool:
        return self.estimate is not None and self.minutes > self.estimate

    @property
    def standing(self) -> str:
        """How far the rater is, in our words."""
        rater = self.visit.rater
        if rater.outcome:
            return RaterOutcome(rater.outcome).label
        return RaterGate(rater.gate).label if rater.state == "active" else rater.get_state_display()

    @property
    def can_be_asked(self) -> bool:
        return self.visit.id_encrypted is not None and self.visit.recruitment.api_token_encrypted is not None


@dataclass(frozen=True)
class CodeRow:
    outcome: RaterOutcome
    code: str
    advice: CodeAdvice


def recruitment_page(
    request: HttpRequest, campaign: Campaign, *, form: RecruitmentForm | None = None, status: int = 200
) -> HttpResponse:
    row = (
        Recruitment.objects.select_related("campaign__study", "campaign__consent_form")
        .filter(campaign=campaign)
        .first()
    )
    may_lead = may(request.user, campaign.study, *LEADS)
    context: dict[str, Any] = {
        "campaign": campaign,
        "study": campaign.study,
        "recruitment": row,
        "may_lead": may_lead,
        "form": form or RecruitmentForm.of(row),
        "advice": ADVICE,
    }
    if row is not None:
        context |= _people(request, row) | _at_prolific(request, row)
    return render(request, "annotation/recruitment.html", context, status=status)


def approvals_page(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """One look before all that are complete are approved: them, and the others with what keeps each from it."""
    row = get_object_or_404(Recruitment.objects.select_related("campaign__study"), campaign=campaign)
    visits, now = list(visits_of(row)), timezone.now()
    ready = set(approvable(row).values_list("pk", flat=True))
    context = {
        "study": campaign.study,
        "campaign": campaign,
        "approved": [(visit, minutes_of(visit, now), is_late(visit)) for visit in visits if visit.pk in ready],
        "others": [(visit, why_not_approvable(visit)) for visit in visits if visit.pk not in ready],
    }
    return render(request, "annotation/approvals.html", context)


def _people(request: HttpRequest, recruitment: Recruitment) -> dict[str, Any]:
    consent, now = recruitment.campaign.consent_form, timezone.now()
    estimate = consent.minutes if consent else None
    visits = Paginator(visits_of(recruitment), PER_PAGE).get_page(request.GET.get("page"))
    usual = usual_minutes(recruitment)
    return {
        "visits": visits,
        "rows": [
            VisitRow(visit, minutes_of(visit, now), estimate, is_late(visit), list(visit.payments.all()))
            for visit in visits
        ],
        "funnel": funnel_of(recruitment),
        "other_ends": other_ends(recruitment),
        "estimate": estimate,
        "usual": None if usual is None else round(usual),
        "n_approvable": approvable(recruitment).count(),
        "actions": RecruiterAction.choices,
        "n_open": _open_payments(recruitment),
    }


def _open_payments(recruitment: Recruitment) -> int:
    open_ones = Payment.objects.filter(
        visit__recruitment=recruitment, state__in=(ActionState.WAITING, ActionState.SENT)
    )
    return open_ones.count()


def _at_prolific(request: HttpRequest, recruitment: Recruitment) -> dict[str, Any]:
    """What the lead enters at Prolific."""
    stored = dict(recruitment.codes.values_list("outcome", "code"))
    launch = request.build_absolute_uri(reverse("annotation:launch", args=[recruitment.public_id]))
    rows = [CodeRow(outcome, stored.get(outcome, ""), ADVICE[outcome]) for outcome in OUTCOMES]
    return {
        "study_url": f"{launch}?{QUERY}",
        "hook_url": request.build_absolute_uri(reverse("annotation:hook", args=[recruitment.public_id])),
        "is_secure": request.is_secure(),
        "code_rows": rows,
        "missing_codes": [row.outcome.label for row in rows if not row.code],
        "study_fields": json.dumps(_study_fields(f"{launch}?{QUERY}", rows), indent=2),
    }


def _study_fields(study_url: str, rows: Sequence[CodeRow]) -> dict[str, object]:
    """The fields of Prolific's study object that are ours to say."""
    return {
        "external_study_url": study_url,
        "prolific_id_option": "url_parameters",
        "is_external_study_url_secure": True,
        "completion_codes": [
            {
                "code": row.code,
                "code_type": row.advice.code_type,
                "actor": "participant",
                "actions": [{"action": row.advice.action}],
            }
            for row in rows
            if row.code
        ],
    }
