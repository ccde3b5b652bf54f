from __future__ import annotations

from django.urls import path
from django.views.decorators.cache import never_cache
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated

from annotation.api import releases, runs, views

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
    path("studies/<slug:study>/runs/", never_cache(runs.Runs.as_view()), name="runs"),
    path("studies/<slug:study>/runs/<str:run>/", never_cache(runs.OneRun.as_view()), name="run"),
    path("studies/<slug:study>/runs/<str:run>/resume/", never_cache(runs.ResumeRun.as_view()), name="resume-run"),
    path("studies/<slug:study>/runs/<str:run>/pause/", never_cache(runs.PauseRun.as_view()), name="pause-run"),
    path("studies/<slug:study>/runs/<str:run>/cancel/", never_cache(runs.CancelRun.as_view()), name="cancel-run"),
    path("studies/<slug:study>/releases/", never_cache(releases.Releases.as_view()), name="releases"),
    path("studies/<slug:study>/releases/job/", never_cache(releases.LastJob.as_view()), name="release-job"),
    path("studies/<slug:study>/releases/<slug:release>/", never_cache(releases.OneRelease.as_view()), name="release"),
]
