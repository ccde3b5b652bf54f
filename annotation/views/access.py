"""The door of leads' and researchers' pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.cache import never_cache

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def logged_in(view: View[P]) -> View[P]:
    """Nothing is stored on the way; who is not logged in goes to the login page, and a script's request gets a 401.

    The way back leads to pages only: an address that takes a POST is none.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.htmx:  # type: ignore[attr-defined]  # set by django-htmx
            return HttpResponse("You are logged out.", status=401, content_type="text/plain; charset=utf-8")
        return redirect_to_login(request.get_full_path() if request.method == "GET" else reverse("annotation:home"))

    return never_cache(wrapped)
