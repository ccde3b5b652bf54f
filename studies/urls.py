from __future__ import annotations

from django.urls import path

from studies import views

app_name = "studies"
urlpatterns = [
    path("login/", views.log_in, name="login"),
    path("logout/", views.log_out, name="logout"),
    path("invite/<str:secret>/", views.invite, name="invite"),
]
