"""The recruiter at whom a campaign recruits, by its stored token. What it is asked is asked outside transactions."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from annotation.domain.errors import AnnotationError
from annotation.domain.recruiting.secrets import Purpose, decrypt
from annotation.models import Recruitment, Visit
from annotation.recruiters.prolific import PAUSES, Prolific


class NotSetUp(AnnotationError):
    """What was asked needs something that the lead has not given yet."""

    status = 409


def open_recruiter(recruitment: Recruitment, *, patient: bool = True) -> Prolific:
    """A context manager. Without ``patient`` nothing is tried twice: somebody waits for the page.

    Raises NotSetUp without a token, SecretUnreadable, and RuntimeError inside a transaction.
    """
    if recruitment.api_token_encrypted is None:
        raise NotSetUp("There is no API token of the recruiter's yet: enter one in the settings below.")
    refuse_inside_transaction()
    token = decrypt(Purpose.API, recruitment.api_token_encrypted)
    return Prolific(settings.PROLIFIC_API, token, pauses=PAUSES if patient else ())


def refuse_inside_transaction() -> None:
    """RuntimeError where a transaction is open: a recruiter that does not answer must not hold rows locked.

    A test's own transaction is none, as for Django's durable blocks.
    """
    blocks = connection.atomic_blocks
    if blocks and not blocks[-1]._from_testcase:  # type: ignore[attr-defined]
        raise RuntimeError("The recruiter is asked outside transactions.")


def submission_id_of(visit: Visit) -> str:
    if visit.id_encrypted is None:
        raise NotSetUp("The recruiter's id of this visit was forgotten; nothing can be asked about it any more.")
    return decrypt(Purpose.SUBMISSION, visit.id_encrypted)


def database_time() -> datetime:
    """Now, by the one clock that web and worker machines share."""
    now: datetime = Recruitment.objects.order_by().values_list(Now(), flat=True)[:1].get()
    return now
