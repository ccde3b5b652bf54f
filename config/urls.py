from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config import views

# Pages for 400, 403, 404 and 500 are Django's own views over templates/<code>.html.
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("admin/", admin.site.urls),
    path("api/", include("annotation.api.urls")),
    path("", include("studies.urls")),
    path("", include("annotation.urls")),
]
