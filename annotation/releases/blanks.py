"""What keeps a release from being final."""

from __future__ import annotations

from annotation.domain.describing import Blank, Described, blanks_of
from annotation.releases.errors import ReleaseRefused
from annotation.releases.plurals import noun

WHERE = "on the page Dataset description, or by manage.py describe_dataset"


class ReleaseUnfinished(ReleaseRefused):
    """A final release was asked for, and its description has blanks, each named with the field to fill."""

    def __init__(self, blanks: list[Blank]) -> None:
        count = f"{len(blanks)} {noun(len(blanks), 'blank is', 'blanks are')}"
        first = f"the release cannot be final: {count} left, to be filled in {WHERE}"
        super().__init__([first, *map(str, blanks)])
        self.message = "\n".join(self.problems)  # all of them: who fills in one wants to see the next
        self.blanks = tuple(blanks)


def refuse_blanks(described: Described) -> None:
    """Raises ReleaseUnfinished where the description has a blank."""
    blanks = blanks_of(described)
    if blanks:
        raise ReleaseUnfinished(blanks)
