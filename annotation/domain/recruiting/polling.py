"""The recruiter is asked how its submissions stand, for where its messages do not come: now and then, and not for long.

One question for 200 submissions, one recruitment after the other. Whoever asks to be left alone is.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from annotation.domain.recruiting.desk import NotSetUp
from annotation.domain.recruiting.secrets import SecretUnreadable
from annotation.domain.recruiting.visits import read_all
from annotation.models import Recruitment, Visit
from annotation.recruiters.base import Busy, Final, Retryable
from annotation.recruiters.prolific import ACTIVE, AWAITING, RESERVED
from studies.clock import from_now

OPEN = ("", RESERVED, ACTIVE, AWAITING)
EVERY = 600  # seconds from one time to the next
AFTER_TROUBLE = 3600  # where asking again gives the same: a token that is refused, a study that is gone
OLDEST = 30 * 24 * 3600  # of a visit; the recruiter approves by itself after 21 days
AT_ONCE = 5  # recruitments in one sweep


def due_recruitments(limit: int = AT_ONCE) -> QuerySet[Recruitment]:
    """Where a visit is open, and nobody asked lately; the longest waiting first."""
    visits = Visit.objects.filter(
        recruitment=OuterRef("pk"), status__in=OPEN, id_encrypted__isnull=False, launched_at__gt=from_now(-OLDEST)
    )
    with_token = Recruitment.objects.filter(_due(), Exists(visits), api_token_encrypted__isnull=False)
    return with_token.order_by("poll_after", "pk")[:limit]


def _due() -> Q:
    return Q(poll_after__isnull=True) | Q(poll_after__lte=Now())


def poll_recruitment(*, recruitment: Recruitment) -> int:
    """Asks for all submissions and stores how they stand; how many had changed. Not inside a transaction.

    Of two who ask at the same moment one does. What the recruiter cannot or will not say now is asked later; it is told
    how much later where it says so (429), and what was read until then is kept.
    """
    mine = Recruitment.objects.filter(_due(), pk=recruitment.pk).update(poll_after=from_now(EVERY))
    if not mine:
        return 0
    try:
        return read_all(recruitment)
    except Busy as error:
        _wait(recruitment, max(EVERY, error.retry_after or 0.0))
    except Retryable:
        pass  # EVERY is noted
    except (Final, NotSetUp, SecretUnreadable):
        _wait(recruitment, AFTER_TROUBLE)
    return 0


def _wait(recruitment: Recruitment, seconds: float) -> None:
    Recruitment.objects.filter(pk=recruitment.pk).update(poll_after=from_now(seconds))
