"""Compression of the rating loop's replies, and of nothing else (docs/decisions/007-pages-that-are-read.md).

They repeat a form two dozen times beside long texts. No address or field that another site could fill is repeated in
them, which BREACH would need; the CSRF token in them is masked anew for every reply, and their length is padded by lot.
"""

from __future__ import annotations

import gzip
import re
import secrets
from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

LEVEL = 1  # a quarter of the time of the usual 6, for a tenth more bytes
SHORT = 500  # bytes that are not worth it
PADDING = 100  # bytes at most, as Django's own GZipMiddleware has it
ACCEPTS = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")


def compressed(view: View[P]) -> View[P]:
    """The view's reply as gzip for whoever takes it."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        patch_vary_headers(response, ("Accept-Encoding",))
        takes_it = ACCEPTS.search(request.headers.get("Accept-Encoding", ""))
        if takes_it and len(response.content) >= SHORT and not response.has_header("Content-Encoding"):
            response.content = gzipped(response.content)
            response["Content-Encoding"] = "gzip"
            response["Content-Length"] = str(len(response.content))
        return response

    return wrapped


def gzipped(content: bytes) -> bytes:
    """The file's name in gzip's header is the padding: no reader looks at it."""
    buffer = BytesIO()
    name = "a" * secrets.randbelow(PADDING)
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=LEVEL, fileobj=buffer, mtime=0) as file:
        file.write(content)
    return buffer.getvalue()
