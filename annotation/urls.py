from __future__ import annotations

from django.urls import path

from annotation.lead_urls import lead_urls
from annotation.views import beginning, finishing, home, hooks, launching, leaving, quiz, rating, training
from annotation.views.compressing import compressed

app_name = "annotation"

rater_urls = [
    path("", home.home, name="home"),
    path("r/<str:public_id>/", launching.launch, name="launch"),
    path("hooks/<str:public_id>/", hooks.hook, name="hook"),
    path("c/<str:public_id>/rate/", rating.rate, name="rate"),
    path("c/<str:public_id>/begin/", beginning.begin, name="begin"),
    path("c/<str:public_id>/consent/", beginning.consent, name="consent"),
    path("c/<str:public_id>/device/", beginning.device, name="device"),
    path("c/<str:public_id>/instructions/", beginning.instructions, name="instructions"),
    path("c/<str:public_id>/quiz/", quiz.quiz, name="quiz"),
    path("c/<str:public_id>/closing/", finishing.closing, name="closing"),
    path("c/<str:public_id>/finish/", finishing.finish, name="finish"),
    path("c/<str:public_id>/leave/", leaving.leave, name="leave"),
    path("a/<str:token>/", compressed(rating.item), name="item"),
    path("a/<str:token>/submit/", compressed(rating.submit_item), name="submit-item"),
    path("a/<str:token>/ahead/", compressed(rating.ahead), name="ahead"),
    path("a/<str:token>/draft/", rating.draft_answer, name="draft-answer"),
    path("a/<str:token>/return/", compressed(rating.return_item), name="return-item"),
    path("a/<str:token>/edit/", compressed(rating.edit_item), name="edit-item"),
    path("a/<str:token>/revise/", compressed(rating.revise_item), name="revise-item"),
    path("a/<str:token>/feedback/", training.feedback, name="feedback"),
]

urlpatterns = [*rater_urls, *lead_urls]
