"""A campaign's life: draft, collecting, paused, complete, closed."""

from __future__ import annotations

from typing import NamedTuple

from django.db import transaction

from annotation.domain.errors import WrongState
from annotation.enums import CampaignState, ItemRole
from annotation.models import Campaign
from studies.domain.audit import record_event
from studies.models import User


class Step(NamedTuple):
    verb: str
    word: str  # as in "cannot be started"
    target: CampaignState
    sources: tuple[CampaignState, ...]


START = Step(
    "start_campaign",
    "started",
    CampaignState.COLLECTING,
    (CampaignState.DRAFT, CampaignState.PAUSED, CampaignState.COMPLETE),
)
PAUSE = Step("pause_campaign", "paused", CampaignState.PAUSED, (CampaignState.COLLECTING,))
CLOSE = Step(
    "close_campaign",
    "closed",
    CampaignState.CLOSED,
    (CampaignState.COLLECTING, CampaignState.PAUSED, CampaignState.COMPLETE),
)

REMEDIES = {
    CampaignState.DRAFT: "It has not been started yet: start it first.",
    CampaignState.COLLECTING: "It is collecting already.",
    CampaignState.PAUSED: "It is paused already.",
    CampaignState.COMPLETE: "Every question has all the judgments it wants: nothing is left to ask.",
    CampaignState.CLOSED: "It is closed for good; build a new campaign to ask again.",
}


def start_campaign(*, campaign: Campaign, actor: User | None) -> Campaign:
    """Raters get items from now on. From draft, paused, or complete when a seat has become free again since.

    Starting what collects already changes nothing. Raises WrongState from any other state and for a campaign without
    items.
    """
    return _take(START, campaign, actor)


def pause_campaign(*, campaign: Campaign, actor: User | None) -> Campaign:
    """Nobody gets a new item; whoever holds one may still submit it. From collecting only.

    Pausing twice changes nothing; any other state raises WrongState.
    """
    return _take(PAUSE, campaign, actor)


def close_campaign(*, campaign: Campaign, actor: User | None) -> Campaign:
    """Collecting is over for good. From collecting, paused or complete; closing twice changes nothing.

    Raises WrongState for a draft.
    """
    return _take(CLOSE, campaign, actor)


def may_take(step: Step, campaign: Campaign) -> bool:
    """Whether the campaign's state leads there: for the buttons a page offers. The step itself looks closer."""
    return campaign.state in step.sources


def _take(step: Step, campaign: Campaign, actor: User | None) -> Campaign:
    with transaction.atomic():
        locked = Campaign.objects.select_for_update(of=("self",)).select_related("study").get(pk=campaign.pk)
        if locked.state == step.target:
            return locked
        _check(step, locked)
        before, locked.state = locked.state, step.target
        locked.save(update_fields=["state"])
        record_event(
            study=locked.study,
            actor=actor,
            verb=step.verb,
            subject=f"campaign:{locked.slug}",
            detail={"before": before, "after": step.target},
        )
    return locked


def _check(step: Step, campaign: Campaign) -> None:
    work = campaign.items.filter(role=ItemRole.WORK)
    reopened = campaign.state == CampaignState.COMPLETE and work.filter(open_seats__gt=0).exists()
    if campaign.state not in step.sources or (
        step is START and campaign.state == CampaignState.COMPLETE and not reopened
    ):
        raise WrongState(f"“{campaign.title}” cannot be {step.word}. {REMEDIES[CampaignState(campaign.state)]}")
    if step is START and not work.exists():
        raise WrongState(f"“{campaign.title}” cannot be started: it has no items. Build its items first.")
