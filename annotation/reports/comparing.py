"""Two reports of a study side by side: read from their own tables, so nothing is computed and nobody waits.

``analysis.compare`` is imported where it is used: web processes start without what all of the analysis stands on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annotation.enums import JobState, ReleaseState
from annotation.models import Release
from annotation.reports.drawing import folder_of
from annotation.reports.files import PAGE
from studies.models import Study

if TYPE_CHECKING:
    from analysis.compare import Side

FILES = ("comparison.html", "comparison.csv", "comparison.md")


@dataclass(frozen=True)
class Comparison:
    """``sides`` A and B; ``body``: HTML whose every text is escaped, with headings from ``h2`` down."""

    sides: tuple[Side, Side]
    body: str


def releases_to_compare(study: Study) -> list[Release]:
    """Those whose report is there, the newest first; none that was withdrawn, whose numbers are read no more."""
    drawn = study.releases.filter(report__state=JobState.DONE).exclude(state=ReleaseState.WITHDRAWN)
    return [release for release in drawn.order_by("-pk") if (folder_of(release) / PAGE).is_file()]


def before_in(releases: list[Release], release: Release) -> Release | None:
    """The newest of ``releases`` (newest first) that is older than ``release``."""
    return next((other for other in releases if other.pk < release.pk), None)


def comparison_of(first: Release, second: Release) -> Comparison:
    """Raises ``analysis.release.ReleaseError`` where a report cannot be read."""
    from analysis.compare import compare, comparison_body

    a, b = _sides(first, second)
    return Comparison((a, b), comparison_body(a, b, compare(a.tables, b.tables)))


def comparison_file_of(first: Release, second: Release, name: str) -> str:
    """The text of one of ``FILES``, as the command line writes it from the same two reports. Raises as above."""
    from analysis.compare import comparison_files

    return comparison_files(*_sides(first, second))[name]


def _sides(first: Release, second: Release) -> tuple[Side, Side]:
    from analysis.compare import side_of

    return side_of(folder_of(first)), side_of(folder_of(second))
