"""What a lead looks at: how far people came, and each visit with what was asked of the recruiter for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from annotation.enums import AssignmentState, ItemRole, RaterGate, RaterOutcome
from annotation.models import Assignment, Campaign, Consent, Payment, QuizAttempt, Rater, Recruitment, Visit
from annotation.recruiters.prolific import TIMED_OUT

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

WORK = (ItemRole.WORK, *ItemRole.mixed_in())
ANSWERED = (AssignmentState.SUBMITTED, AssignmentState.SURPLUS, AssignmentState.WITHDRAWN)


@dataclass(frozen=True)
class Stage:
    """So many people came this far; ``share`` is in percent of those who came at all."""

    label: str
    people: int
    share: int


def funnel_of(recruitment: Recruitment) -> list[Stage]:
    """How far those came who were launched; only the stages that the campaign has. Empty where nobody came."""
    raters = list(_recruited(recruitment))
    if not raters:
        return []
    campaign = recruitment.campaign
    counted = [(label, sum(bool(getattr(rater, name)) for rater in raters)) for label, name in _stages(campaign)]
    everybody = [("Came", len(raters)), *counted]
    return [Stage(label, number, round(100 * number / len(raters))) for label, number in everybody]


def _stages(campaign: Campaign) -> list[tuple[str, str]]:
    """Label and annotation of each stage that the campaign has, in their order."""
    roles = set(campaign.items.order_by().values_list("role", flat=True).distinct())
    every = [
        ("Agreed", "has_agreed", campaign.consent_form_id is not None),
        ("Passed the quiz", "has_passed", campaign.quiz_questions.exists()),
        ("Did the training", "has_trained", ItemRole.TRAINING in roles),
        ("Reached the work", "is_at_work", True),
        ("Submitted work", "has_worked", True),
        ("Completed", "has_completed", True),
    ]
    return [(label, name) for label, name, there in every if there]


def _recruited(recruitment: Recruitment) -> QuerySet[WithAnnotations[Rater]]:
    own = {"rater": OuterRef("pk")}
    answered = Assignment.objects.filter(**own, state__in=ANSWERED)
    at_work = Exists(Assignment.objects.filter(**own, item__role__in=WORK))
    return Rater.objects.filter(Exists(Visit.objects.filter(**own, recruitment=recruitment))).annotate(
        has_agreed=Exists(Consent.objects.filter(**own, agreed=True)),
        has_passed=Exists(QuizAttempt.objects.filter(**own, passed=True)),
        has_trained=Exists(answered.filter(item__role=ItemRole.TRAINING)),
        is_at_work=at_work | Q(gate=RaterGate.OPEN),
        has_worked=Exists(answered.filter(item__role__in=WORK)),
        has_completed=Q(outcome=RaterOutcome.COMPLETED),
    )


def visits_of(recruitment: Recruitment) -> QuerySet[Visit]:
    """Newest first, with raters, participants and payments."""
    payments = Prefetch("payments", Payment.objects.order_by("pk"))
    related = recruitment.visits.select_related("rater__participant", "rater__campaign", "recruitment")
    return related.prefetch_related(payments).order_by("-launched_at", "-pk")


def minutes_of(visit: Visit, now: datetime) -> int:
    """Whole minutes from the launch to the end of the part, or until now while it goes on."""
    end = visit.rater.outcome_at or now
    return max(0, round((end - visit.launched_at).total_seconds() / 60))


def is_late(visit: Visit) -> bool:
    """The recruiter gave the place to somebody else for want of time, and the rater finished all the same: to be paid
    by hand."""
    return visit.status == TIMED_OUT and visit.rater.outcome == RaterOutcome.COMPLETED


def usual_minutes(recruitment: Recruitment) -> float | None:
    """Median of those who completed; None where nobody has."""
    completed = recruitment.visits.filter(rater__outcome=RaterOutcome.COMPLETED)
    ends = completed.values_list("launched_at", "rater__outcome_at")
    minutes = [(end - start).total_seconds() / 60 for start, end in ends if end is not None]
    return median(minutes) if minutes else None


def other_ends(recruitment: Recruitment) -> list[tuple[str, int]]:
    """How many parts ended otherwise than complete, by outcome."""
    raters = Rater.objects.filter(Exists(recruitment.visits.filter(rater=OuterRef("pk"))))
    numbers = {
        outcome: raters.filter(outcome=outcome).count()
        for outcome in RaterOutcome
        if outcome not in (RaterOutcome.NONE, RaterOutcome.COMPLETED)
    }
    return [(outcome.label, number) for outcome, number in numbers.items() if number]
