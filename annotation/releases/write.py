"""Writing a release: one snapshot, streamed to a folder beside its place, verified, then moved there in one step."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import polars as pl
from django.conf import settings as django_settings
from django.db import IntegrityError, transaction

from annotation.models import Release
from annotation.releases.errors import ReleaseRefused
from annotation.releases.files import DATA, TableWriter, flush_to_disk, sha256_of
from annotation.releases.manifest import Tally, manifest_of
from annotation.releases.settings import DEFAULTS, ReleaseSettings
from annotation.releases.snapshot import snapshot
from annotation.releases.stopping import Progress, Steps, Stop
from annotation.releases.tables import TABLE_ROWS
from annotation.releases.tables.rows import Row
from annotation.releases.tables.scope import Scope
from annotation.releases.verify import verify_release
from studies.domain.audit import record_event
from studies.models import Study, User
from studies.tokens import new_token

SEMVER = re.compile(r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$")
SUMS = "SHA256SUMS"
EVERY = 4096  # rows between two looks at whether to stop


def make_release(
    *,
    study: Study,
    out: Path | None = None,
    version: str | None = None,
    actor: User | None = None,
    progress: Progress | None = None,
    settings: ReleaseSettings = DEFAULTS,
    stop: Stop | None = None,
) -> Release:
    """Write the study's release to the new folder ``out`` (RELEASES_DIR/public_id if None) and record it.

    ``version`` is semantic; left out, it is the study's next minor one. ``progress`` is told each table's name and rows
    so far, every few thousand rows and when it is written. ``stop`` is asked as often, while tables are written and
    while they are verified. The folder appears whole and verified, or not at all. Raises ReleaseStopped when ``stop``
    says so; ReleaseRefused when ``out`` exists, the version is taken or malformed, or what was written does not verify.
    Not to be called inside a transaction.
    """
    version = _free_version(study, version)
    public_id = new_token()
    out = Path(django_settings.RELEASES_DIR, public_id) if out is None else out.absolute()
    _refuse_existing(out)
    with _folder_beside(out) as folder:
        scope = Scope(study, settings)
        with snapshot():
            tally = _write_tables(scope, folder, Steps(progress, stop))
            study.refresh_from_db()
        manifest = manifest_of(
            scope=scope, public_id=public_id, version=version, actor=actor, tally=tally, files=_files_of(folder)
        )
        data_sha256 = _write_manifest(folder, manifest)
        problems = verify_release(folder, stop=stop)
        if problems:
            raise ReleaseRefused(problems)
        release = Release(
            study=study,
            public_id=public_id,
            version=version,
            manifest=manifest,
            data_sha256=data_sha256,
            created_by=actor,
        )
        return _publish(release, folder, out)


def next_version(study: Study) -> str:
    """The minor version after the study's highest; 0.1.0 for the first."""
    known = (SEMVER.match(version) for version in study.releases.values_list("version", flat=True))
    highest = max(((int(match[1]), int(match[2])) for match in known if match), default=(0, 0))
    return f"{highest[0]}.{highest[1] + 1}.0"


def _free_version(study: Study, version: str | None) -> str:
    if version is None:
        return next_version(study)
    if not SEMVER.match(version) or len(version) > 32:
        raise ReleaseRefused(
            [f"version {version!r} is not semantic; write MAJOR.MINOR.PATCH, such as {next_version(study)}"]
        )
    if study.releases.filter(version=version).exists():
        raise ReleaseRefused([f"version {version!r} of {study.slug} exists already; {next_version(study)} is free"])
    return version


def _refuse_existing(out: Path) -> None:
    if out.exists() or out.is_symlink():
        raise ReleaseRefused([f"{out}: exists already, and a release is never written over; name a new folder"])


@contextmanager
def _folder_beside(out: Path) -> Iterator[Path]:
    """A hidden folder on the same disk as ``out``; whatever is left of it at the end is removed."""
    folder = out.parent / f".{out.name}.{new_token()}.unfinished"
    try:
        (folder / DATA).mkdir(parents=True)
    except OSError as error:
        raise ReleaseRefused([f"{out.parent}: cannot be written to ({error.strerror}); name another folder"]) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_tables(scope: Scope, folder: Path, steps: Steps) -> Tally:
    tally = Tally()
    for name, rows_of in TABLE_ROWS.items():
        with TableWriter(folder, name) as writer:
            for row in _checked(name, rows_of(scope)):
                tally.add(name, row)
                try:
                    writer.add(row)
                except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
                    raise ReleaseRefused(
                        [f"{name}: {row[writer.table.names[0]]!r}: {error}; correct that row"]
                    ) from error
                if not tally.rows[name] % EVERY:
                    steps.take(name, tally.rows[name])
        steps.take(name, tally.rows[name])
    return tally


def _checked(name: str, rows: Iterator[Row]) -> Iterator[Row]:
    try:
        yield from rows
    except ValueError as error:
        raise ReleaseRefused([f"{name}: {error}; correct that row"]) from error


def _files_of(folder: Path) -> dict[str, dict[str, Any]]:
    paths = sorted((folder / DATA).iterdir())
    return {f"{DATA}/{path.name}": {"bytes": path.stat().st_size, "sha256": sha256_of(path)} for path in paths}


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> str:
    """manifest.json and SHA256SUMS; returns the sha256 of the sums' lines for data/."""
    path = folder / "manifest.json"
    path.write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n")
    sums = "".join(f"{entry['sha256']}  {name}\n" for name, entry in manifest["files"].items())
    (folder / SUMS).write_text(f"{sums}{sha256_of(path)}  {path.name}\n", encoding="utf-8")
    for written in (path, folder / SUMS, folder / DATA, folder):
        flush_to_disk(written)
    return hashlib.sha256(sums.encode()).hexdigest()


def _publish(release: Release, folder: Path, out: Path) -> Release:
    """Row, audit event and folder together: the move comes last, so that a failed one leaves neither row nor event."""
    _refuse_existing(out)
    moved = False
    try:
        with transaction.atomic():
            release.save(force_insert=True)
            record_event(
                study=release.study,
                actor=release.created_by,
                verb="make_release",
                subject=f"release:{release.public_id}",
                detail={"version": release.version, "data_sha256": release.data_sha256},
            )
            folder.rename(out)
            moved = True
            flush_to_disk(out.parent)
    except Exception as error:
        if moved:
            shutil.rmtree(out)
        if not isinstance(error, IntegrityError):
            raise
        message = f"version {release.version} was released by somebody else meanwhile; make the release again"
        raise ReleaseRefused([message]) from error
    return release
