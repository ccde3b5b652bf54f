"""What is compared: a release's tables, computed; or a report's, as it was written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from analysis.release import ReleaseError, load_release
from analysis.report.build import PAGE
from analysis.tables import BUILDERS, Settings, Tables, context_of


@dataclass(frozen=True)
class Side:
    """``name``: title and version, or the folder's name; ``marks``: origins other than people's own, in capitals."""

    name: str
    tables: Tables
    marks: tuple[str, ...]


def side_of(folder: Path, settings: Settings | None = None) -> Side:
    """A release's tables by ``settings``, or a report's as they stand (theirs were its own).

    Raises ``ReleaseError`` for a folder that is neither.
    """
    if (folder / PAGE).is_file():
        tables = {name: _read(folder / "tables" / f"{name}.csv") for name in BUILDERS if _there(folder, name)}
        return Side(folder.name, tables, _marks(tables))
    release = load_release(folder)
    context = context_of(release, settings)
    tables = {name: context[name] for name in BUILDERS}
    title = release.manifest.title or release.manifest.study or folder.name
    return Side(f"{title} {release.manifest.version}".strip(), tables, _marks(tables))


def _there(folder: Path, name: str) -> bool:
    return (folder / "tables" / f"{name}.csv").is_file()


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(path, infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError) as error:
        problem = str(error).splitlines()[0]
        raise ReleaseError([f"{path}: cannot be read as a table ({problem}); draw the report again"]) from None


def _marks(tables: Tables) -> tuple[str, ...]:
    origins = tables["origins"]["origin"].to_list() if "origins" in tables else []
    return tuple(sorted(str(origin).upper() for origin in origins if origin != "human"))
