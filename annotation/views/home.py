"""The start page: what there is to judge, and for those who look after studies, where they are."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotation.domain.rendering import rendered_html
from annotation.enums import CampaignState, Origin, RaterState
from annotation.instruments import INSTRUMENTS
from annotation.models import Assignment, Rater
from annotation.permissions import campaigns_of
from annotation.views.next_steps import NextStep, next_step, steps_ahead
from annotation.views.rating_page import DONE, mark_of
from studies.http import actor_of
from studies.models import User
from studies.permissions import LOOKS, RATES, studies_of

SHOWN = (CampaignState.COLLECTING, CampaignState.PAUSED, CampaignState.COMPLETE)


@dataclass(frozen=True)
class CampaignRow:
    public_id: str
    study: str
    title: str
    question: str
    guideline: str
    mark: str
    saved: int
    step: NextStep
    rater: str  # the state of the rater that the user is in it; "" for who has not joined

    @property
    def joined(self) -> bool:
        return bool(self.rater)

    @property
    def has_receipt(self) -> bool:
        return self.rater == RaterState.WITHDRAWN


@never_cache
@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    context = {"campaigns": _rows(actor), "studies": studies_of(actor, *LOOKS)}
    return render(request, "annotation/home.html", context)


def _rows(user: User) -> list[CampaignRow]:
    mine = Assignment.objects.filter(rater__participant__user=user, state__in=DONE)
    saved = dict(mine.values_list("campaign").annotate(n=Count("pk")).order_by())
    own = Rater.objects.filter(participant__user=user).select_related("campaign", "participant")
    raters = {rater.campaign_id: rater for rater in own}
    # Who took part can leave at any time, and finds where to.
    there = Q(state__in=SHOWN) | Q(state=CampaignState.CLOSED, pk__in=raters)
    shown = campaigns_of(user, *RATES).filter(there).exclude(origin=Origin.IMPORTED)
    campaigns = list(shown.select_related("study", "guideline").order_by("study__title", "created_at"))
    guidelines = rendered_html(campaign.guideline.text for campaign in campaigns)
    ahead = steps_ahead(user, campaigns)
    return [
        CampaignRow(
            public_id=campaign.public_id,
            study=campaign.study.title,
            title=campaign.title,
            question=gettext(INSTRUMENTS[campaign.instrument].question),
            guideline=guidelines[campaign.guideline.text],
            mark=mark_of(campaign),
            saved=saved.get(campaign.pk, 0),
            step=next_step(campaign, (rater := raters.get(campaign.pk)), ahead[campaign.pk]),
            rater=rater.state if rater else "",
        )
        for campaign in campaigns
    ]
