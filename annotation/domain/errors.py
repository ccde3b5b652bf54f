"""What can go wrong on the people's side: one tree, mapped to HTTP in one place (annotation.views.errors)."""

from __future__ import annotations


class AnnotationError(Exception):
    """Nothing was changed. ``message`` is written for whoever asked."""

    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SubmissionInvalid(AnnotationError):
    """The answers are incomplete or not of the instrument. ``problems`` holds (place on the page or None, sentence)."""

    def __init__(self, problems: list[tuple[int | None, str]]) -> None:
        super().__init__(" ".join(sentence for _, sentence in problems))
        self.problems = problems


class SubmissionConflict(AnnotationError):
    """Other answers were already submitted for this assignment; they stand."""

    status = 409


class AssignmentOver(AnnotationError):
    """The assignment can take no answer any more."""

    status = 410


class NotAllowed(AnnotationError):
    """The campaign or the rater's state forbids it."""

    status = 403


class MaterialMissing(AnnotationError):
    """There is nothing to build a campaign from."""


class WrongState(AnnotationError):
    """The campaign's state does not lead where it was asked to go."""

    status = 409
