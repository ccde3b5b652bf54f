"""What the start page offers for each campaign, in words: the next step of the rater's, or why there is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from annotation.domain.finishing import REVERSIBLE, may_go_on
from annotation.domain.quotas import saved_by
from annotation.domain.screening.states import DONE, RETIRED
from annotation.domain.waiting import why_nothing
from annotation.enums import CampaignState, ItemRole, NothingBecause, RaterGate, RaterOutcome, RaterState
from annotation.models import Assignment, Campaign, Item, QuizQuestion, Rater
from annotation.views.endings import OUTCOMES
from annotation.views.wording import moment_in
from studies.models import User

PRACTICE = (ItemRole.TRAINING, ItemRole.QUALIFICATION)


@dataclass(frozen=True)
class NextStep:
    """``label`` and ``url`` of the one thing to do, "" where there is none; ``said``: what is to be known instead of it
    or beside it. ``further``: what can still be looked at."""

    label: str = ""
    url: str = ""
    said: str = ""
    further: str = ""
    further_url: str = ""


@dataclass(frozen=True)
class Ahead:
    """What a campaign has in front of a rater. ``practice``: items left of each role before the work, of qualification
    those of the present attempt."""

    has_quiz: bool
    last_position: int | None  # of its work items
    practice: dict[ItemRole, int] = field(default_factory=dict)

    def gate_of_newcomer(self, campaign: Campaign) -> RaterGate:
        if campaign.consent_form_id:
            return RaterGate.CONSENT
        if self.has_quiz:
            return RaterGate.QUIZ
        for role, gate in GATES.items():
            if self.practice.get(role):
                return gate
        return RaterGate.OPEN


GATES = {ItemRole.TRAINING: RaterGate.TRAINING, ItemRole.QUALIFICATION: RaterGate.QUALIFICATION}


def steps_ahead(user: User, campaigns: Sequence[Campaign]) -> dict[int, Ahead]:
    """By campaign; as many queries for many as for one."""
    of_campaign = Campaign.objects.filter(pk__in=[campaign.pk for campaign in campaigns])
    work = Item.objects.filter(campaign=OuterRef("pk"), role=ItemRole.WORK).order_by("-position")
    rows = of_campaign.annotate(
        has_quiz=Exists(QuizQuestion.objects.filter(campaign=OuterRef("pk"))),
        last=Subquery(work.values("position")[:1]),
    ).values_list("pk", "has_quiz", "last")
    practice = _practice_left(user, of_campaign)
    return {pk: Ahead(has_quiz, last, practice[pk]) for pk, has_quiz, last in rows}


def _practice_left(user: User, campaigns: QuerySet[Campaign]) -> dict[int, dict[ItemRole, int]]:
    had = Assignment.objects.filter(item=OuterRef("pk"), rater__participant__user=user, state__in=DONE)
    items = Item.objects.filter(campaign__in=campaigns, role__in=PRACTICE, priority__gt=RETIRED).exclude(Exists(had))
    left: dict[int, dict[ItemRole, int]] = defaultdict(dict)
    attempts: dict[tuple[int, ItemRole], int] = {}
    for campaign, named, attempt in items.order_by("attempt").values_list("campaign", "role", "attempt"):
        role = ItemRole(named)
        if attempts.setdefault((campaign, role), attempt) == attempt:
            left[campaign][role] = left[campaign].get(role, 0) + 1
    return left


def next_step(campaign: Campaign, rater: Rater | None, ahead: Ahead) -> NextStep:
    """``rater``: the user's, with its participant; None before they have joined."""
    if rater is not None and rater.state != RaterState.ACTIVE:
        return NextStep(said=gettext("You no longer take part."))
    if rater is not None and rater.gate == RaterGate.ENDED and not may_go_on(rater):
        return _ended(campaign, rater)
    if rater is not None and rater.gate == RaterGate.PLACE:
        return _with_last_page(gettext("Your place at the recruiter is gone."), campaign)
    if campaign.state != CampaignState.COLLECTING:
        return _not_collecting(campaign, rater)
    if rater is not None and (until := _reopens(rater)):
        return NextStep(said=until)
    gate = RaterGate(rater.gate) if rater else ahead.gate_of_newcomer(campaign)
    if gate == RaterGate.CONSENT:
        return NextStep(gettext("Read the information"), _url("begin", campaign))
    if gate == RaterGate.QUIZ:
        return NextStep(gettext("Answer the quiz"), _url("quiz" if rater else "begin", campaign))
    return NextStep(_items_of(gate, campaign, rater, ahead), _url("rate", campaign))


def _items_of(gate: RaterGate, campaign: Campaign, rater: Rater | None, ahead: Ahead) -> str:
    if gate == RaterGate.TRAINING:
        n = max(1, ahead.practice.get(ItemRole.TRAINING, 0))
        return ngettext("Practice: %(n)s item", "Practice: %(n)s items", n) % {"n": n}
    if gate == RaterGate.QUALIFICATION:
        n = max(1, ahead.practice.get(ItemRole.QUALIFICATION, 0))
        return ngettext("First item: %(n)s to do", "First items: %(n)s to do", n) % {"n": n}
    saved = saved_by(rater) if rater else 0
    total = 0 if ahead.last_position is None else ahead.last_position + 1
    total = max(saved + 1, min(total, campaign.max_items) if campaign.max_items else total)
    words = {"number": saved + 1, "total": total}
    if not saved:
        return gettext("Start: item %(number)s of up to %(total)s") % words
    return gettext("Continue: item %(number)s of up to %(total)s") % words


def _ended(campaign: Campaign, rater: Rater) -> NextStep:
    outcome = RaterOutcome(rater.outcome)
    said = str(OUTCOMES[outcome].heading) if outcome in OUTCOMES else gettext("Your part is over.")
    if outcome in REVERSIBLE and campaign.state == CampaignState.COLLECTING:
        again = gettext("Read the information again")
        return NextStep(said=said, further=again, further_url=_url("begin", campaign))
    return _with_last_page(said, campaign)


def _not_collecting(campaign: Campaign, rater: Rater | None) -> NextStep:
    said = {
        CampaignState.PAUSED: gettext("Paused by its lead."),
        CampaignState.CLOSED: gettext("Closed. Thank you."),
    }.get(CampaignState(campaign.state), gettext("Complete. Thank you."))
    return _with_last_page(said, campaign) if rater else NextStep(said=said)


def _reopens(rater: Rater) -> str:
    """When the day's quota ends, for who has reached it; asked only of raters who may have."""
    if not 0 < rater.campaign.max_items_day <= rater.n_day:
        return ""
    nothing = why_nothing(rater)
    if nothing.because != NothingBecause.DAY or nothing.until is None:
        return ""
    words = {"when": moment_in(nothing.until, rater.campaign.time_zone)}
    return gettext("That is all for today. It goes on from %(when)s.") % words


def _with_last_page(said: str, campaign: Campaign) -> NextStep:
    """Where a code stands, the last question, or what there is to wait for."""
    return NextStep(said=said, further=gettext("Its last page"), further_url=_url("rate", campaign))


def _url(name: str, campaign: Campaign) -> str:
    return reverse(f"annotation:{name}", args=[campaign.public_id])
