"""For scripts of leads and researchers: where campaigns are, and start and pause. Rating has pages and no API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.paging import Pages
from annotation.api.serializers import CampaignSerializer, ProblemSerializer, StudySerializer
from annotation.domain.campaigns import pause_campaign, start_campaign
from annotation.domain.progress import progress_for
from annotation.models import Campaign
from annotation.permissions import campaign_for
from studies.http import actor_of
from studies.models import Study
from studies.permissions import LEADS, LOOKS, studies_of, study_for


class Studies(ListAPIView[Study]):
    """The studies that you lead or do research in."""

    serializer_class = StudySerializer
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[Study]:
        return studies_of(self.request.user, *LOOKS)


class Campaigns(ListAPIView[Campaign]):
    """The campaigns of a study, with how far they are."""

    serializer_class = CampaignSerializer
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[Campaign]:
        return study_for(self.request.user, self.kwargs["study"], *LOOKS).campaigns.order_by("created_at", "pk")

    def paginate_queryset(self, queryset: Any) -> list[Campaign] | None:  # type: ignore[override]  # stubs' own variable
        return with_progress(super().paginate_queryset(queryset) or [])


class OneCampaign(GenericAPIView[Campaign]):
    """One campaign, with how far it is."""

    serializer_class = CampaignSerializer

    def get(self, request: Request, study: str, campaign: str) -> Response:
        return _shown(campaign_for(request.user, study, campaign, *LOOKS))


class StartCampaign(GenericAPIView[Campaign]):
    """Raters get items from now on. For leads; starting twice changes nothing."""

    serializer_class = CampaignSerializer

    @extend_schema(request=None, responses={200: CampaignSerializer, 409: ProblemSerializer})
    def post(self, request: Request, study: str, campaign: str) -> Response:
        found = campaign_for(request.user, study, campaign, *LEADS)
        return _shown(start_campaign(campaign=found, actor=actor_of(request)))


class PauseCampaign(GenericAPIView[Campaign]):
    """Nobody gets a new item; what is held may still be submitted. For leads; pausing twice changes nothing."""

    serializer_class = CampaignSerializer

    @extend_schema(request=None, responses={200: CampaignSerializer, 409: ProblemSerializer})
    def post(self, request: Request, study: str, campaign: str) -> Response:
        found = campaign_for(request.user, study, campaign, *LEADS)
        return _shown(pause_campaign(campaign=found, actor=actor_of(request)))


def with_progress(campaigns: list[Campaign]) -> list[Campaign]:
    """The campaigns, each with its ``progress``, all in the same few queries."""
    progress = progress_for(campaigns)
    for campaign in campaigns:
        campaign.progress = progress[campaign.pk]  # type: ignore[attr-defined]  # read by the serializer only
    return campaigns


def _shown(campaign: Campaign) -> Response:
    return Response(CampaignSerializer(with_progress([campaign])[0]).data)
