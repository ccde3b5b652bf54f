"""An export to a folder or as a zip, streamed, with a README that carries the release's notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from annotation.releases.errors import ReleaseRefused
from annotation.releases.exports import EXPORTS
from annotation.releases.exports.base import ExportFile, notices_of
from annotation.releases.publishing import folder_beside, refuse_existing
from annotation.releases.verify import verify_release


def export_release(*, folder: Path, form: str, out: Path) -> list[str]:
    """Writes the release in ``folder`` to the new folder ``out`` in a form of EXPORTS; the names of the files.

    The folder appears whole or not at all. Raises ReleaseRefused where the release does not verify or ``out`` exists.
    """
    if form not in EXPORTS:
        raise ReleaseRefused([f"there is no form {form!r}; the forms are {', '.join(EXPORTS)}"])
    problems = verify_release(folder)
    if problems:
        raise ReleaseRefused(problems)
    out = out.absolute()
    refuse_existing(out)
    names = []
    with folder_beside(out) as beside:
        (beside / "data").rmdir()
        for file in files_of_export(folder, form):
            with (beside / file.name).open("wb") as stream:
                stream.writelines(file.pieces)
            names.append(file.name)
        beside.rename(out)
    return names


def files_of_export(folder: Path, form: str) -> Iterator[ExportFile]:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    export = EXPORTS[form]
    title = f"{manifest['study']['title']}, release {manifest['version']}: {export.title}"
    parts = [title, *notices_of(manifest), export.about]
    yield ExportFile("README.txt", iter(["\n\n".join(parts).encode() + b"\n"]))
    yield from export.files(folder)
