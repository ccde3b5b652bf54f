"""A final release of a draft's very data.

A draft never becomes final itself: its papers say that it is one and stand in its checksums, and somebody may have
copied it. What becomes final is a new release, its papers written anew (docs/decisions/008-releases.md).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from annotation.domain.describing import described_of
from annotation.domain.errors import WrongState
from annotation.domain.releasing import erasures_in
from annotation.enums import ReleaseState
from annotation.models import Release
from annotation.releases.blanks import refuse_blanks
from annotation.releases.dressing import dressed
from annotation.releases.errors import ReleaseRefused
from annotation.releases.files import DATA, flush_to_disk
from annotation.releases.manifest import renewed
from annotation.releases.publishing import folder_beside, publish, refuse_existing
from annotation.releases.stopping import Stop
from annotation.releases.verify import verify_release
from studies.models import User
from studies.tokens import new_token


def finish_release(
    *,
    release: Release,
    actor: User | None,
    version: str | None = None,
    source: Path | None = None,
    out: Path | None = None,
    stop: Stop | None = None,
    published: Callable[[Release], None] | None = None,
) -> Release:
    """A new, final release that holds the draft's data byte for byte, with papers of the description as it is now.

    ``source`` names the draft's folder where it is not in RELEASES_DIR. ``published`` as for make_release. Raises
    ReleaseUnfinished, naming the blanks; WrongState unless ``release`` is a draft; ReleaseStopped when ``stop`` says
    so; ReleaseRefused where its files are gone or changed, or the version says too little. Not to be called inside a
    transaction.
    """
    erasures = erasures_in(release.study)
    release.refresh_from_db()
    if release.state != ReleaseState.DRAFT:
        raise WrongState(
            f"Release {release.version} is {release.get_state_display().lower()}; only a draft is finished."
        )
    described = described_of(release.study)
    refuse_blanks(described)
    source = _sound(source or Path(settings.RELEASES_DIR, release.public_id), release, stop)
    public_id = new_token()
    out = Path(settings.RELEASES_DIR, public_id) if out is None else out.absolute()
    refuse_existing(out)
    with folder_beside(out) as folder:
        for path in sorted((source / DATA).iterdir()):
            shutil.copyfile(path, folder / DATA / path.name)
            flush_to_disk(folder / DATA / path.name)
        manifest = renewed(json.loads((source / "manifest.json").read_text()), public_id=public_id, actor=actor)
        made = dressed(release.study, folder, manifest, described, actor=actor, version=version)
        problems = verify_release(folder, stop=stop)
        if problems:
            raise ReleaseRefused(problems)
        return publish(made, folder, out, erasures=erasures, published=published)


def _sound(source: Path, release: Release, stop: Stop | None) -> Path:
    """The draft's folder, as it was written: its manifest is the one recorded, its files are those of the sums."""
    manifest = source / "manifest.json"
    if not manifest.is_file():
        raise ReleaseRefused(
            [f"{source}: the draft's files are not there; name its folder, or make a final release anew"]
        )
    if json.loads(manifest.read_text(encoding="utf-8")) != release.manifest:
        raise ReleaseRefused(
            [f"{manifest}: is not what was recorded of release {release.version}; use an unchanged copy"]
        )
    problems = verify_release(source, stop=stop)
    if problems:
        raise ReleaseRefused(problems)
    return source
