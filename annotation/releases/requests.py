"""Releases asked for in the browser: a row that says so, a worker that writes, a row that says what came of it.

The audit trail is the queue's truth. A message that got lost leaves an open request, which may be asked again after
PATIENCE.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from annotation.models import Release
from annotation.releases.errors import ReleaseRefused
from annotation.releases.write import make_release
from studies.domain.audit import record_event
from studies.models import AuditEvent, Study, User

ASKED = "request_release"
ANSWERED = "answer_release_request"
PATIENCE = timedelta(minutes=15)


@dataclass(frozen=True)
class RequestStatus:
    """Of the last request: ``open`` while no answer stands, ``late`` when one should have come, ``problem`` why not."""

    asked_at: datetime
    open: bool
    late: bool
    problem: str


def request_release(*, study: Study, actor: User) -> AuditEvent:
    """Records that a release is wanted. One that is being written already is the answer to this wish too."""
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=study.pk)
        last = _last_request(study)
        if last is not None and _answer_to(last) is None and not _is_late(last):
            return last
        return record_event(study=study, actor=actor, verb=ASKED, subject=f"study:{study.slug}")


def fulfil_release_request(*, request: AuditEvent) -> Release | None:
    """Writes the release and records the outcome. None when it was answered before, or refused for a recorded reason.

    Any other error is recorded as well, and raised. Not to be called inside a transaction.
    """
    if _answer_to(request) is not None:
        return None
    try:
        release = make_release(study=request.study, actor=request.actor)
    except ReleaseRefused as error:
        _answer(request, problem=error.message)
        return None
    except Exception:
        _answer(request, problem="The release could not be written; the log of the worker says why.")
        raise
    _answer(request, version=release.version)
    return release


def release_request_status(study: Study) -> RequestStatus | None:
    """What to say about the last request; None when nobody has asked."""
    last = _last_request(study)
    if last is None:
        return None
    answer = _answer_to(last)
    problem = str(answer.detail.get("problem", "")) if answer else ""
    return RequestStatus(last.made_at, open=answer is None, late=answer is None and _is_late(last), problem=problem)


def _last_request(study: Study) -> AuditEvent | None:
    return study.audit_events.filter(verb=ASKED).order_by("-made_at", "-pk").first()


def _answer_to(request: AuditEvent) -> AuditEvent | None:
    return request.study.audit_events.filter(verb=ANSWERED, subject=_subject(request)).first()


def _answer(request: AuditEvent, **detail: str) -> None:
    record_event(study=request.study, actor=request.actor, verb=ANSWERED, subject=_subject(request), detail=detail)


def _is_late(request: AuditEvent) -> bool:
    return request.made_at < timezone.now() - PATIENCE


def _subject(request: AuditEvent) -> str:
    return f"request:{request.pk}"
