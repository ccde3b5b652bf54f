"""The tables of a release on their way from the database to the folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from analysis.schema import TABLES
from annotation.releases.errors import ReleaseRefused
from annotation.releases.files import TableWriter, frames_of
from annotation.releases.manifest import Tally
from annotation.releases.stopping import Steps
from annotation.releases.tables import TABLE_FRAMES, TABLE_ROWS
from annotation.releases.tables.scope import Scope


def write_tables(scope: Scope, folder: Path, steps: Steps) -> Tally:
    """Both files of every table, a row group at a time. To be called within a snapshot."""
    tally = Tally()
    for name in TABLES:
        with TableWriter(folder, name) as writer:
            for frame in _refusing(name, _frames(name, scope)):
                tally.add(name, frame)
                writer.add(frame)
                steps.take(name, tally.rows[name])
        if not tally.rows[name]:
            steps.take(name, 0)
    return tally


def _frames(name: str, scope: Scope) -> Iterator[pl.DataFrame]:
    if name in TABLE_FRAMES:
        return TABLE_FRAMES[name](scope)
    return frames_of(name, TABLE_ROWS[name](scope))


def _refusing(name: str, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    try:
        yield from frames
    except ValueError as error:
        raise ReleaseRefused([f"{name}: {error}; correct that row"]) from error
