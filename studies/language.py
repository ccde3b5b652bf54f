"""Which language a page is in.

A campaign's pages are in the campaign's language, the same for all its raters: the words around the material are part
of what is asked, and must not vary with a browser. Its views say so by ``speak`` before they say anything else. Pages
that come before a campaign (log in, invitation, start page) are in a language that the browser asks for. Leads' pages
are English.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import get_supported_language_variant

IN_ENGLISH = ("/s/", "/admin/", "/api/")  # where leads are


class LanguageMiddleware:
    """Begins every request in the browser's language, or in English where leads are."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(IN_ENGLISH):
            translation.activate(settings.LANGUAGE_CODE)
            return self.get_response(request)
        translation.activate(translation.get_language_from_request(request))
        response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language",))
        return response


def speak(language: str) -> None:
    """The rest of this request is in the language; in English where there is no catalogue of it."""
    translation.activate(spoken(language))


def spoken(language: str) -> str:
    """The language of LANGUAGES that stands for this one: "de" for "de-at"; English for what there is none of."""
    try:
        return get_supported_language_variant(language)
    except LookupError:
        return settings.LANGUAGE_CODE
