"""The recruiter's messages: believed by their signature, taken once, and no more than a hint to ask."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from annotation.domain.errors import AnnotationError
from annotation.domain.recruiting.desk import NotSetUp
from annotation.domain.recruiting.ids import visit_hash
from annotation.domain.recruiting.secrets import Purpose, SecretUnreadable, decrypt
from annotation.domain.recruiting.visits import read_visit
from annotation.models import HookEvent, Recruitment, Visit
from annotation.recruiters.base import Final
from annotation.recruiters.prolific import SUBMISSION_EVENT

LARGEST = 64 * 1024  # bytes; a message has a few hundred
STALE = 300  # seconds by which the signature's time may differ from ours
TIME = re.compile(r"[0-9]{1,16}")
SIGNATURE, STAMP = "X-Prolific-Request-Signature", "X-Prolific-Request-Timestamp"
EVENT_ID, HAPPENED = "X-Event-ID", "X-Timestamp"


class HookRefused(AnnotationError):
    """The message is not the recruiter's, or too old. Nothing was stored."""

    status = 401


class HookUnreadable(AnnotationError):
    """Signed, and yet no message that says what it is about."""


def receive_hook(*, recruitment: Recruitment, headers: Mapping[str, str], body: bytes) -> HookEvent | None:
    """Stores a message that is the recruiter's; None for one that came before. ``body`` is the request's own bytes.

    Raises HookRefused or HookUnreadable. Its event stays unhandled until ``handle_hook`` has asked the recruiter.
    """
    check_signature(recruitment, headers, body)
    content = _content(body)
    event_id = headers.get(EVENT_ID, "").strip()
    if not event_id or len(event_id) > 128:
        raise HookUnreadable(f"A message needs its {EVENT_ID}, of at most 128 letters.")
    kind = str(content.get("event_type", ""))[:64]
    with transaction.atomic():
        visit = _visit(recruitment, content) if kind == SUBMISSION_EVENT else None
        event, made = HookEvent.objects.get_or_create(
            recruitment=recruitment,
            event_id=event_id,
            defaults={"kind": kind, "visit": visit, "happened_at": _happened(headers), **_settled(kind, visit)},
        )
    return event if made else None


def check_signature(recruitment: Recruitment, headers: Mapping[str, str], body: bytes) -> None:
    """HMAC-SHA256 over the timestamp and the raw bytes, compared in constant time. Raises HookRefused."""
    stamp, given = headers.get(STAMP, ""), headers.get(SIGNATURE, "")
    expected = base64.b64encode(hmac.new(_secret(recruitment), stamp.encode() + body, hashlib.sha256).digest())
    if not hmac.compare_digest(expected, given.encode()):
        raise HookRefused("The signature is wrong.")
    # Only now: who cannot sign learns nothing about our clock.
    if not TIME.fullmatch(stamp) or abs(timezone.now().timestamp() - _seconds(stamp)) > STALE:
        raise HookRefused("The message is too old.")


def _secret(recruitment: Recruitment) -> bytes:
    if recruitment.hook_secret_encrypted is None:
        raise HookRefused("No messages were subscribed to.")
    try:
        return decrypt(Purpose.HOOKS, recruitment.hook_secret_encrypted).encode()
    except SecretUnreadable as error:
        raise HookRefused("No message can be checked.") from error


def _seconds(stamp: str) -> float:
    return int(stamp) / 1000 if len(stamp) > 11 else int(stamp)


def _content(body: bytes) -> Mapping[str, object]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HookUnreadable("The message is no JSON.") from error
    if not isinstance(content, dict):
        raise HookUnreadable("The message is no JSON object.")
    return content


def _visit(recruitment: Recruitment, content: Mapping[str, object]) -> Visit | None:
    return recruitment.visits.filter(id_hash=visit_hash(recruitment, str(content.get("resource_id", "")))).first()


def _settled(kind: str, visit: Visit | None) -> dict[str, object]:
    """What is of no concern is handled by being stored."""
    if visit is not None:
        return {}
    note = "nobody has come here with this submission" if kind == SUBMISSION_EVENT else "not about a submission"
    return {"note": note, "handled_at": Now()}


def _happened(headers: Mapping[str, str]) -> datetime | None:
    """When it happened by the recruiter's clock; kept for a lead to see, never relied on."""
    text = headers.get(HAPPENED, "")
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is None or timezone.is_aware(found) else timezone.make_aware(found)


def handle_hook(*, event: HookEvent) -> None:
    """Asks the recruiter how the submission stands and stores that, whatever the message said.

    Raises Retryable where nothing can be learnt now: the event stays unhandled, for the sweep. Not for transactions.
    """
    if event.handled_at is not None or event.visit is None:
        return
    try:
        note = read_visit(event.visit)
    except (Final, NotSetUp, SecretUnreadable) as error:
        note = error.message
    HookEvent.objects.filter(pk=event.pk).update(handled_at=Now(), note=note[:200])
