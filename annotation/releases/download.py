"""A release's files as a lead downloads them: only what lies in its own folder, whole or as one zip, streamed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from annotation.models import Release

CHUNK = 256 * 1024
ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the release's own times stand in manifest.json


class ReleaseFile(NamedTuple):
    name: str  # as in SHA256SUMS: manifest.json, data/judgments.jsonl ...
    path: Path
    size: int


def has_files(release: Release) -> bool:
    """False for a release that was written to another folder, or whose folder was taken away."""
    return _folder(release).is_dir()


def files_of(release: Release) -> list[ReleaseFile]:
    """Plain files in the release's folder, by name; links are not followed. Empty when the folder is elsewhere."""
    folder = _folder(release)
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [ReleaseFile(path.relative_to(folder).as_posix(), path, path.stat().st_size) for path in paths]


def file_of(release: Release, name: str) -> ReleaseFile | None:
    """The file of that very name. Names are compared and never joined to a path, so nothing else can be reached."""
    return next((file for file in files_of(release) if file.name == name), None)


def zipped(release: Release) -> Iterator[bytes]:
    """The files as a zip, stored uncompressed, in pieces: memory does not grow with the release."""
    folder = f"{release.study.slug}-{release.version}"
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for file in files_of(release):
            entry = zipfile.ZipInfo(f"{folder}/{file.name}", ZIP_TIME)
            with file.path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while piece := source.read(CHUNK):
                    target.write(piece)
                    yield sink.take()
            yield sink.take()
    yield sink.take()


def _folder(release: Release) -> Path:
    return Path(settings.RELEASES_DIR, release.public_id)


class _Sink(io.RawIOBase):
    """Takes what is written and gives it away; zipfile then writes sizes after each file instead of seeking back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
