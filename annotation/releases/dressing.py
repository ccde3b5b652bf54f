"""A folder of data becomes a release: compared with the one before, numbered, given its papers, manifest and sums."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from annotation.domain.describing import Described
from annotation.enums import ReleaseState
from annotation.models import Release
from annotation.releases.papers import write_papers
from annotation.releases.publishing import write_manifest
from annotation.releases.versions import changes_against, free_version, previous_of, version_for
from studies.models import Study, User


def dressed(
    study: Study,
    folder: Path,
    manifest: dict[str, Any],
    described: Described,
    *,
    actor: User | None,
    version: str | None,
    against: Path | None = None,
) -> Release:
    """The release of ``folder``, whose data/ is written, not saved yet. Writes every other file.

    ``manifest`` gets its version, change and previous version here: they follow from what is in the folder.
    """
    previous = previous_of(study)
    changes = changes_against(previous, folder, manifest, against)
    number = free_version(study, version_for(version, previous, changes))
    manifest |= {"version": number, "change": str(changes.change), "previous": changes.previous}
    manifest["described"] = described.as_json()
    write_papers(folder, described=described, manifest=manifest, changes=changes)
    return Release(
        study=study,
        public_id=manifest["release"],
        version=number,
        state=ReleaseState(manifest["state"]),
        change=changes.change,
        changes=changes.as_json(),
        previous=previous,
        manifest=manifest,
        data_sha256=write_manifest(folder, manifest),
        created_by=actor,
    )
