"""The last steps of every release: manifest and checksums, row and move to its place, together or not at all."""

from __future__ import annotations

import hashlib
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from django.db import IntegrityError, transaction

from annotation.domain.releasing import erasures_in
from annotation.enums import ReleaseState
from annotation.models import Release
from annotation.releases.errors import ReleaseOvertaken, ReleaseRefused
from annotation.releases.files import DATA, flush_to_disk, sha256_of
from annotation.releases.papers import PAPERS
from studies.domain.audit import record_event
from studies.models import Study
from studies.tokens import new_token

SUMS = "SHA256SUMS"
READ_ONLY = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH


def refuse_existing(out: Path) -> None:
    if out.exists() or out.is_symlink():
        raise ReleaseRefused([f"{out}: exists already, and a release is never written over; name a new folder"])


@contextmanager
def folder_beside(out: Path) -> Iterator[Path]:
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


def files_of_data(folder: Path) -> dict[str, dict[str, Any]]:
    paths = sorted((folder / DATA).iterdir())
    return {f"{DATA}/{path.name}": {"bytes": path.stat().st_size, "sha256": sha256_of(path)} for path in paths}


def write_manifest(folder: Path, manifest: dict[str, Any]) -> str:
    """manifest.json, and SHA256SUMS of all files; returns the sha256 of the sums' lines for data/."""
    path = folder / "manifest.json"
    path.write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n")
    data = "".join(f"{entry['sha256']}  {name}\n" for name, entry in manifest["files"].items())
    others = "".join(f"{sha256_of(folder / name)}  {name}\n" for name in (*PAPERS, path.name))
    (folder / SUMS).write_text(data + others, encoding="utf-8")
    for written in (path, folder / SUMS, folder / DATA, folder):
        flush_to_disk(written)
    return hashlib.sha256(data.encode()).hexdigest()


def publish(
    release: Release, folder: Path, out: Path, *, erasures: int, published: Callable[[Release], None] | None = None
) -> Release:
    """Row, audit event and folder together: the move comes last, so that a failed one leaves neither row nor event.

    ``erasures``: erasures_in the study when its data were read. Raises ReleaseOvertaken where there were more since.
    ``published`` is told of the release within the transaction; what it raises undoes all.
    """
    refuse_existing(out)
    moved = False
    try:
        with transaction.atomic():
            Study.objects.select_for_update(no_key=True).get(pk=release.study_id)
            if erasures_in(release.study) != erasures:
                raise ReleaseOvertaken()
            release.save(force_insert=True)
            _record(release)
            if published is not None:
                published(release)
            if release.state == ReleaseState.FINAL:
                _seal(folder)
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


def _record(release: Release) -> None:
    record_event(
        study=release.study,
        actor=release.created_by,
        verb="make_release",
        subject=f"release:{release.public_id}",
        detail={"version": release.version, "state": release.state, "data_sha256": release.data_sha256},
    )


def _seal(folder: Path) -> None:
    """A final release is read-only on disk too. Folders stay writable, so that it can be moved and taken back."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(READ_ONLY)
