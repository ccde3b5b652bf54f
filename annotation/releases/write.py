"""Writing a release: one snapshot, streamed to a folder beside its place, verified, then moved there in one step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings as django_settings

from annotation.domain.describing import described_of
from annotation.domain.releasing import erasures_in
from annotation.models import Release
from annotation.releases.blanks import refuse_blanks
from annotation.releases.dressing import dressed
from annotation.releases.errors import ReleaseRefused
from annotation.releases.manifest import manifest_of
from annotation.releases.publishing import files_of_data, folder_beside, publish, refuse_existing
from annotation.releases.settings import DEFAULTS, ReleaseSettings
from annotation.releases.snapshot import snapshot
from annotation.releases.stopping import Progress, Steps, Stop
from annotation.releases.tables.scope import Scope
from annotation.releases.verify import verify_release
from annotation.releases.versions import free_version
from annotation.releases.writing import write_tables
from studies.models import Study, User
from studies.tokens import new_token


def make_release(
    *,
    study: Study,
    out: Path | None = None,
    version: str | None = None,
    actor: User | None = None,
    progress: Progress | None = None,
    settings: ReleaseSettings = DEFAULTS,
    final: bool = False,
    against: Path | None = None,
    stop: Stop | None = None,
    published: Callable[[Release], None] | None = None,
) -> Release:
    """Write the study's release to the new folder ``out`` (RELEASES_DIR/public_id if None) and record it.

    ``version`` is semantic; left out, it follows from what changed against the study's last release, whose folder
    ``against`` names where it is not in RELEASES_DIR. A ``final`` one needs a description without blanks.
    ``progress`` is told each table's name and rows so far, every few thousand rows and when it is written. ``stop`` is
    asked as often, while tables are written and while they are verified. ``published`` is told of the release in the
    transaction that records it; what it raises undoes all. The folder appears whole and verified, or not
    at all. Raises ReleaseStopped when ``stop`` says so; ReleaseUnfinished, naming the blanks; ReleaseRefused when
    ``out`` exists, the version is taken, malformed or says less than what changed, a rater had answers erased
    meanwhile, or what was written does not verify. Not to be called inside a transaction.
    """
    free_version(study, version)
    if final:
        refuse_blanks(described_of(study))
    public_id = new_token()
    out = Path(django_settings.RELEASES_DIR, public_id) if out is None else out.absolute()
    refuse_existing(out)
    with folder_beside(out) as folder:
        scope = Scope(study, settings)
        with snapshot():
            erasures = erasures_in(study)
            tally = write_tables(scope, folder, Steps(progress, stop))
            study.refresh_from_db()
            described = described_of(study)
        manifest = manifest_of(
            scope=scope, public_id=public_id, final=final, actor=actor, tally=tally, files=files_of_data(folder)
        )
        if final:
            refuse_blanks(described)
        release = dressed(study, folder, manifest, described, actor=actor, version=version, against=against)
        problems = verify_release(folder, stop=stop)
        if problems:
            raise ReleaseRefused(problems)
        return publish(release, folder, out, erasures=erasures, published=published)
