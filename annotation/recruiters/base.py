"""What can go wrong when a recruiter is asked, and what it says about a submission.

RecruiterError
  Retryable        nothing is decided: ask again later
    Busy           429, or 5xx to a question that changes nothing; ``retry_after`` where it was said
    Unreachable    no connection was made, so nothing arrived
    AnswerLost     the request may have arrived, and what came of it is not known
  Final            asking again gives the same
    TokenRefused   401, 403
    NotFound       404
    Refused        any other 4xx, in the recruiter's words
    Unreadable     an answer that is none
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


class RecruiterError(Exception):
    """``message`` is written for a lead and names no id."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Retryable(RecruiterError):
    retry_after: float | None = None


class Busy(Retryable):
    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(Retryable):
    pass


class AnswerLost(Retryable):
    pass


class Final(RecruiterError):
    pass


class TokenRefused(Final):
    pass


class NotFound(Final):
    pass


class Refused(Final):
    pass


class Unreadable(Final):
    pass


@dataclass(frozen=True)
class Submission:
    """What the recruiter knows of one participant's place in a study. ``bonuses`` are those paid, in the study's
    currency."""

    id: str
    study_id: str
    participant_id: str
    status: str
    bonuses: tuple[Decimal, ...] = ()
    return_requested: datetime | None = None
