"""Whether somebody who comes to a launch address comes from the recruiter, and as whom. Nothing of them is stored here;
that the recruiter was asked is noted for a minute (rationing.py).

A signed token is believed by itself. Where the lead allows it (LaunchCheck.ASKED), ids without a token are compared
with what the recruiter says of that submission.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.conf import settings

from annotation.domain.errors import AnnotationError
from annotation.domain.recruiting.desk import NotSetUp, database_time, open_recruiter, refuse_inside_transaction
from annotation.domain.recruiting.rationing import take_turn
from annotation.enums import LaunchCheck
from annotation.models import Recruitment
from annotation.recruiters.base import Final, Retryable
from annotation.recruiters.jwks import key_ring
from annotation.recruiters.launch_tokens import PARAMETER, PID, SESSION, STUDY, TokenBad, is_id, read_token
from annotation.recruiters.prolific import ACTIVE, RESERVED


class Why(Enum):
    """Why a launch led nowhere, as far as it matters for what the participant should do."""

    UNSIGNED = "unsigned"
    FORGED = "forged"
    USED = "used"
    OTHER_STUDY = "other study"
    NOT_ACTIVE = "not active"
    NOT_OPEN = "not open"
    NOT_INVITED = "not invited"
    ASK_LATER = "ask later"


class LaunchRefused(AnnotationError):
    """Nothing was stored. ``message`` is for a log and holds no id; the page goes by ``why``."""

    status = 403

    def __init__(self, why: Why, message: str = "") -> None:
        super().__init__(message or why.value)
        self.why = why
        if why == Why.ASK_LATER:
            self.status = 503


@dataclass(frozen=True)
class Believed:
    """Who comes, and for which submission. ``token_sha256`` is "" where the recruiter was asked instead."""

    participant_id: str
    submission_id: str
    token_sha256: str = ""
    expires_at: datetime | None = None
    status: str = ""
    status_at: datetime | None = None


def believe_launch(*, recruitment: Recruitment, query: Mapping[str, str], origin: str) -> Believed:
    """``query`` is the address's, ``origin`` this site's as the browser named it. May ask the recruiter, so it is not
    for transactions. Raises LaunchRefused.
    """
    refuse_inside_transaction()
    if query.get(PARAMETER):
        return _by_token(recruitment, query, origin)
    if recruitment.launch_check == LaunchCheck.ASKED and all(is_id(query.get(name)) for name in (PID, STUDY, SESSION)):
        return _by_asking(recruitment, query)
    raise LaunchRefused(Why.UNSIGNED)


def _by_token(recruitment: Recruitment, query: Mapping[str, str], origin: str) -> Believed:
    audience = recruitment.audience or origin
    try:
        token = read_token(query[PARAMETER], ring=key_ring(settings.PROLIFIC_JWKS), audience=audience)
    except TokenBad as error:
        raise LaunchRefused(Why.FORGED, error.message) from error
    except Retryable as error:
        raise LaunchRefused(Why.ASK_LATER, error.message) from error
    if token.study_id != recruitment.study_id:
        raise LaunchRefused(Why.OTHER_STUDY, "the token is for another study")
    if recruitment.workspace_id and token.workspace_id != recruitment.workspace_id:
        raise LaunchRefused(Why.FORGED, "the token is of another workspace")
    signed = {PID: token.participant_id, STUDY: token.study_id, SESSION: token.submission_id}
    swapped = [name for name, value in signed.items() if query.get(name, value) != value]
    if swapped:
        raise LaunchRefused(Why.FORGED, f"{swapped[0]} in the address is not the token's")
    return Believed(token.participant_id, token.submission_id, token.sha256, token.expires_at)


def _by_asking(recruitment: Recruitment, query: Mapping[str, str]) -> Believed:
    if query[STUDY] != recruitment.study_id:
        raise LaunchRefused(Why.OTHER_STUDY)
    if not take_turn(recruitment=recruitment, participant_id=query[PID]):
        raise LaunchRefused(Why.ASK_LATER, "the recruiter was asked too often within a minute")
    asked_at = database_time()
    try:
        with open_recruiter(recruitment, patient=False) as recruiter:
            found = recruiter.submission(query[SESSION])
    except (Retryable, NotSetUp) as error:
        raise LaunchRefused(Why.ASK_LATER, error.message) from error
    except Final as error:
        raise LaunchRefused(Why.FORGED, error.message) from error
    if (found.id, found.participant_id, found.study_id) != (query[SESSION], query[PID], query[STUDY]):
        raise LaunchRefused(Why.FORGED, "the recruiter knows the submission as somebody else's")
    if found.status not in (ACTIVE, RESERVED):
        raise LaunchRefused(Why.NOT_ACTIVE, f"the submission is {found.status}")
    return Believed(found.participant_id, found.id, status=found.status, status_at=asked_at)
