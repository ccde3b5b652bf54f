from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLResolver, include, path

from config import views


def rooms() -> list[URLResolver]:
    found = []
    for prefix, module in (
        ("", "studies.urls"),
        ("api/", "annotation.api.urls"),
        ("", "pipeline.urls"),
        ("", "annotation.urls"),
    ):
        if find_spec(module) is not None:
            found.append(path(prefix, include(module)))
    return found


urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("admin/", admin.site.urls),
    *rooms(),
]
