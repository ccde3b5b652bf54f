from __future__ import annotations

from collections.abc import Sequence

from annotation.domain.errors import AnnotationError

SHOWN = 20


class ReleaseRefused(AnnotationError):
    """The release cannot be made or taken in, and nothing was changed. ``problems``: one sentence each."""

    status = 409

    def __init__(self, problems: Sequence[str]) -> None:
        more = len(problems) - SHOWN
        super().__init__("\n".join([*problems[:SHOWN], *([f"... and {more} more"] if more > 0 else [])]))
        self.problems = tuple(problems)


class ReleaseOvertaken(ReleaseRefused):
    """What was written holds answers that were erased meanwhile. Made again, it will not."""

    def __init__(self) -> None:
        super().__init__(["a rater had their answers erased while the release was written; make the release again"])


class ReleaseStopped(AnnotationError):
    """Somebody wanted no more of a release that was being made; nothing of it is left."""

    status = 409
