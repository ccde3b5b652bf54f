"""Small parts of answers that every room's views share."""

from __future__ import annotations

from typing import Protocol

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from studies.models import User


class SeeOther(HttpResponseRedirect):
    """303: what was asked is done, now GET that address. A reload then repeats nothing."""

    status_code = 303


def next_url(request: HttpRequest, default: str) -> str:
    """The address in ``next`` when it is on this very host, else the default (a URL name or path)."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    own = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if own else resolve_url(default)


class Asked(Protocol):
    """A request for a page or of the API."""

    @property
    def user(self) -> object: ...


def actor_of(request: Asked) -> User:
    """Who asks, where the view has made sure already that somebody is logged in."""
    assert isinstance(request.user, User)
    return request.user
