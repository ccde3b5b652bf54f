"""Where a recruiter's messages come in. What is signed is stored; a worker then asks what it is about."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from annotation.domain.errors import AnnotationError
from annotation.domain.recruiting.hooks import LARGEST, SIGNATURE
from annotation.models import Recruitment
from annotation.tasks import take_hook

ECHO = "X-Hook-Secret"
PLAIN_SECRET = re.compile(r"[!-~]{1,256}")


@csrf_exempt
@require_POST
@never_cache
def hook(request: HttpRequest, public_id: str) -> HttpResponse:
    recruitment = get_object_or_404(Recruitment, public_id=public_id)
    if SIGNATURE not in request.headers and ECHO in request.headers:
        return _echo(request.headers[ECHO])
    body = _body(request)
    if body is None:
        return _said("The message is too large.", 413)
    try:
        event = take_hook(recruitment=recruitment, headers=request.headers, body=body)
    except AnnotationError as error:
        return _said(error.message, error.status)
    return _said("Thank you." if event else "Known already.", 200)


def _echo(secret: str) -> HttpResponse:
    """How a subscription that asks whether anybody is here is answered. It proves nothing and stores nothing."""
    if not PLAIN_SECRET.fullmatch(secret):
        return _said("That is no secret.", 400)
    response = _said("Here.", 200)
    response[ECHO] = secret
    return response


def _body(request: HttpRequest) -> bytes | None:
    """The request's own bytes; None where there are too many, read or announced."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return None
    body = request.read(LARGEST + 1)
    return body if len(body) <= LARGEST else None


def _said(text: str, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
