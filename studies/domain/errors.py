from __future__ import annotations

from django.utils.translation import gettext


class StudyError(Exception):
    """What was asked cannot be done. ``message`` is one sentence for a person, with the value and the remedy."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class StudyInvalid(StudyError):
    """A value is wrong; ``field`` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class InviteUnusable(StudyError):
    """Unknown, expired, revoked or used up: one message for all, so that guessing tells nothing."""

    def __init__(self) -> None:
        super().__init__(
            gettext(
                "This invitation cannot be used. It may have expired, been withdrawn, or been used by as many people "
                "as it was made for. Ask whoever sent it to you for a new link."
            )
        )
