"""Domain errors as pages, in one place: the status from the error, the words from its message."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotation.domain.errors import AnnotationError

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def errors_as_pages(view: View[P]) -> View[P]:
    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except AnnotationError as error:
            return error_page(request, error)

    return wrapped


def error_page(request: HttpRequest, error: AnnotationError) -> HttpResponse:
    return render(request, f"{error.status}.html", {"explanation": error.message}, status=error.status)
