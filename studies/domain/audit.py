from __future__ import annotations

from collections.abc import Mapping

from studies.models import AuditEvent, Study, User

Detail = Mapping[str, str | int | float | bool | None]


def record_event(
    *, study: Study, actor: User | None, verb: str, subject: str, detail: Detail | None = None
) -> AuditEvent:
    """Adds one row to the study's audit trail. To be called inside the transaction of what it records.

    ``verb`` is the name of the domain function, ``subject`` names the thing by kind and public id or slug, ``detail``
    holds plain values and never a secret. ``actor`` is None where nobody was logged in (a command, a sweep).
    """
    return AuditEvent.objects.create(study=study, actor=actor, verb=verb, subject=subject, detail=dict(detail or {}))
