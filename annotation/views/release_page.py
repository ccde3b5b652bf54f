"""What the pages of releases show: rows of the list, the job being done, one release with its papers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString

from annotation.domain.releasing import replacement_of
from annotation.domain.rendering import rendered_html
from annotation.enums import JobState, ReleaseState
from annotation.models import Release, ReleaseJob
from annotation.releases.changes import TableChange, table_change_of
from annotation.releases.download import ReleaseFile, checksums_of, files_of, has_files, text_of
from annotation.releases.exports import EXPORTS
from annotation.releases.jobs import is_late
from annotation.releases.papers import PAPERS
from annotation.releases.plurals import noun
from annotation.reports.comparing import before_in, releases_to_compare
from studies.models import Study


@dataclass(frozen=True)
class ReleaseRow:
    release: Release
    has_files: bool
    size: int  # bytes of all its files; 0 where they are elsewhere
    judgments: int | None
    marks: list[str]  # simulated, imported
    replacement: Release | None

    @classmethod
    def of(cls, release: Release) -> ReleaseRow:
        manifest = release.manifest
        counted = manifest.get("tables", {}).get("judgments", {}).get("rows")
        withdrawn = release.state == ReleaseState.WITHDRAWN
        files = [] if withdrawn else files_of(release)
        marks = [origin for origin in ("simulated", "imported") if origin in manifest.get("origins", {})]
        replacement = replacement_of(release) if withdrawn else None
        return cls(release, bool(files), sum(file.size for file in files), counted, marks, replacement)

    @property
    def folder(self) -> str:
        """What its zip unpacks to."""
        return f"{self.release.study.slug}-{self.release.version}"

    @property
    def change_in_words(self) -> str:
        return changes_in_words(self.release)


@dataclass(frozen=True)
class JobView:
    """``share``: whole percent written, None while that cannot be told. ``polls`` while something may still come."""

    job: ReleaseJob
    polls: bool
    late: bool
    share: int | None

    @property
    def phase(self) -> str:
        if self.job.state == JobState.STOPPING:
            return "is being stopped"
        if self.job.state == JobState.ASKED:
            return "waits for a worker"
        return "is being checked and numbered" if self.share == 100 else "is being written"


def job_view(study: Study) -> JobView | None:
    """The last job, unless it went well: then the release itself says so."""
    job = study.release_jobs.select_related("asked_by").order_by("-pk").first()
    if job is None or job.state == JobState.DONE:
        return None
    if job.state == JobState.FAILED and study.releases.filter(created_at__gt=job.ended_at or job.asked_at).exists():
        return None
    share = min(100, 100 * job.n_rows // job.n_expected) if job.n_expected and job.n_rows else None
    return JobView(job, job.state in JobState.open(), is_late(job), share)


def changes_in_words(release: Release) -> str:
    """One line: what changed against the release before."""
    if release.previous is None:
        return "the first"
    tables = [table_change_of(stored) for stored in release.changes]
    if not tables:
        return f"the same data as {release.previous.version}"
    if not all(table.known for table in tables):
        return f"{len(tables)} {noun(len(tables), 'table differs', 'tables differ')} from {release.previous.version}"
    totals = [(sum(getattr(table, verb) or 0 for table in tables), verb) for verb in ("added", "changed", "gone")]
    rows = ", ".join(f"{count:,} {verb}" for count, verb in totals if count)
    return f"rows against {release.previous.version}: {rows or 'none'}"


def release_context(release: Release) -> dict[str, Any]:
    withdrawn = release.state == ReleaseState.WITHDRAWN
    there = not withdrawn and has_files(release)
    files = files_of(release) if there else []
    return {
        "study": release.study,
        "release": release,
        "row": ReleaseRow.of(release),
        "there": there,
        "tables": [(name, entry.get("rows")) for name, entry in release.manifest.get("tables", {}).items()],
        "changes": [table_change_of(stored) for stored in release.changes],
        "named": [_named(table_change_of(stored)) for stored in release.changes],
        "files": _with_sums(release, files),
        "papers": [file.name for file in files if file.name in PAPERS],
        "datasheet": _rendered(text_of(release, "DATASHEET.md") if there else ""),
        "citation": _citation(text_of(release, "README.md") if there else ""),
        "before": _before(release) if there else None,
        "exports": list(EXPORTS.items()) if there else [],
        "days": (timezone.now() - release.created_at).days,
    }


def _named(table: TableChange) -> tuple[str, list[tuple[str, tuple[str, ...]]]]:
    rows = (("added", table.added_rows), ("changed", table.changed_rows), ("gone", table.gone_rows))
    return table.table, [(verb, names) for verb, names in rows if names]


def _with_sums(release: Release, files: list[ReleaseFile]) -> list[tuple[ReleaseFile, str]]:
    sums = checksums_of(release) if files else {}
    return [(file, sums.get(file.name, "")) for file in files]


def _citation(card: str) -> dict[str, str] | None:
    """As its card has it: a line to print, and the same as BibTeX."""
    found = re.search(r"^## How to cite it\n\n(.+?)\n\n```bibtex\n(.+?)\n```", card, re.DOTALL | re.MULTILINE)
    return {"text": found[1], "bibtex": found[2]} if found else None


def _before(release: Release) -> Release | None:
    """What its report can be compared with, where it has one."""
    releases = releases_to_compare(release.study)
    return before_in(releases, release) if release in releases else None


def _rendered(text: str) -> SafeString | str:
    """Not its title, which the page has already."""
    body = text.partition("\n\n")[2]
    return rendered_html([body])[body] if body else ""
