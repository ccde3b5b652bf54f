from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler

from annotation.domain.errors import AnnotationError
from pipeline.domain.errors import RunError


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Domain errors with their own status and words; everything else as the framework does."""
    if isinstance(error, AnnotationError):
        return Response({"detail": error.message}, status=error.status)
    if isinstance(error, RunError):
        return Response({"detail": error.message}, status=409)
    return exception_handler(error, context)
