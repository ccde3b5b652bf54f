from __future__ import annotations

from django.urls import path

from annotation.lead_urls import lead_urls
from annotation.views import home, leaving, rating

app_name = "annotation"

rater_urls = [
    path("", home.home, name="home"),
    path("c/<str:public_id>/rate/", rating.rate, name="rate"),
    path("c/<str:public_id>/leave/", leaving.leave, name="leave"),
    path("a/<str:token>/", rating.item, name="item"),
    path("a/<str:token>/submit/", rating.submit_item, name="submit-item"),
    path("a/<str:token>/draft/", rating.draft_answer, name="draft-answer"),
    path("a/<str:token>/return/", rating.return_item, name="return-item"),
    path("a/<str:token>/edit/", rating.edit_item, name="edit-item"),
    path("a/<str:token>/revise/", rating.revise_item, name="revise-item"),
]

urlpatterns = [*rater_urls, *lead_urls]
