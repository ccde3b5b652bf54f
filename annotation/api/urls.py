from __future__ import annotations

from django.urls import path
from django.views.decorators.cache import never_cache
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated

from annotation.api import views

app_name = "api"
urlpatterns = [
    path("schema/", never_cache(SpectacularAPIView.as_view(permission_classes=[IsAuthenticated])), name="schema"),
    path("studies/", never_cache(views.Studies.as_view()), name="studies"),
    path("studies/<slug:study>/campaigns/", never_cache(views.Campaigns.as_view()), name="campaigns"),
    path("studies/<slug:study>/campaigns/<slug:campaign>/", never_cache(views.OneCampaign.as_view()), name="campaign"),
    path(
        "studies/<slug:study>/campaigns/<slug:campaign>/start/",
        never_cache(views.StartCampaign.as_view()),
        name="start-campaign",
    ),
    path(
        "studies/<slug:study>/campaigns/<slug:campaign>/pause/",
        never_cache(views.PauseCampaign.as_view()),
        name="pause-campaign",
    ),
    path("studies/<slug:study>/releases/", never_cache(views.Releases.as_view()), name="releases"),
]
