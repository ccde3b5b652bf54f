"""A release's files as a lead downloads them: only what lies in its own folder, whole or as one zip, streamed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from annotation.domain.releasing import replacement_of
from annotation.models import Release
from annotation.releases.exports.writing import files_of_export

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
    return _zip(_name(release), ((file.name, _pieces(file.path)) for file in files_of(release)))


def exported_zip(release: Release, form: str) -> Iterator[bytes]:
    """The release in a form of EXPORTS, made while it is sent."""
    return _zip(f"{_name(release)}-{form}", files_of_export(_folder(release), form))


def _zip(folder: str, files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, pieces in files:
            with archive.open(zipfile.ZipInfo(f"{folder}/{name}", ZIP_TIME), "w", force_zip64=True) as target:
                for piece in pieces:
                    target.write(piece)
                    yield sink.take()
            yield sink.take()
    yield sink.take()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while piece := source.read(CHUNK):
            yield piece


def _name(release: Release) -> str:
    return f"{release.study.slug}-{release.version}"


def text_of(release: Release, name: str) -> str:
    """A paper of the release; "" where its files are elsewhere."""
    file = file_of(release, name)
    return "" if file is None else file.path.read_text(encoding="utf-8", errors="replace")


def checksums_of(release: Release) -> dict[str, str]:
    """SHA256SUMS by name."""
    lines = text_of(release, "SHA256SUMS").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def withdrawn_in_words(release: Release) -> str:
    """For whoever wants its files."""
    instead = replacement_of(release)
    because = release.withdrawn_because
    because += "" if because.endswith((".", "!", "?")) else "."
    said = f"Release {release.version} was withdrawn on {release.withdrawn_at:%d %B %Y}. {because}"
    return f"{said} Use release {instead.version} in its place." if instead else f"{said} A new one is not there yet."


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
