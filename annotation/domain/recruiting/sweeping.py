"""What no message points at any more: payments and messages whose task was lost, and what has served its time."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from annotation.models import HookEvent, LaunchAsked, UsedLaunch
from studies.clock import from_now

LOST = 60  # seconds after which nobody else will handle a message
HOUR = 3600  # a question about a launch counts for a minute
DAY = timedelta(days=1).total_seconds()
REPEATS = 30 * DAY  # the recruiter repeats a message for a day at most; it would be known for so long


def waiting_hooks(limit: int = 100) -> QuerySet[HookEvent]:
    related = HookEvent.objects.select_related("visit__recruitment")
    return related.filter(handled_at__isnull=True, received_at__lt=from_now(-LOST)).order_by("received_at")[:limit]


def sweep_spent() -> int:
    """Forgets launch tokens that nobody could use any more, who was asked about, and messages handled long ago."""
    LaunchAsked.objects.filter(asked_at__lt=from_now(-HOUR)).delete()
    tokens, _ = UsedLaunch.objects.filter(expires_at__lt=from_now(-DAY)).delete()
    events, _ = HookEvent.objects.filter(handled_at__lt=Now(), received_at__lt=from_now(-REPEATS)).delete()
    return tokens + events
